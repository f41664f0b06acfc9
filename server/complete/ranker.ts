/**
 * How likely each of some candidates is, by what is known of it: a softmax over a small network. Every feature has a weight of its own, and one to each of
 * the few hidden units, which say what features mean together.
 */
import { atOnce, type Steps } from "../turns.ts";

export interface Ranker {
  /** By feature: its weight in choosing whom the hidden units are asked about, its weight beside theirs, its weights to each of them. */
  weights: Readonly<Record<string, readonly number[]>>;
  /** Of the hidden units: what each begins with, and what it is worth. */
  begin: readonly number[];
  worth: readonly number[];
}

/** From lines of a name and numbers: "begin" and "worth" of the hidden units, then a feature each. */
export function readRanker(text: string): Ranker {
  const weights: Record<string, number[]> = {};
  for (const line of text.trim().split("\n")) {
    const [name = "", ...numbers] = line.split(" ");
    weights[name] = numbers.map(Number);
  }
  const { begin = [], worth = [], ...own } = weights;
  return { weights: own, begin, worth };
}

export type Features = Readonly<Record<string, number | undefined>>;

export interface Ranked {
  text: string;
  /** In parts: to join them would take longer than to read them. */
  features: readonly Features[];
  /** Added to its score, which is a logarithm. */
  by?: number;
}

/** Candidates of a place, and what is the same for all of them. */
export interface Ranking {
  candidates: readonly Ranked[];
  common: Features;
}

/** Candidates that the hidden units are asked about: those first by the weights alone. */
const mostAsked = 60;

/** Probabilities of the likeliest, in their order; the sum is 1, or 0 where there is no candidate. */
export function rankChances(ranking: Ranking, ranker: Ranker): Map<string, number> {
  return atOnce(rankInSteps(ranking, ranker));
}

export function* rankInSteps({ candidates, common }: Ranking, ranker: Ranker): Steps<Map<string, number>> {
  const plain: { one: Ranked; score: number }[] = [];
  for (const one of candidates) {
    plain.push({ one, score: (one.by ?? 0) + plainScore(one.features, ranker) });
    yield;
  }
  plain.sort((a, b) => b.score - a.score);
  const begin = Float64Array.from(ranker.begin);
  addTo(begin, common, ranker);
  const asked = plain.slice(0, mostAsked).map(({ one: { text, features, by = 0 } }) => ({
    text,
    score: by + fullScore(features, begin, ranker),
  }));
  asked.sort((a, b) => b.score - a.score);
  const top = asked[0]?.score ?? 0;
  const sum = asked.reduce((total, { score }) => total + Math.exp(score - top), 0);
  return new Map(asked.map(({ text, score }) => [text, Math.exp(score - top) / sum]));
}

function plainScore(features: readonly Features[], { weights }: Ranker): number {
  let score = 0;
  for (const part of features) for (const name in part) score += (weights[name]?.[0] ?? 0) * (part[name] as number);
  return score;
}

function fullScore(features: readonly Features[], begin: Float64Array, ranker: Ranker): number {
  const sums = begin.slice();
  let score = 0;
  for (const part of features) score += addTo(sums, part, ranker);
  for (let unit = 0; unit < sums.length; unit++) score += (ranker.worth[unit] as number) * Math.tanh(sums[unit] as number);
  return score;
}

/** Adds what the features give to the hidden units; returns what they are worth by themselves. */
function addTo(sums: Float64Array, features: Features, { weights }: Ranker): number {
  let score = 0;
  for (const name in features) {
    const value = features[name] as number;
    const row = value === 0 ? undefined : weights[name];
    if (!row) continue;
    score += value * (row[1] as number);
    for (let unit = 0; unit < sums.length; unit++) sums[unit] = (sums[unit] as number) + value * (row[unit + 2] as number);
  }
  return score;
}
