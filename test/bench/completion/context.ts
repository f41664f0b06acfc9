/**
 * What a user's own model is told (server/complete/repository-context.ts): which share of the names it needs is in it, by budget, against
 * passages ranked by BM25 alone.
 *
 *     node test/bench/completion/context.ts FOLDER [--n 100]
 *
 * Needed are the names of the rest of a line that stand nowhere else in the file; lines that need none are left out.
 */
import { resolve } from "node:path";
import { parseArgs } from "node:util";
import { knownNames } from "../../../server/complete/known-names.ts";
import { repositoryContext } from "../../../server/complete/repository-context.ts";
import { receiverOf, surroundingsOf } from "../../../server/complete/surroundings.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { type Place, places } from "./places.ts";

const budgets = [1000, 2000, 4000, 6000];
const { values, positionals } = parseArgs({ allowPositionals: true, options: { n: { type: "string", default: "100" } } });

async function main(): Promise<void> {
  const memory = await Memory.open({ folder: resolve(positionals[0] ?? "."), settings: defaultSettings, watch: false });
  await memory.bringUpToDate({ words: true, history: false, encodings: false });
  const found = { ours: budgets.map(() => 0), bm25: budgets.map(() => 0) };
  let needed = 0;
  let lines = 0;
  for (const place of await places(memory, Number(values.n))) {
    const around = surroundingsOf(place.prefix, place.suffix);
    const names = [...new Set(place.gold.match(/[A-Za-z_]\w{2,}/g))].filter((name) => !around.occurrences.has(name));
    if (names.length === 0) continue;
    needed += names.length;
    lines++;
    const known = await knownNames(memory, place, around, receiverOf(around.line).receiver);
    for (const [at, budget] of budgets.entries()) {
      const ours = await repositoryContext(memory, { ...place, around, known, budget });
      found.ours[at] = (found.ours[at] ?? 0) + held(names, ours.map(({ text }) => text).join("\n"));
      found.bm25[at] = (found.bm25[at] ?? 0) + held(names, await byWords(memory, place, budget));
    }
  }
  const shares = (counts: number[]) =>
    Object.fromEntries(budgets.map((budget, at) => [budget, Number(((counts[at] ?? 0) / needed).toFixed(3))]));
  process.stdout.write(`${JSON.stringify({ lines, names: needed, ours: shares(found.ours), bm25: shares(found.bm25) }, null, 1)}\n`);
  await memory.close();
}

function held(names: readonly string[], text: string): number {
  const words = new Set(text.match(/[A-Za-z_]\w*/g));
  return names.filter((name) => words.has(name)).length;
}

/** Passages in the order of their score until the budget is full. */
async function byWords(memory: Memory, { path, prefix, suffix }: Place, budget: number): Promise<string> {
  const query = `${prefix.split("\n").slice(-6).join(" ")} ${suffix.split("\n").slice(0, 3).join(" ")}`;
  let text = "";
  for (const hit of await memory.index.searchFiles(query, 24, { path: 0.5, symbols: 1, body: 1 })) {
    if (hit.path === path) continue;
    const lines =
      (await memory.fileText(hit.path))
        ?.split("\n")
        .slice(hit.startLine - 1, hit.endLine)
        .join("\n") ?? "";
    if (text.length + lines.length <= budget) text += `${lines}\n`;
  }
  return text;
}

await main();
