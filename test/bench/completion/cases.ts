/**
 * Answers a completion set of the development benchmark, whole or without a part: what each is worth.
 *
 *     python3 run_completion.py --batch-cmd 'node test/bench/completion/cases.ts --repo {repo} --queries {queries} --out {out} [--without memory,definitions]'
 *
 * Speaks the protocol of `everyline batch --kind completion`, which answers the same with nothing missing.
 */
import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { Completer } from "../../../server/complete/complete.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { type Part, parts, without } from "./without.ts";

const { values } = parseArgs({
  options: {
    repo: { type: "string" },
    queries: { type: "string" },
    out: { type: "string" },
    without: { type: "string", default: "" },
  },
});

async function main(): Promise<void> {
  const { repo, queries, out } = values;
  if (!repo || !queries || !out) throw new Error("--repo, --queries and --out are needed");
  const missing = parts.filter((part): part is Part => values.without.split(",").includes(part));
  const { cases } = JSON.parse(readFileSync(queries, "utf8")) as { cases: { id: string; path: string; prefix: string; suffix: string }[] };
  const memory = await Memory.open({ folder: repo, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: false });
  await memory.bringUpToDate({ words: true, history: false, encodings: !missing.includes("memory") });
  const completer = new Completer(await without(memory, missing));
  const answer = { completions: {} as Record<string, string>, ms: {} as Record<string, number>, confidence: {} as Record<string, number> };
  for (const { id, path, prefix, suffix } of cases) {
    const made = await completer.complete({ path, language: "", prefix, suffix });
    answer.completions[id] = made.text;
    answer.confidence[id] = made.confidence;
    answer.ms[id] = Math.round(made.ms);
  }
  writeFileSync(out, JSON.stringify(answer));
  await memory.close();
}

await main();
