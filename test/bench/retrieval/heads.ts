/** The scores of single HSA heads, out of the mean of both: scores are linear in the query, so that enough of them give it. */
import { openSync, readSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { LANDMARK_BYTES, type SearchScores } from "../../../native/addon.ts";
import { everylineHome } from "../../../server/home.ts";
import { landmarkPath } from "../../../server/memory/cache-files.ts";
import type { Memory } from "../../../server/memory/memory.ts";

const HEAD = 128;
/** Both heads' values, and the constant that all scores share. */
const UNKNOWNS = 2 * HEAD + 1;
/** Chunks for each unknown that must be there: fewer leave the query open. */
const ENOUGH = 3;
const RIDGE = 1e-4;

export class Heads {
  /** Landmarks by chunk, as the engine counts chunks, each with a 1 behind it. */
  readonly #rows: Float64Array[];
  /** Lower triangle of the normal equations' Cholesky factor. */
  readonly #factor: Float64Array[];

  private constructor(rows: Float64Array[]) {
    this.#rows = rows;
    this.#factor = factorOf(rows);
  }

  /** Undefined where there are too few chunks. */
  static async of(memory: Memory): Promise<Heads | undefined> {
    const rows = await landmarksOf(memory);
    return rows.length >= ENOUGH * UNKNOWNS ? new Heads(rows) : undefined;
  }

  /** The same chunks' scores by one head alone, but for a constant. */
  alone(scores: SearchScores | undefined, head: 0 | 1): SearchScores | undefined {
    if (!scores || scores.scores.length !== this.#rows.length) return undefined;
    const right = new Float64Array(UNKNOWNS);
    for (const [at, row] of this.#rows.entries())
      for (let i = 0; i < UNKNOWNS; i++) right[i] = (right[i] as number) + (row[i] as number) * (scores.scores[at] as number);
    const query = solve(this.#factor, right);
    const from = head * HEAD;
    return {
      ...scores,
      scores: Float32Array.from(this.#rows, (row) => {
        let sum = 0;
        for (let i = from; i < from + HEAD; i++) sum += (row[i] as number) * (query[i] as number);
        return 2 * sum; // the mean holds half of each
      }),
    };
  }
}

/** Read out of the cache, in the order of the engine's documents. */
async function landmarksOf({ engine, tokenizer, index }: Memory): Promise<Float64Array[]> {
  if (!engine || !tokenizer) return [];
  const { documents, firsts } = await engine.search(tokenizer.frameQuestion("x"), 1);
  const rows = await index.documents([...documents]);
  const encodings = new Map(rows.map(({ id, encoding }) => [id, encoding]));
  const folder = join(everylineHome(), "cache");
  const database = new DatabaseSync(join(folder, "cache.db"), { readOnly: true });
  const generation = Number(database.prepare("SELECT value FROM facts WHERE name = 'generation'").get()?.value);
  const place = database.prepare("SELECT landmark_row AS row FROM encodings WHERE key = ?");
  const file = openSync(landmarkPath(folder, generation), "r");
  const found: Float64Array[] = [];
  for (const [at, document] of documents.entries()) {
    const first = Number(place.get(Buffer.from(encodings.get(document) ?? "", "hex"))?.row);
    const chunks = (firsts[at + 1] as number) - (firsts[at] as number);
    const bytes = Buffer.alloc(chunks * LANDMARK_BYTES);
    readSync(file, bytes, 0, bytes.length, first * LANDMARK_BYTES);
    for (let chunk = 0; chunk < chunks; chunk++) found.push(landmark(bytes.subarray(chunk * LANDMARK_BYTES, (chunk + 1) * LANDMARK_BYTES)));
  }
  database.close();
  return found;
}

/** 2 x 128 int8, then 2 scales. */
function landmark(bytes: Buffer): Float64Array {
  const values = new Float64Array(UNKNOWNS).fill(1);
  for (let i = 0; i < 2 * HEAD; i++) values[i] = bytes.readInt8(i) * bytes.readFloatLE(2 * HEAD + (i < HEAD ? 0 : 4));
  return values;
}

function factorOf(rows: readonly Float64Array[]): Float64Array[] {
  const factor = Array.from({ length: UNKNOWNS }, (_, at) => new Float64Array(at + 1));
  for (const row of rows)
    for (let i = 0; i < UNKNOWNS; i++) {
      const line = factor[i] as Float64Array;
      const value = row[i] as number;
      for (let j = 0; j <= i; j++) line[j] = (line[j] as number) + value * (row[j] as number);
    }
  for (let i = 0; i < UNKNOWNS; i++) {
    const line = factor[i] as Float64Array;
    line[i] = (line[i] as number) * (1 + RIDGE);
    for (let j = 0; j <= i; j++) {
      const other = factor[j] as Float64Array;
      let sum = line[j] as number;
      for (let k = 0; k < j; k++) sum -= (line[k] as number) * (other[k] as number);
      line[j] = i === j ? Math.sqrt(Math.max(sum, 1e-12)) : sum / (other[j] as number);
    }
  }
  return factor;
}

function solve(factor: readonly Float64Array[], right: Float64Array): Float64Array {
  const x = Float64Array.from(right);
  for (let i = 0; i < x.length; i++) {
    const line = factor[i] as Float64Array;
    for (let k = 0; k < i; k++) x[i] = (x[i] as number) - (line[k] as number) * (x[k] as number);
    x[i] = (x[i] as number) / (line[i] as number);
  }
  for (let i = x.length - 1; i >= 0; i--) {
    for (let k = i + 1; k < x.length; k++) x[i] = (x[i] as number) - ((factor[k] as Float64Array)[i] as number) * (x[k] as number);
    x[i] = (x[i] as number) / ((factor[i] as Float64Array)[i] as number);
  }
  return x;
}
