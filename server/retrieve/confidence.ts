/**
 * How sure retrieval is that a question has an answer in this repository at all: a logistic function of the best
 * candidates' features, fitted on questions asked of their own and of the wrong repository.
 */
import type { RankedFile } from "./rank.ts";
import { confidenceWeights } from "./weights.ts";

/** Ranked files that count: the answer is among them or it is not here. */
const BEST = 3;

/** 0..1; 0 without any candidate. */
export function confidenceOf(ranked: readonly RankedFile[]): number {
  if (ranked.length === 0) return 0;
  const best = ranked.slice(0, BEST).map((it) => it.features);
  const top = (name: keyof RankedFile["features"]) => Math.max(0, ...best.map((it) => it[name]));
  const weights = confidenceWeights;
  const sum =
    weights.bias +
    weights.coverage * top("coverage") +
    weights.meaning * top("meaning") +
    weights.defines * top("defines") +
    weights.named * Math.max(top("named"), top("frame")) +
    weights.literal * top("literal");
  return 1 / (1 + Math.exp(-sum));
}

/** The same for commits: coverage of the question's words is all there is. */
export function commitConfidence(bestCoverage: number): number {
  const weights = confidenceWeights;
  return 1 / (1 + Math.exp(-(weights.bias + weights.coverage * 1.25 * bestCoverage)));
}
