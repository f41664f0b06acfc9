/**
 * Needles in a memory of real code, in the product's own engine: one and eight values hidden in 8 K to 16 M tokens, asked for in the words
 * that the model knows (model/README.md), answered greedily.
 *
 *   node test/bench/needle/needle.ts FOLDER [--sizes 8K,128K,1M,4M,16M] [--needles 1,8] [--trials 40] [--backend auto|cpu|cuda]
 *
 * FOLDER holds the haystack: its code files, shuffled. Printed for each size and number: answers that are exact, right chunks among those that
 * `<a>` chose, right chunks that are the best of all by the scores of search, and times. A needle lies in a file of 512 tokens of other code.
 */
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CHUNK } from "../../../native/addon.ts";
import { Engine, type Session } from "../../../native/engine.ts";
import { loadAddon } from "../../../native/load.ts";
import { Tokenizer } from "../../../native/tokenizer.ts";
import { seeded } from "../seeded.ts";
import { CodeMemory, codeDocuments } from "./memory.ts";

const words =
  "alpha bravo delta river stone copper maple harbor falcon ember cobalt meadow violet amber cedar quartz raven tundra orbit lunar".split(
    " ",
  );
const forms: ((key: string, value: string) => [before: string, after: string])[] = [
  (key, value) => [`\nconst ${key} = `, `${value};\n`],
  (key, value) => [`\n${key} = `, `${value}\n`],
  (key, value) => [`\n// the ${key} is `, `${value}\n`],
  (key, value) => [`\n#define ${key} `, `${value}\n`],
  (key, value) => [`\n  "${key}": `, `${value},\n`],
  (key, value) => [`\nThe value of ${key} is `, `${value}.\n`],
];
const needleFile = 512;
const shortest = 440;

interface Needle {
  key: string;
  value: string;
  ids: Int32Array;
  /** The chunk of `ids` before which the value begins. */
  chunk: number;
}

interface Trial {
  exact: boolean;
  chosen: boolean;
  first: boolean;
  searchMs: number;
  answerMs: number;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    sizes: { type: "string", default: "8K,128K,1M,4M,16M" },
    needles: { type: "string", default: "1,8" },
    trials: { type: "string", default: "40" },
    backend: { type: "string", default: "auto" },
  },
});
const folder = positionals[0];
if (!folder) throw new Error("A folder with code is needed.");

const model = join(import.meta.dirname, "..", "..", "..", "model");
const addon = loadAddon();
const engine = await Engine.load(addon, { model, threads: 0, isa: "", backend: values.backend as "auto" });
const tokenizer = await Tokenizer.load(addon, model);
const random = seeded(1);
const pick = <T>(list: readonly T[]): T => list[random() % list.length]!;
const documents = codeDocuments(tokenizer, folder, random);
/** Other code for the needles' files, never part of the haystack. */
const fillers = Array.from({ length: 50 }, () => nextOf(documents)).filter((ids) => ids.length > shortest + 1);

const { backend, detail, withoutGpu } = engine.stats();
console.log(`${backend} (${detail}) ${withoutGpu ?? ""}`);
const memory = new CodeMemory(engine);
const session = engine.session();
for (const size of values.sizes.split(",").map(tokensOf)) {
  const started = performance.now();
  const before = memory.tokens;
  await memory.growTo(size, documents);
  const seconds = (performance.now() - started) / 1000;
  console.log(`${memory.tokens} tokens (the last ${memory.tokens - before} tokenized, encoded and written in ${seconds.toFixed(1)} s)`);
  for (const needles of values.needles.split(",").map(Number)) await cell(session, needles, Number(values.trials));
}
memory.close();
engine.close();

async function cell(session: Session, needles: number, trials: number): Promise<void> {
  const done: Trial[] = [];
  for (let i = 0; i < trials; i++) done.push(await trial(session, needles));
  const share = (what: "exact" | "chosen" | "first") => (done.filter((t) => t[what]).length / trials).toFixed(3);
  const median = (what: "searchMs" | "answerMs") =>
    done
      .map((t) => t[what])
      .sort((a, b) => a - b)
      [trials >> 1]!.toFixed(1);
  console.log(
    `  ${needles} needle(s), n = ${trials}: exact ${share("exact")}, chunk chosen ${share("chosen")}, first in search ${share("first")}; ` +
      `median search ${median("searchMs")} ms, answer ${median("answerMs")} ms`,
  );
}

async function trial(session: Session, count: number): Promise<Trial> {
  const needles = Array.from({ length: count }, makeNeedle);
  const hidden = await memory.add(needles.map(({ ids }) => ids));
  const asked = needles.at(-1)!;
  const question = tokenizer.frameQuestion(`What is the value of ${asked.key}?`);
  const gold = tokenizer.encodeText(asked.value).ids;

  const searching = performance.now();
  const { documents, firsts, scores } = await engine.search(question, 2);
  const searchMs = performance.now() - searching;
  const chunk = firsts[documents.indexOf(hidden.at(-1)!)]! + asked.chunk;
  const right = [chunk, chunk + 1]; // the key may end in one chunk and the value begin in the next

  const answering = performance.now();
  let step = await session.begin(question, new Int32Array());
  const chosen = right.some((c) => step.chosen!.includes(c));
  let exact = true;
  for (const token of gold) {
    exact &&= greatest(step.logits) === token;
    if (!exact) break;
    step = await session.next(token);
  }
  const answerMs = performance.now() - answering;
  memory.remove(hidden);
  return { exact, chosen, first: right.includes(greatest(scores)), searchMs, answerMs };
}

/** A value in 512 tokens of other code, at any token. */
function makeNeedle(): Needle {
  const [a, b, n] = [pick(words), pick(words), random() % 100];
  const title = `${b[0]!.toUpperCase()}${b.slice(1)}`;
  const key = pick([`${a}_${b}_${n}`, `${a}${title}${n}`, `${a.toUpperCase()}_${b.toUpperCase()}_${n}`, `${a}-${b}-${n}`]);
  const value = String(1_000_000 + (random() % 9_000_000));
  const [before, after] = pick(forms)(key, value);
  const other = pick(fillers).subarray(0, shortest);
  const at = 1 + (random() % (other.length - 1));
  const line = tokenizer.encodeText(before + after).ids;
  const ids = Int32Array.from([...other.subarray(0, at), ...line, ...other.subarray(at)]).subarray(0, needleFile);
  const upToValue = tokenizer.encodeText(before).ids.length;
  return { key, value, ids, chunk: Math.floor((at + upToValue - 1) / CHUNK) };
}

function greatest(list: Float32Array): number {
  let best = 0;
  for (let i = 1; i < list.length; i++) if (list[i]! > list[best]!) best = i;
  return best;
}

function nextOf(documents: Iterator<Int32Array>): Int32Array {
  const { value, done } = documents.next();
  if (done) throw new Error("The haystack's folder has too few code files.");
  return value;
}

function tokensOf(size: string): number {
  const [, number, unit] = /^(\d+)([KM]?)$/.exec(size) ?? [];
  if (!number) throw new Error(`"${size}" is no size: write 8K, 128K or 1M.`);
  return Number(number) * (unit === "M" ? 1_048_576 : unit === "K" ? 1024 : 1);
}
