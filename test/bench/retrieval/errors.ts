/**
 * For each development question whose targets do not come first: what was ranked above them, and which signals put it there.
 *
 *     node test/bench/retrieval/errors.ts BENCH CHECKOUTS [REPOSITORY…]
 *
 * A line names the signals in which the file above beats the target, with what they add to its score (weight x feature x role).
 */
import type { Candidate } from "../../../server/retrieve/candidates.ts";
import type { FeatureName, Features } from "../../../server/retrieve/features.ts";
import { roleFactor, scoreOf } from "../../../server/retrieve/rank.ts";
import { featureWeights, kindFactors } from "../../../server/retrieve/weights.ts";
import { ndcg10, type Question, questionsOf, usage } from "./questions.ts";

const NAMES = Object.keys(featureWeights) as FeatureName[];
/** Files above a target that are told, and signals named for each. */
const ABOVE = 3;
const SIGNALS = 4;

interface Scored {
  candidate: Candidate;
  score: number;
  /** What each feature adds to the score. */
  parts: Record<FeatureName, number>;
}

function scoredFiles({ candidates, features, query }: Question): Scored[] {
  return candidates
    .map((candidate, at) => {
      const of = features[at] as Features;
      const factors = kindFactors[query.kind];
      const parts = Object.fromEntries(
        NAMES.map((name) => [name, featureWeights[name] * (factors[name] ?? 1) * of[name] * roleFactor(candidate, query)]),
      ) as Record<FeatureName, number>;
      return { candidate, score: scoreOf(candidate, of, query), parts };
    })
    .sort((a, b) => b.score - a.score || (a.candidate.path < b.candidate.path ? -1 : 1));
}

/** The signals in which `above` leads `below`, most first. */
function leads(above: Scored, below: Scored | undefined): string {
  return NAMES.map((name) => ({ name, lead: above.parts[name] - (below?.parts[name] ?? 0) }))
    .filter((it) => it.lead > 0.01)
    .sort((a, b) => b.lead - a.lead)
    .slice(0, SIGNALS)
    .map((it) => `${it.name} +${it.lead.toFixed(2)}`)
    .join(", ");
}

/** Undefined when all targets come first. */
function told(question: Question, blame: Map<string, number>): string | undefined {
  const ranked = scoredFiles(question);
  const targets = [...question.targets];
  const places = targets.map((path) => ranked.findIndex((it) => it.candidate.path === path));
  const worst = places.some((place) => place < 0) ? -1 : Math.max(...places);
  if (worst >= 0 && worst < targets.length) return undefined;
  const value = ndcg10(
    ranked.map((it) => it.candidate.path),
    question.targets,
  );
  const lines = [
    `\n${question.repository} · ${question.category} · ${question.query.kind} · NDCG@10 ${value.toFixed(2)}`,
    `  ${question.text}`,
  ];
  targets.forEach((path, at) => {
    const place = places[at] ?? -1;
    const target = ranked[place];
    lines.push(
      place < 0
        ? `  - ${path}: no candidate`
        : `  ${place + 1} ${path}  ${target?.score.toFixed(2)} (${leads(target as Scored, undefined)})`,
    );
    const above = ranked.slice(0, place < 0 ? ABOVE : place).filter((it) => !question.targets.has(it.candidate.path));
    if (above[0]) count(blame, above[0], target);
    for (const each of above.slice(0, ABOVE))
      lines.push(`      above: ${each.candidate.path} (${each.candidate.role})  ${each.score.toFixed(2)}: ${leads(each, target)}`);
  });
  return lines.join("\n");
}

function count(blame: Map<string, number>, above: Scored, below: Scored | undefined): void {
  const [first = "no signal of its own"] = leads(above, below).split(" +");
  blame.set(first, (blame.get(first) ?? 0) + 1);
}

const { bench, checkouts, repositories } = usage("errors.ts");
const blame = new Map<string, number>();
let missed = 0;
let asked = 0;
for (const repository of repositories) {
  for (const question of await questionsOf(bench, checkouts, repository)) {
    asked++;
    const text = told(question, blame);
    if (!text) continue;
    missed++;
    console.log(text);
  }
}
console.log(`\n${missed} of ${asked} questions have a file above a target. The signal that leads most, over the targets missed:`);
for (const [name, times] of [...blame].sort((a, b) => b[1] - a[1])) console.log(`  ${name}: ${times}`);
