/**
 * What each signal of retrieval is worth on the development questions: NDCG@10 of files with all features, without each, and with each
 * alone; of the difference that leaving one out makes, the 95 % interval (bootstrap over questions within repositories, paired).
 *
 *     node test/bench/retrieval/ablation.ts BENCH CHECKOUTS [REPOSITORY…]
 *
 * BENCH holds retrieval/repos.json and retrieval/annotations; CHECKOUTS a folder a repository, as the bench's runner leaves them.
 */
import type { FeatureName, Features } from "../../../server/retrieve/features.ts";
import { scoreOf } from "../../../server/retrieve/rank.ts";
import { featureWeights } from "../../../server/retrieve/weights.ts";
import { seeded } from "../seeded.ts";
import { ndcg10, type Question, questionsOf, usage } from "./questions.ts";
import { interval, macro } from "./statistics.ts";

type Choice = (name: FeatureName) => boolean;

function scored(question: Question, used: Choice): number {
  const ranked = question.candidates
    .map((candidate, at) => ({
      path: candidate.path,
      score: scoreOf(candidate, masked(question.features[at] as Features, used), question.query),
    }))
    .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
  return ndcg10(
    ranked.map((it) => it.path),
    question.targets,
  );
}

function masked(features: Features, used: Choice): Features {
  return Object.fromEntries(
    Object.entries(features).map(([name, value]) => [name, used(name as FeatureName) ? value : 0]),
  ) as unknown as Features;
}

const { bench, checkouts, repositories } = usage("ablation.ts");
const questions: Question[][] = [];
for (const repository of repositories) {
  questions.push(await questionsOf(bench, checkouts, repository));
  console.error(repository.name);
}
const random = seeded(1);
const values = (used: Choice) => questions.map((of) => of.map((it) => scored(it, used)));
const all = values(() => true);
console.log(`| ${questions.flat().length} questions | alone | without it | difference, 95 % |\n|---|---|---|---|`);
console.log(`| all (95 %: ${interval(all, random)}) | ${macro(all).toFixed(3)} | | |`);
for (const name of Object.keys(featureWeights) as FeatureName[]) {
  const without = values((it) => it !== name);
  const lost = without.map((of, repository) => of.map((value, at) => value - (all[repository]?.[at] ?? 0)));
  console.log(`| ${name} | ${macro(values((it) => it === name)).toFixed(3)} | ${macro(without).toFixed(3)} | ${interval(lost, random)} |`);
}
