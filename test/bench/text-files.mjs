// Text files of a folder, for the benches of the tokenizer and the word index.
import { readdirSync, readFileSync } from "node:fs";
import { join, relative } from "node:path";

const SKIPPED = new Set([".git", "node_modules", "dist"]);
const LARGEST = 1_000_000;

/** @returns {{path: string, text: string}[]} every file under `folder` that is text and not over 1 MB */
export function textFiles(folder) {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter(
      (entry) =>
        entry.isFile() &&
        !join(entry.parentPath, entry.name)
          .split("/")
          .some((name) => SKIPPED.has(name)),
    )
    .map((entry) => join(entry.parentPath, entry.name))
    .map((path) => ({ path: relative(folder, path), bytes: readFileSync(path) }))
    .filter(({ bytes }) => bytes.length <= LARGEST && !bytes.includes(0))
    .map(({ path, bytes }) => ({ path, text: bytes.toString("utf8") }));
}
