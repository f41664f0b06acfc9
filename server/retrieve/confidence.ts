/**
 * How sure retrieval is that a question has an answer in this repository at all: a logistic function of the best
 * candidates' features, fitted on questions asked of their own and of the wrong repository.
 */
import type { IndexReader } from "../index/api.ts";
import type { RankedCommit } from "./commits.ts";
import type { FeatureName } from "./features.ts";
import type { Query } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import { confidenceWeights as weights } from "./weights.ts";

/** Ranked files that count: the answer is among them or it is not here. */
const BEST = 3;

/** 0..1; 0 without any candidate. `known`: share of the question's words that the repository has at all. */
export function confidenceOf(ranked: readonly RankedFile[], known: number): number {
  if (ranked.length === 0) return 0;
  const best = ranked.slice(0, BEST).map((it) => it.features);
  const top = (name: FeatureName) => Math.max(0, ...best.map((it) => it[name]));
  return logistic(
    weights.coverage * top("coverage") +
      weights.defines * top("defines") +
      weights.name * top("name") +
      weights.known * known +
      weights.named * Math.max(top("named"), top("frame")) +
      weights.literal * top("literal"),
  );
}

/** The same for commits: by the share of the question's words in the best of them. */
export function commitConfidence(ranked: readonly RankedCommit[]): number {
  if (ranked.length === 0) return 0;
  return logistic(weights.commits * Math.max(...ranked.slice(0, BEST).map((it) => it.coverage)));
}

/** Share of a question's words that stand anywhere in the files, 0..1. */
export function knownShare(index: IndexReader, query: Query): number {
  const terms = [...new Set(index.terms(query.words))];
  if (terms.length === 0) return 0;
  return terms.filter((term) => index.documentFrequency(term) > 0).length / terms.length;
}

function logistic(sum: number): number {
  return 1 / (1 + Math.exp(-(weights.bias + sum)));
}
