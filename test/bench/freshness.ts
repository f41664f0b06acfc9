/**
 * From a save to being found: by words, and by meaning, on a copy of a real folder that a person has open.
 *
 *     node test/bench/freshness.ts FOLDER [--saves 10]
 *
 * Each save appends a function with a new name to a file with at most 2,000 tokens after the edit. Words: the name's passage is a hit.
 * Meaning: the new document is encoded and in the engine. Prints one JSON document.
 */
import { appendFileSync, cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Memory } from "../../server/memory/memory.ts";
import { fieldWeights } from "../../server/retrieve/weights.ts";
import { defaultSettings } from "../../server/settings.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { saves: { type: "string", default: "10" } } });
const scratch = mkdtempSync(join(tmpdir(), "everyline-freshness-"));
const folder = join(scratch, "folder");

async function main(): Promise<void> {
  cpSync(resolve(positionals[0] ?? "."), folder, { recursive: true });
  const memory = await Memory.open({ folder, home: join(scratch, "home"), settings: defaultSettings, watch: true });
  memory.start();
  await until(async () => (await memory.status()).state === "ready");
  const files = (await memory.index.files()).filter(({ role, bytes }) => role === "source" && bytes > 2000 && bytes < 40_000);
  const words: number[] = [];
  const meaning: number[] = [];
  for (let save = 0; save < Number(values.saves); save++) {
    const { path } = files[Math.floor((save * files.length) / Number(values.saves))]!;
    const name = `freshness${save}x${Date.now().toString(36)}`;
    const start = performance.now();
    appendFileSync(join(folder, path), `\nfunction ${name}() {\n  return ${save};\n}\n`);
    await until(async () => (await memory.index.searchFiles(name, 1, fieldWeights))[0]?.path === path);
    words.push(performance.now() - start);
    await until(async () => (await memory.index.documentAt(path))?.encoding !== "");
    meaning.push(performance.now() - start);
  }
  await memory.close();
  process.stdout.write(
    `${JSON.stringify({ folder: positionals[0]?.split("/").at(-1), words: summary(words), meaning: summary(meaning) }, null, 2)}\n`,
  );
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 5));
}

function summary(times: number[]): Record<string, number> {
  const sorted = [...times].sort((a, b) => a - b).map(Math.round);
  return { n: sorted.length, p50Ms: sorted[Math.floor(sorted.length / 2)] ?? 0, maxMs: sorted.at(-1) ?? 0 };
}

try {
  await main();
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
