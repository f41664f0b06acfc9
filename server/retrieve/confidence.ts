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

/** Terms from which a question is long: that a long one is matched says more. */
const LONG = 8;

/** What of the question the repository has at all, 0..1: its words, and the identifiers it names (0 when it names none). */
export interface Known {
  words: number;
  identifiers: number;
  /** 0..1: how many terms the question has, as a share of a long one's. */
  length: number;
}

/** 0..1; 0 without any candidate. Identifiers vouch for a question whose other words are of another language. */
export function confidenceOf(ranked: readonly RankedFile[], known: Known): number {
  if (ranked.length === 0) return 0;
  const best = ranked.slice(0, BEST).map((it) => it.features);
  const top = (name: FeatureName) => Math.max(0, ...best.map((it) => it[name]));
  const lead = (ranked[0]?.score ?? 0) - (ranked[1]?.score ?? 0);
  return logistic(
    weights.bias +
      weights.coverage * Math.max(top("coverage"), known.identifiers) +
      weights.first * Math.max(best[0]?.coverage ?? 0, known.identifiers) +
      (ranked.length > 1 ? weights.lead * lead : 0) +
      weights.length * known.length +
      weights.defines * top("defines") +
      weights.name * top("name") +
      weights.known * Math.max(known.words, known.identifiers) +
      weights.named * Math.max(top("named"), top("frame")) +
      weights.literal * top("literal"),
  );
}

/** The same for commits: by the share of the question's words in the best of them. */
export function commitConfidence(ranked: readonly RankedCommit[]): number {
  if (ranked.length === 0) return 0;
  return logistic(weights.commitBias + weights.commits * Math.max(...ranked.slice(0, BEST).map((it) => it.coverage)));
}

/** Looks up what of a question stands anywhere in the files. */
export function knownIn(index: IndexReader, query: Query): Known {
  const terms = [...new Set(index.terms(query.words))];
  return {
    words: shareKnown(index, terms),
    identifiers: shareKnown(index, query.identifiers),
    length: Math.min(1, terms.length / LONG),
  };
}

function shareKnown(index: IndexReader, words: readonly string[]): number {
  return words.length === 0 ? 0 : words.filter((word) => index.documentFrequency(word) > 0).length / words.length;
}

function logistic(sum: number): number {
  return 1 / (1 + Math.exp(-sum));
}
