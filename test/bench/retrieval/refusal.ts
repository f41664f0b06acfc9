/**
 * What "not found" is worth: every development question asked of its own repository, and those of other repositories of the set.
 *
 *     node test/bench/retrieval/refusal.ts BENCH CHECKOUTS [REPOSITORY…]
 *
 * Each repository is asked the questions of the two that follow it, too; as in an answer, the confidence decides.
 */
import { search } from "../../../server/retrieve/search.ts";
import { FOUND } from "../../../server/retrieve/weights.ts";
import { openMemory, tasksOf, usage } from "./questions.ts";

const OTHERS = 2;

const { bench, checkouts, repositories } = usage("refusal.ts");
const own: number[] = [];
const others: number[] = [];
for (const [at, repository] of repositories.entries()) {
  const memory = await openMemory(checkouts, repository);
  const ask = async (question: string) => (await search(memory, question, { k: 10, scope: "files" })).confidence;
  for (const { query } of tasksOf(bench, repository)) own.push(await ask(query));
  for (let next = 1; next <= Math.min(OTHERS, repositories.length - 1); next++) {
    const other = repositories[(at + next) % repositories.length];
    if (other) for (const { query } of tasksOf(bench, other)) others.push(await ask(query));
  }
  await memory.close();
  console.error(repository.name);
}

const share = (values: readonly number[], is: (value: number) => boolean) => values.filter(is).length / values.length;
const refusedOwn = own.filter((it) => it < FOUND).length;
const refusedOthers = others.filter((it) => it < FOUND).length;
/** Chance that a question of its own repository gets more confidence than one of another. */
const area = own.reduce((sum, mine) => sum + share(others, (it) => it < mine) + share(others, (it) => it === mine) / 2, 0) / own.length;
const percent = (part: number) => `${(100 * part).toFixed(0)} %`;
console.log(`| ${own.length} own questions, ${others.length} of others, threshold ${FOUND} | |\n|---|---|`);
console.log(`| own questions answered | ${percent(share(own, (it) => it >= FOUND))} |`);
console.log(`| others refused (recall of the refusal) | ${percent(share(others, (it) => it < FOUND))} |`);
console.log(`| refusals that are right (precision, at this mix) | ${percent(refusedOthers / Math.max(1, refusedOwn + refusedOthers))} |`);
console.log(`| area under the curve | ${area.toFixed(3)} |`);
