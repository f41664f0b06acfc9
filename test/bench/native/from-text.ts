/**
 * From text to the cache through the product's own encoder: node test/bench/native/from-text.ts FOLDER [--tokens N] [--backend auto|cpu|cuda] [--home DIR]
 *
 * Files are read first, and the index is a list in memory. Then, by the clock: tokenized and framed, looked up in the cache, encoded, keyed and
 * fingerprinted, written and synced, given to the engine (server/memory/encode.ts); and how long each part took, which run side by side.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { Engine } from "../../../native/engine.ts";
import { loadAddon } from "../../../native/load.ts";
import { type Framed, Tokenizer } from "../../../native/tokenizer.ts";
import type { DocumentRow } from "../../../server/index/types.ts";
import { Cache, cacheLimits } from "../../../server/memory/cache.ts";
import { Encoder, type EncoderParts } from "../../../server/memory/encode.ts";
import { EngineDocuments } from "../../../server/memory/engine-documents.ts";
import { Rate } from "../../../server/memory/progress.ts";
import { textFiles } from "../text-files.ts";

/** Files of the list as documents of an index; a file's place is its id. */
class ListIndex implements Pick<EncoderParts["index"], "documents" | "toEncode" | "markEncoded"> {
  tokens = 0;
  readonly #rows: DocumentRow[];
  readonly #first: number;
  readonly #marked = new Set<number>();
  #next = 0;

  constructor(first: number, end: number) {
    this.#first = first;
    this.#rows = files.slice(first, end).map(({ path, text }, at) => ({
      id: first + at,
      kind: "file",
      path,
      blob: "",
      role: "source",
      language: "",
      lines: 1,
      bytes: text.length,
      modified: 0,
      commit: "",
      encode: true,
      encoding: "",
      tokens: 0,
      chunks: 0,
    }));
  }

  async documents(ids: readonly number[]): Promise<DocumentRow[]> {
    return ids.map((id) => this.#rows[id - this.#first]!);
  }

  async toEncode(limit: number): Promise<DocumentRow[]> {
    while (this.#next < this.#rows.length && this.#marked.has(this.#rows[this.#next]!.id)) this.#next++;
    const pending: DocumentRow[] = [];
    for (let at = this.#next; at < this.#rows.length && pending.length < limit; at++)
      if (!this.#marked.has(this.#rows[at]!.id)) pending.push(this.#rows[at]!);
    return pending;
  }

  async markEncoded(documents: readonly { document: number; tokens: number }[]): Promise<void> {
    for (const { document, tokens } of documents) {
      this.#marked.add(document);
      this.tokens += tokens;
    }
  }
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    tokens: { type: "string", default: "8000000" },
    backend: { type: "string", default: "auto" },
    home: { type: "string", default: tmpdir() },
  },
});
if (!positionals[0]) throw new Error("A folder with text files is needed.");
const model = join(import.meta.dirname, "..", "..", "..", "model");
const addon = loadAddon();
const engine = await Engine.load(addon, { model, threads: 0, isa: "", backend: values.backend as "auto" });
const tokenizer = await Tokenizer.load(addon, model);
const { backend, detail, modelId, batchTokens } = engine.stats();
const files = textFiles(positionals[0]);
const home = mkdtempSync(join(values.home, "everyline-from-text-"));
const cache = await Cache.open(home, cacheLimits(64), (text) => console.log(text));
const held = new EngineDocuments(engine, cache);
const spent: Record<string, number> = {};

const warmed = Math.min(50, Math.floor(files.length / 10));
await run(0, warmed); // what grows once has grown
for (const what of Object.keys(spent)) spent[what] = 0;
const started = performance.now();
const tokens = await run(warmed, filesOf(warmed, Number(values.tokens)));
const seconds = (performance.now() - started) / 1000;
console.log(
  `${backend} (${detail}), batches of ${batchTokens}: ${tokens} tokens from text into the cache in ${seconds.toFixed(2)} s, ${Math.round(tokens / seconds)} tokens/s`,
);
const parts = Object.entries(spent).map(([what, ms]) => `${what} ${(ms / 1000).toFixed(2)} s`);
console.log(`of which, side by side: ${parts.join(", ")}`);
held.close();
engine.close();
await cache.close();
rmSync(home, { recursive: true, force: true });

/** One past the file with which all from `first` on have about so many tokens. */
function filesOf(first: number, tokens: number): number {
  let left = tokens;
  for (let at = first; at < files.length; at++) {
    left -= files[at]!.text.length / 3.5;
    if (left <= 0) return at + 1;
  }
  return files.length;
}

/** Encodes files from `first` to below `end`; resolves to their tokens. */
async function run(first: number, end: number): Promise<number> {
  const index = new ListIndex(first, end);
  const parts: EncoderParts = {
    index,
    cache: {
      get: (keys) => timed("asking the cache", () => cache.get(keys)),
      read: (key) => cache.read(key),
      put: (entries) => timed("writing", () => cache.put(entries)),
    },
    engine: {
      stats: () => engine.stats(),
      encode: (inputs) => timed("encoding", () => engine.encode(inputs)),
      cancelEncode: () => engine.cancelEncode(),
    },
    modelId,
    held,
    frame: (rows) => timed("tokenizing", async () => new Map(rows.map((row) => [row.id, framed(row)]))),
    rate: new Rate(),
    onProgress: () => {},
    onProblem: (text) => console.log(text),
  };
  await timed("all", () => new Encoder(parts).run());
  return index.tokens;
}

function framed({ id, path }: DocumentRow): Framed {
  return tokenizer.frameFile(path, files[id]!.text);
}

async function timed<T>(what: string, work: () => Promise<T>): Promise<T> {
  const begun = performance.now();
  const result = await work();
  spent[what] = (spent[what] ?? 0) + performance.now() - begun;
  return result;
}
