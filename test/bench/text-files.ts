/** Text files of a folder, for the benches. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { join, relative } from "node:path";

const skipped = new Set([".git", "node_modules", "dist"]);
const largest = 1_000_000;

/** Every file under `folder` that is text, not over 1 MB and whose path is `wanted`. */
export function textFiles(folder: string, wanted = /./): { path: string; text: string }[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => wanted.test(path) && !path.split("/").some((name) => skipped.has(name)) && statSync(path).size <= largest)
    .map((path) => ({ path: relative(folder, path), bytes: readFileSync(path) }))
    .filter(({ bytes }) => !bytes.includes(0))
    .map(({ path, bytes }) => ({ path, text: bytes.toString("utf8") }));
}
