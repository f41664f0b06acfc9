/**
 * What each signal of retrieval is worth on the development questions: NDCG@10 of files with all features, without each, and with each
 * alone. Encodings come out of the cache, so only the first run encodes.
 *
 *     node test/bench/retrieval/ablation.ts BENCH CHECKOUTS [REPOSITORY…]
 *
 * BENCH holds retrieval/repos.json and retrieval/annotations; CHECKOUTS a folder a repository, as the bench's runner leaves them.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { Memory } from "../../../server/memory/memory.ts";
import { gather } from "../../../server/retrieve/candidates.ts";
import { type FeatureName, type Features, featuresOf } from "../../../server/retrieve/features.ts";
import { readQuery } from "../../../server/retrieve/query.ts";
import { scoreOf } from "../../../server/retrieve/rank.ts";
import { featureWeights } from "../../../server/retrieve/weights.ts";
import { defaultSettings } from "../../../server/settings.ts";

interface Repository {
  name: string;
  benchmark_root: string | null;
}

type Target = string | { path: string };

interface Task {
  query: string;
  relevant: Target[];
  secondary: Target[];
}

/** A question's score for any choice of features, of its repository. */
interface Case {
  repository: string;
  ndcg(features: (name: FeatureName) => boolean): number;
}

async function casesOf(bench: string, checkouts: string, { name, benchmark_root }: Repository): Promise<Case[]> {
  const tasks: Task[] = JSON.parse(readFileSync(join(bench, "retrieval/annotations", `${name}.json`), "utf8"));
  const memory = await Memory.open({
    folder: join(checkouts, name, benchmark_root ?? ""),
    settings: { ...defaultSettings, history: "none", encodeLargeFolders: true },
    watch: false,
    onMessage: (level, text) => level !== "info" && console.error(text),
  });
  try {
    await memory.bringUpToDate({ words: true, history: false, encodings: true });
    const cases: Case[] = [];
    for (const task of tasks) cases.push(await caseOf(memory, task, name, benchmark_root ? `${benchmark_root}/` : ""));
    return cases;
  } finally {
    await memory.close();
  }
}

async function caseOf(memory: Memory, task: Task, repository: string, prefix: string): Promise<Case> {
  const query = readQuery(task.query);
  const { candidates } = await gather(memory, query);
  const features = featuresOf(candidates, query);
  const gold = new Set([...task.relevant, ...task.secondary].map((it) => (typeof it === "string" ? it : it.path)));
  return {
    repository,
    ndcg(used) {
      const ranked = candidates
        .map((candidate, at) => ({
          path: prefix + candidate.path,
          score: scoreOf(candidate, masked(features[at] as Features, used), query),
        }))
        .sort((a, b) => b.score - a.score || (a.path < b.path ? -1 : 1));
      return ndcg10(
        ranked.slice(0, 10).map((it) => gold.has(it.path)),
        gold.size,
      );
    },
  };
}

function masked(features: Features, used: (name: FeatureName) => boolean): Features {
  return Object.fromEntries(
    Object.entries(features).map(([name, value]) => [name, used(name as FeatureName) ? value : 0]),
  ) as unknown as Features;
}

function ndcg10(hits: readonly boolean[], relevant: number): number {
  const gain = (place: number) => 1 / Math.log2(place + 2);
  const ideal = Array.from({ length: Math.min(relevant, 10) }, (_, place) => gain(place)).reduce((a, b) => a + b, 0);
  return ideal > 0 ? hits.reduce((sum, hit, place) => sum + (hit ? gain(place) : 0), 0) / ideal : 0;
}

/** Mean over repositories, as the bench's headline. */
function macro(cases: readonly Case[], used: (name: FeatureName) => boolean): string {
  const names = [...new Set(cases.map((it) => it.repository))];
  const means = names.map((name) => {
    const of = cases.filter((it) => it.repository === name);
    return of.reduce((sum, it) => sum + it.ndcg(used), 0) / of.length;
  });
  return (means.reduce((a, b) => a + b, 0) / means.length).toFixed(3);
}

const [bench, checkouts, ...only] = process.argv.slice(2);
if (!bench || !checkouts) throw new Error("usage: ablation.ts BENCH CHECKOUTS [REPOSITORY…]");
const repositories: Repository[] = JSON.parse(readFileSync(join(bench, "retrieval/repos.json"), "utf8"));
const cases: Case[] = [];
for (const repository of repositories.filter((it) => only.length === 0 || only.includes(it.name))) {
  cases.push(...(await casesOf(bench, checkouts, repository)));
  console.error(repository.name);
}
console.log(`| ${cases.length} questions | alone | without |\n|---|---|---|\n| all | ${macro(cases, () => true)} | |`);
for (const name of Object.keys(featureWeights) as FeatureName[])
  console.log(`| ${name} | ${macro(cases, (it) => it === name)} | ${macro(cases, (it) => it !== name)} |`);
