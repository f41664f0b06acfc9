/**
 * Fusion: one score a file, the weighted sum of its features times its role's factor.
 */
import type { Candidate } from "./candidates.ts";
import { type FeatureName, type Features, featuresOf, lookedInto } from "./features.ts";
import type { Query } from "./query.ts";
import { featureWeights, kindFactors, roleFactors } from "./weights.ts";

export interface RankedFile {
  candidate: Candidate;
  features: Features;
  score: number;
}

/** Candidates by score, best first; ties by path, so that the same question gives the same order. */
export function rank(candidates: readonly Candidate[], query: Query): RankedFile[] {
  const features = featuresOf(candidates, query);
  return candidates.map((candidate, at) => scored(candidate, features[at] as Features, query)).sort(better);
}

/** The same candidates in the order that what was looked into since gives them. */
export function rankedAgain(ranked: readonly RankedFile[], query: Query): RankedFile[] {
  return ranked.map(({ candidate, features }) => scored(candidate, { ...features, ...lookedInto(candidate) }, query)).sort(better);
}

function scored(candidate: Candidate, features: Features, query: Query): RankedFile {
  return { candidate, features, score: scoreOf(candidate, features, query) };
}

function better(a: RankedFile, b: RankedFile): number {
  return b.score - a.score || (a.candidate.path < b.candidate.path ? -1 : 1);
}

/** The weighted sum of a candidate's features, times its role's factor. */
export function scoreOf(candidate: Candidate, features: Features, query: Query): number {
  const factors = kindFactors[query.kind];
  let sum = 0;
  for (const name of Object.keys(featureWeights) as FeatureName[]) sum += featureWeights[name] * (factors[name] ?? 1) * features[name];
  return sum * roleFactor(candidate, query);
}

/** What the role of a candidate leaves of its score: 1 where the question asks for the role or names the file. */
export function roleFactor(candidate: Candidate, query: Query): number {
  if (candidate.named > 0 || candidate.frameLine > 0 || query.roles.includes(candidate.role)) return 1;
  return roleFactors[candidate.role];
}
