/**
 * What rounding costs: the engine as it is ("stored": int8 activations, landmarks, keys and values) beside the same weights in floats.
 *
 *     node test/bench/native/rounding.ts FOLDER [--memory 80] [--texts 8] [--tokens 160]
 *
 * Files of FOLDER, spread evenly, are the memory; others, which are not in it, are read token by token after a prefill of a few lines. Printed:
 * nats a token of both, how far apart the two distributions are (KL), how often both hold the same token likeliest, and the share of the
 * float path's 16 best chunks that the stored path chooses too.
 */
import { parseArgs } from "node:util";
import { type Step, unwrap } from "../../../native/addon.ts";
import { Tokenizer } from "../../../native/tokenizer.ts";
import { addon, loadEngine, modelFolder, none, remember } from "../../native/engine-files.ts";
import { textFiles } from "../text-files.ts";

const { positionals, values } = parseArgs({
  allowPositionals: true,
  options: {
    memory: { type: "string", default: "80" },
    texts: { type: "string", default: "8" },
    tokens: { type: "string", default: "160" },
  },
});
const folder = positionals[0];
if (!folder) throw new Error("node test/bench/native/rounding.ts FOLDER");
const [inMemory, texts, tokens] = [Number(values.memory), Number(values.texts), Number(values.tokens)];
const prefill = 64;

const tokenizer = await Tokenizer.load(addon, modelFolder);
const framed = textFiles(folder)
  .filter(({ text }) => text.length > 2000 && text.length < 40_000)
  .map(({ path, text }) => tokenizer.frameFile(path, text).ids)
  .filter((ids) => ids.length > prefill + tokens);
const spread = <T>(list: T[], count: number, from: number): T[] =>
  Array.from({ length: count }, (_, i) => list[Math.floor(((i + from) * list.length) / count)]!);
const heldOut = spread(framed, texts, 0.5);
const documents = spread(
  framed.filter((ids) => !heldOut.includes(ids)),
  inMemory,
  0.25,
);

const paths = [];
for (const precision of ["float", "stored"] as const) {
  const engine = await loadEngine({ precision });
  paths.push({ engine, memory: await remember(engine, documents) });
}
const [exact, stored] = paths as [(typeof paths)[0], (typeof paths)[0]];
const chunks = exact.engine.stats().chunks;

let steps = 0;
let same = 0;
let agreed = 0;
let chosen = 0;
const nats = { exact: 0, stored: 0, apart: 0 };
for (const ids of heldOut) {
  const sessions = [unwrap(exact.engine.session()), unwrap(stored.engine.session())] as const;
  const start = ids.subarray(0, prefill);
  let [a, b] = [unwrap(await sessions[0].begin(start, none)), unwrap(await sessions[1].begin(start, none))];
  for (const next of ids.subarray(prefill, prefill + tokens)) {
    compare(a, b, next);
    [a, b] = [unwrap(await sessions[0].next(next)), unwrap(await sessions[1].next(next))];
  }
}
console.log(`${documents.length} files in memory (${chunks} chunks), ${steps} tokens of ${heldOut.length} other files`);
console.log(
  `nats a token: float ${(nats.exact / steps).toFixed(4)}, stored ${(nats.stored / steps).toFixed(4)}; KL ${(nats.apart / steps).toFixed(5)}`,
);
console.log(`the same likeliest token ${percent(same / steps)}; the same of the 16 best chunks ${percent(agreed / chosen)}`);
for (const { engine, memory } of paths) {
  engine.close();
  memory.dispose();
}

function compare(a: Step, b: Step, next: number): void {
  const [p, q] = [logSoftmax(a.logits), logSoftmax(b.logits)];
  steps++;
  nats.exact -= p[next]!;
  nats.stored -= q[next]!;
  for (let i = 0; i < p.length; i++) nats.apart += Math.exp(p[i]!) * (p[i]! - q[i]!);
  if (likeliest(p) === likeliest(q)) same++;
  for (let head = 0; head < a.chosen!.length; head += 16) {
    const others = new Set(b.chosen!.subarray(head, head + 16));
    for (const chunk of a.chosen!.subarray(head, head + 16)) {
      if (chunk === -1) continue;
      chosen++;
      if (others.has(chunk)) agreed++;
    }
  }
}

function logSoftmax(logits: Float32Array): Float64Array {
  const peak = logits.reduce((most, x) => Math.max(most, x), Number.NEGATIVE_INFINITY);
  const total = Math.log(logits.reduce((sum, x) => sum + Math.exp(x - peak), 0)) + peak;
  return Float64Array.from(logits, (x) => x - total);
}

function likeliest(p: Float64Array): number {
  return p.reduce((best, x, i) => (x > p[best]! ? i : best), 0);
}

function percent(share: number): string {
  return `${(100 * share).toFixed(2)} %`;
}
