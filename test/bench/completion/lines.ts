/**
 * What a user sees: completions at random places of a repository's own lines, with the rest of the line taken away.
 *
 *     node test/bench/completion/lines.ts FOLDER [--n 60] [--without memory,definitions] [--out FILE]
 *
 * A place is before a name, number or string in the middle of a line; the rest of its line is what was typed there. The file's own stored
 * version is not attended. Prints how often the whole rest and how often its beginning up to the first stop is right, and for each threshold
 * how many are shown and how many of these are right to their first stop.
 */
import { writeFileSync } from "node:fs";
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { Completer } from "../../../server/complete/complete.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { places } from "./places.ts";
import { verdictOf } from "./verdict.ts";
import { parts, without } from "./without.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { n: { type: "string", default: "60" }, without: { type: "string", default: "" }, out: { type: "string" } },
});

async function main(): Promise<void> {
  const folder = resolve(positionals[0] ?? ".");
  const missing = parts.filter((part) => values.without.split(",").includes(part));
  const memory = await Memory.open({ folder, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: false });
  await memory.bringUpToDate({ words: true, history: false, encodings: !missing.includes("memory") });
  const completer = new Completer(await without(memory, missing));
  const rows = [];
  for (const place of await places(memory, Number(values.n))) {
    const made = await completer.complete(place);
    const { path, prefix, gold } = place;
    rows.push({ path, before: prefix.slice(-40), gold, ...made, chunks: undefined, ...verdictOf(gold, made.text) });
  }
  if (values.out) writeFileSync(values.out, JSON.stringify(rows, null, 1));
  process.stdout.write(`${JSON.stringify(summary(rows), null, 1)}\n`);
  await memory.close();
}

function summary(rows: readonly { right: boolean; begins: boolean; confidence: number; text: string; ms: number }[]): object {
  const share = (some: number, of: number) => (of === 0 ? 0 : Number((some / of).toFixed(3)));
  const times = rows.map(({ ms }) => ms).sort((a, b) => a - b);
  return {
    n: rows.length,
    exact: share(rows.filter(({ right }) => right).length, rows.length),
    toFirstStop: share(rows.filter(({ begins }) => begins).length, rows.length),
    p50Ms: Math.round(times[Math.floor(times.length / 2)] ?? 0),
    thresholds: [0.2, 0.3, 0.4, 0.45, 0.5, 0.6, 0.7, 0.8].map((threshold) => {
      const shown = rows.filter(({ confidence, text }) => text !== "" && confidence >= threshold);
      return {
        threshold,
        shown: share(shown.length, rows.length),
        right: share(shown.filter(({ begins }) => begins).length, shown.length),
      };
    }),
  };
}

await main();
