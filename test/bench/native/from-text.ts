/**
 * From text to the cache, as the product's parts do it: node test/bench/native/from-text.ts FOLDER [--tokens N] [--backend auto|cpu|cuda]
 *
 * Files are read first. Then, by the clock: tokenized and framed on this thread, encoded by the engine, keyed and fingerprinted here,
 * written by the cache on its thread; one batch is tokenized while the one before it is encoded and the one before that is written.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";
import type { EncodedChunks } from "../../../native/addon.ts";
import { Engine } from "../../../native/engine.ts";
import { loadAddon } from "../../../native/load.ts";
import { Tokenizer } from "../../../native/tokenizer.ts";
import { Cache, cacheLimits, encodingKey } from "../../../server/memory/cache.ts";
import { fingerprints } from "../../../server/memory/fingerprints.ts";
import { textFiles } from "../text-files.ts";

const batchTokens = 262_144;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { tokens: { type: "string", default: "8000000" }, backend: { type: "string", default: "auto" } },
});
if (!positionals[0]) throw new Error("A folder with text files is needed.");
const model = join(import.meta.dirname, "..", "..", "..", "model");
const addon = loadAddon();
const engine = await Engine.load(addon, { model, threads: 0, isa: "", backend: values.backend as "auto" });
const tokenizer = await Tokenizer.load(addon, model);
const { backend, detail, modelId } = engine.stats();
const files = textFiles(positionals[0]);
const home = mkdtempSync(join(tmpdir(), "everyline-from-text-"));
const cache = await Cache.open(home, cacheLimits(64), (text) => console.log(text));
const spent = { tokenizing: 0, encoding: 0, keys: 0, writing: 0 };

await run(files.slice(0, 50), Number.POSITIVE_INFINITY); // what grows once has grown
Object.assign(spent, { tokenizing: 0, encoding: 0, keys: 0, writing: 0 });
const started = performance.now();
const tokens = await run(files.slice(50), Number(values.tokens));
const seconds = (performance.now() - started) / 1000;
console.log(
  `${backend} (${detail}): ${tokens} tokens from text into the cache in ${seconds.toFixed(2)} s, ${Math.round(tokens / seconds)} tokens/s`,
);
console.log(
  `of which, side by side: ${Object.entries(spent)
    .map(([what, ms]) => `${what} ${(ms / 1000).toFixed(2)} s`)
    .join(", ")}`,
);
engine.close();
await cache.close();
rmSync(home, { recursive: true, force: true });

/** Returns the tokens that were written. */
async function run(files: { path: string; text: string }[], most: number): Promise<number> {
  let tokens = 0;
  let encoding: Promise<void> = Promise.resolve();
  let writing: Promise<unknown> = Promise.resolve();
  for (let at = 0; at < files.length && tokens < most; ) {
    const batch: Int32Array[] = [];
    const begun = performance.now();
    for (let size = 0; at < files.length && size < batchTokens; at++) {
      const { ids } = tokenizer.frameFile(files[at]!.path, files[at]!.text);
      batch.push(ids);
      size += ids.length;
    }
    spent.tokenizing += performance.now() - begun;
    tokens += batch.reduce((sum, ids) => sum + ids.length, 0);
    await encoding;
    encoding = encode(batch).then(async (encoded) => {
      await writing;
      writing = write(batch, encoded);
    });
  }
  await encoding;
  await writing;
  return tokens;
}

async function encode(batch: Int32Array[]): Promise<EncodedChunks[]> {
  const begun = performance.now();
  const encoded = await engine.encode(batch.map((ids) => ({ ids, firstChunk: 0 })));
  spent.encoding += performance.now() - begun;
  return encoded;
}

async function write(batch: Int32Array[], encoded: EncodedChunks[]): Promise<void> {
  let begun = performance.now();
  const entries = encoded.map(({ landmarks, kv }, i) => ({
    key: encodingKey(modelId, batch[i]!),
    tokens: batch[i]!.length,
    fingerprints: fingerprints(batch[i]!),
    landmarks,
    kv,
  }));
  spent.keys += performance.now() - begun;
  begun = performance.now();
  await cache.put(entries);
  spent.writing += performance.now() - begun;
}
