// Stamps: a step is skipped when what it was made from has not changed since.
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";

/** Runs `make` unless `output` exists and its stamp says that it was made from exactly these inputs. */
export async function whenChanged(output, inputs, make) {
  const stamp = `${output}.stamp`;
  const digest = digestOf(inputs);
  if (existsSync(output) && existsSync(stamp) && readFileSync(stamp, "utf8") === digest) return false;
  await make();
  mkdirSync(dirname(stamp), { recursive: true });
  writeFileSync(stamp, digest);
  return true;
}

/** SHA-256 over the paths and contents of files and folders (recursive): a build that writes the same bytes again changes nothing. */
function digestOf(inputs) {
  const hash = createHash("sha256");
  for (const input of inputs) for (const file of filesUnder(input)) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.digest("hex");
}

function filesUnder(path) {
  if (!existsSync(path)) return [];
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesUnder(join(path, name)));
}
