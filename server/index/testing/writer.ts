/**
 * A process that writes an index until it is killed, for crash tests: `node writer.ts ROOT INDEX`. Writes file after file and says the
 * path of each on its own line once it is in.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Index } from "../index.ts";
import { prepareFile } from "../prepare.ts";
import { fakeAddon } from "./fake-words.ts";

const [root, folder] = process.argv.slice(2) as [string, string];
const onMessage = (text: string) => process.stderr.write(`${text}\n`);
const index = await Index.open({ folder, root, addon: fakeAddon, readDiffs: async function* () {}, writable: true, onMessage });
mkdirSync(join(root, "src"), { recursive: true });
for (let i = 0; ; i++) {
  const path = `src/file${i}.ts`;
  const bytes = Buffer.from(`export function made${i}() {\n  return ${i};\n}\n`);
  writeFileSync(join(root, path), bytes);
  const result = await prepareFile({ path, size: bytes.length, modified: i }, bytes, "patterns");
  if ("prepared" in result) await index.putFiles([result.prepared]);
  if (i % 7 === 3) await index.removeFiles([`src/file${i - 1}.ts`]);
  if (i % 10 === 9) await index.checkpoint();
  process.stdout.write(`${path}\n`);
}
