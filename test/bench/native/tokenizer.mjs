// Speed of the native tokenizer on the text files of a folder: node test/bench/native/tokenizer.mjs [FOLDER]
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { textFiles } from "../text-files.ts";

const ROUNDS = 7;
const root = join(import.meta.dirname, "..", "..", "..");
const addon = createRequire(import.meta.url)(join(root, "dist", "everyline.node"));
const json = readFileSync(join(root, "model", "tokenizer.json"));

const began = performance.now();
const tokenizer = await addon.createTokenizer(json);
console.log(`load ${(performance.now() - began).toFixed(0)} ms`);

const files = textFiles(process.argv[2] ?? root).map(({ text }) => Buffer.from(text));
const bytes = files.reduce((sum, file) => sum + file.length, 0);
let best = Number.POSITIVE_INFINITY;
let tokens = 0;
for (let round = 0; round < ROUNDS; round++) {
  tokens = 0;
  const start = performance.now();
  for (const file of files) tokens += tokenizer.encode(file).ids.length;
  best = Math.min(best, performance.now() - start);
}
console.log(`${files.length} files, ${(bytes / 1e6).toFixed(1)} MB, ${tokens} tokens (${(bytes / tokens).toFixed(2)} bytes each)`);
console.log(`encode ${(bytes / best / 1000).toFixed(1)} MB/s on one core (best of ${ROUNDS})`);
