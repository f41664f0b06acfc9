/**
 * Whether exact questions are answered exactly: every name that is defined once, asked alone, must show its definition first; and a regular
 * expression made of two words of a line must show a line that it matches first.
 *
 *     node test/bench/retrieval/exact.ts BENCH CHECKOUTS REPOSITORY…
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { SymbolDefinition } from "../../../server/index/types.ts";
import type { Memory } from "../../../server/memory/memory.ts";
import { search } from "../../../server/retrieve/search.ts";
import type { Evidence } from "../../../server/retrieve/types.ts";
import { openMemory, usage } from "./questions.ts";

/** Expressions asked of a repository. */
const EXPRESSIONS = 60;
const FAILURES_SHOWN = 12;

interface Case {
  query: string;
  right: (first: Evidence | undefined) => boolean;
}

const { checkouts, repositories } = usage("exact.ts");
console.log("| repository | names | definition first | regular expressions | matching line first |\n|---|---|---|---|---|");
for (const repository of repositories) {
  const memory = await openMemory(checkouts, repository);
  const names = await share(memory, await namesOf(memory));
  const expressions = await share(memory, await expressionsOf(memory));
  await memory.close();
  console.log(`| ${repository.name} | ${names.asked} | ${names.share} | ${expressions.asked} | ${expressions.share} |`);
}

async function share(memory: Memory, cases: readonly Case[]): Promise<{ asked: number; share: string }> {
  let right = 0;
  let told = 0;
  for (const { query, right: isRight } of cases) {
    const { evidence } = await search(memory, query, { k: 5, scope: "files" });
    if (isRight(evidence[0])) right++;
    else if (told++ < FAILURES_SHOWN)
      console.error(`  ${query}: ${evidence.map((it) => `${it.path}:${it.startLine}-${it.endLine}`).join(" ")}`);
  }
  return { asked: cases.length, share: ((100 * right) / Math.max(1, cases.length)).toFixed(1) };
}

/** Names that one place alone defines, whatever their case. */
async function namesOf(memory: Memory): Promise<Case[]> {
  const defined = new Map<string, { path: string; symbol: SymbolDefinition }[]>();
  const files = await memory.index.files();
  const definitions = await memory.index.definitions(files.map(({ id }) => id));
  for (const [at, file] of files.entries())
    for (const symbol of definitions[at] ?? []) {
      if (symbol.kind === "section" || symbol.kind === "key") continue;
      const lower = symbol.name.toLowerCase();
      defined.set(lower, [...(defined.get(lower) ?? []), { path: file.path, symbol }]);
    }
  return [...defined.values()].flatMap(([only, ...others]) =>
    only && others.length === 0
      ? [
          {
            query: only.symbol.name,
            right: (first) =>
              first?.path === only.path && first.startLine <= only.symbol.startLine && first.endLine >= only.symbol.startLine,
          },
        ]
      : [],
  );
}

/** Of lines spread over the sources: the first and the last word, with anything between. */
async function expressionsOf(memory: Memory): Promise<Case[]> {
  const lines = (await memory.index.files())
    .filter(({ role }) => role === "source")
    .flatMap(({ path }) => readFileSync(join(memory.root, path), "utf8").split("\n"))
    .map((line) => line.match(/\w{5,}/g) ?? [])
    .filter((words) => words.length >= 3);
  const every = Math.max(1, Math.floor(lines.length / EXPRESSIONS));
  return lines
    .filter((_, at) => at % every === 0)
    .map((words) => {
      const source = `${words[0]}.*${words.at(-1)}`;
      const pattern = new RegExp(source);
      return {
        query: `/${source}/`,
        right: (first) =>
          first?.text
            .split("\n")
            .slice(first.bestStart - first.startLine, first.bestEnd - first.startLine + 1)
            .some((line) => pattern.test(line)) ?? false,
      };
    });
}
