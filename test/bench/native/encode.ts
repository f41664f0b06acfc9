/**
 * Speed of the engine on this machine: node test/bench/native/encode.ts [--threads N] [--isa NAME]
 *
 * Prints encode in tokens/s and as a share of the int8 ceiling measured in the same run, search over synthetic memories of 3 M and 20 M tokens,
 * prefill and decode over none, 3 M and 16 M tokens. Best of several runs, since other programs share the machine.
 */
import { closeSync, ftruncateSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHUNK, KV_BYTES, LANDMARK_BYTES, type NativeEngine, unwrap } from "../../../native/addon.ts";
import { loadAddon } from "../../../native/load.ts";
import { seeded } from "../seeded.ts";

const encodeMflop = 28;
const option = (name: string, otherwise: string) => process.argv[process.argv.indexOf(name) + 1 || process.argv.length] ?? otherwise;

const addon = loadAddon();
const model = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "..", "model");
const engine = unwrap(await addon.loadEngine({ model, threads: Number(option("--threads", "0")), isa: option("--isa", "") }));
const { detail, threads } = engine.stats();
console.log(`${detail}, ${threads} threads`);

const random = seeded(1);
const ids = (count: number) => Int32Array.from({ length: count }, () => 8 + (random() % 30000));

await encodeSpeed(engine);
for (const tokens of [0, 3e6, 16e6, 20e6]) await memorySpeed(engine, tokens);
engine.close();

async function encodeSpeed(engine: NativeEngine): Promise<void> {
  const ceiling = threads * unwrap(addon.int8Ceiling!(option("--isa", "")));
  const tokens = 8192;
  const ms = await best(5, async () => unwrap(await engine.encode([{ ids: ids(tokens), firstChunk: 0 }])));
  const gops = (tokens * encodeMflop) / ms;
  console.log(
    `encode ${rate(tokens, ms)}; ${gops.toFixed(0)} of ${ceiling.toFixed(0)} GOP/s int8 = ${((100 * gops) / ceiling).toFixed(0)} %`,
  );
}

async function memorySpeed(engine: NativeEngine, tokens: number): Promise<void> {
  const dispose = syntheticMemory(engine, Math.floor(tokens / CHUNK));
  const name = tokens ? `${tokens / 1e6} M tokens` : "no memory";
  if (tokens) {
    for (const layers of [1, 2] as const) {
      const question = ids(16);
      const ms = await best(9, async () => unwrap(await engine.search(question, layers)));
      console.log(`${name}: search of 16 tokens, ${layers} layer(s) ${ms.toFixed(1)} ms`);
    }
  }
  const session = unwrap(engine.session());
  const count = 704;
  const prefill = await best(3, async () => unwrap(await session.begin(ids(count), new Int32Array())));
  const decode = await best(24, async () => unwrap(await session.next(8 + (random() % 30000))));
  console.log(`${name}: prefill ${rate(count, prefill)}, decode ${rate(1, decode)}`);
  dispose();
}

/** Landmarks of random bytes with a plausible scale; all documents share one chunk run of K/V, as only its being read matters. */
function syntheticMemory(engine: NativeEngine, chunks: number): () => void {
  const folder = mkdtempSync(join(tmpdir(), "everyline-bench-"));
  const landmarks = openSync(join(folder, "landmarks"), "w+");
  const segment = openSync(join(folder, "segment"), "w+");
  const perDocument = 64;
  const piece = Buffer.alloc(4096 * LANDMARK_BYTES);
  for (let row = 0; row < chunks; row += 4096) {
    for (let i = 0; i < piece.length; i += 4) piece.writeInt32LE(random() | 0, i);
    for (let i = 256; i < piece.length; i += LANDMARK_BYTES) {
      piece.writeFloatLE(1 / 74, i);
      piece.writeFloatLE(1 / 74, i + 4);
    }
    writeSync(landmarks, piece);
  }
  ftruncateSync(segment, perDocument * 64 * KV_BYTES);
  unwrap(engine.attachLandmarks(landmarks));
  unwrap(engine.attachSegment(0, segment));
  const documents = Math.floor(chunks / perDocument);
  unwrap(
    engine.addDocuments(
      Array.from({ length: documents }, (_, i) => ({
        document: i + 1,
        landmarkRow: i * perDocument,
        chunks: perDocument,
        tokens: perDocument * CHUNK,
        segment: 0,
        offset: (i % 64) * perDocument * KV_BYTES,
      })),
    ),
  );
  closeSync(landmarks);
  closeSync(segment);
  return () => rmSync(folder, { recursive: true });
}

async function best(runs: number, work: () => Promise<unknown>): Promise<number> {
  let least = Number.POSITIVE_INFINITY;
  for (let i = 0; i < runs; i++) {
    const start = performance.now();
    await work();
    least = Math.min(least, performance.now() - start);
  }
  return least;
}

function rate(tokens: number, ms: number): string {
  return `${((tokens * 1000) / ms).toFixed(0)} tokens/s`;
}
