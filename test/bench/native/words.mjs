// Speed and size of the native word index on the text files of a folder, repeated to a number of passages:
// node test/bench/native/words.mjs [FOLDER] [PASSAGES]
import { closeSync, mkdtempSync, openSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { textFiles } from "../text-files.ts";

const LINES = 20;
const BATCH = 500;
const ROUNDS = 100;
const QUERY_WORDS = 6;
const WEIGHTS = { path: 1.5, symbols: 2.5, body: 1 };
const root = join(import.meta.dirname, "..", "..", "..");
const addon = createRequire(import.meta.url)(join(root, "dist", "everyline.node"));

const once = textFiles(process.argv[2] ?? root).flatMap(({ path, text }) => {
  const lines = text.split("\n");
  return Array.from({ length: Math.ceil(lines.length / LINES) }, (_, i) => ({
    path,
    symbols: "",
    body: lines.slice(i * LINES, (i + 1) * LINES).join("\n"),
  }));
});
const count = Number(process.argv[3] ?? once.length);

const words = addon.createWords();
let bytes = 0;
let adding = 0;
for (let first = 0; first < count; first += BATCH) {
  const batch = Array.from({ length: Math.min(BATCH, count - first) }, (_, i) => ({
    id: first + i + 1,
    ...once[(first + i) % once.length],
  }));
  bytes += batch.reduce((sum, { body }) => sum + body.length, 0);
  const start = performance.now();
  await words.add(batch);
  adding += performance.now() - start;
}
console.log(`${count} passages, ${(bytes / 1e6).toFixed(1)} MB: add ${(bytes / adding / 1000).toFixed(1)} MB/s, merges included`);

// Queries of words that do occur: the terms of passages spread over the index, of at least four letters.
const queries = Array.from({ length: 50 }, (_, i) => {
  const terms = words.terms(once[Math.floor((i * once.length) / 50)].body).filter((term) => /^[a-z]{4,}$/.test(term));
  return [...new Set(terms)].slice(0, QUERY_WORDS).join(" ");
});
await measure("search");

const folder = mkdtempSync(join(tmpdir(), "words-"));
const file = openSync(join(folder, "words"), "w+");
let start = performance.now();
await words.save(file, 1);
const { passages, terms, postings, bytes: size } = words.stats();
console.log(
  `save ${(performance.now() - start).toFixed(0)} ms: ${terms} terms, ${postings} postings, ${(size / passages).toFixed(0)} bytes a passage`,
);
await measure("search, merged");
start = performance.now();
await addon.createWords().load(file);
console.log(`load ${(performance.now() - start).toFixed(1)} ms`);
closeSync(file);
rmSync(folder, { recursive: true });

/** @param {string} what */
async function measure(what) {
  const times = [];
  for (let round = 0; round < ROUNDS; round++)
    for (const query of queries) {
      const from = performance.now();
      await words.search(query, 50, WEIGHTS);
      times.push(performance.now() - from);
    }
  times.sort((a, b) => a - b);
  const at = (share) => times[Math.floor(times.length * share)].toFixed(2);
  console.log(`${what}: p50 ${at(0.5)} ms, p95 ${at(0.95)} ms, ${QUERY_WORDS} words`);
}
