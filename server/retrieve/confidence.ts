/**
 * How sure retrieval is that a question has an answer in this repository at all: a logistic function of what of the question stands in what is
 * shown, fitted on questions asked of their own and of the wrong repository.
 */
import type { IndexReader } from "../index/api.ts";
import { contentWords, type RankedCommit } from "./commits.ts";
import type { FeatureName } from "./features.ts";
import type { Query } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import { confidenceWeights as weights } from "./weights.ts";

/** Ranked files that count: the answer is among them or it is not here. */
export const BEST = 3;
/** Terms from which a question is long: that a long one is matched says more. */
const LONG = 8;
/** Logarithm of the passages from which a repository is large: in a larger one words meet by chance. */
const LARGE = 8;

/** What of the question the repository has at all, each 0..1. */
export interface Known {
  words: number;
  /** Of the identifiers that it names: 0 when it names none. */
  identifiers: number;
  /** Share of the identifiers that are nowhere here. */
  missing: number;
  /** How many terms the question has, as a share of a long one's. */
  length: number;
}

export interface Found {
  /** Best first. */
  ranked: readonly RankedFile[];
  /** Most of the question, by mass, that one of the first regions shown holds. */
  held: number;
  /** Of the whole index. */
  passages: number;
}

/** 0..1; 0 without any candidate. Identifiers vouch for a question whose other words are of another language. */
export function confidenceOf({ ranked, held, passages }: Found, known: Known): number {
  if (ranked.length === 0) return 0;
  const best = ranked.slice(0, BEST).map((it) => it.features);
  const top = (name: FeatureName) => Math.max(0, ...best.map((it) => it[name]));
  return logistic(
    weights.bias +
      weights.held * Math.max(held, known.identifiers) +
      weights.known * Math.max(known.words, known.identifiers) +
      weights.missing * known.missing +
      weights.length * known.length +
      weights.size * Math.min(1, Math.log(Math.max(1, passages)) / LARGE) +
      weights.defines * top("defines") +
      weights.name * top("name") +
      weights.named * Math.max(top("named"), top("frame"), top("whole")) +
      weights.literal * top("literal"),
  );
}

/** The same for commits: by the share of the question's words in the best of them, and in the history at all. */
export async function commitConfidence(index: IndexReader, query: Query, ranked: readonly RankedCommit[]): Promise<number> {
  if (ranked.length === 0) return 0;
  const terms = [...new Set(index.terms(contentWords(query)))].filter((term) => !NUMBER.test(term));
  const known = await Promise.all(terms.map((term) => isInHistory(index, term)));
  return logistic(
    weights.commitBias +
      weights.commits * coverageOf(ranked) +
      weights.commitKnown * (terms.length > 0 ? known.filter(Boolean).length / terms.length : 1) +
      weights.commitLength * Math.min(1, terms.length / LONG),
  );
}

/** The best commits' share of the question's words. */
export function coverageOf(ranked: readonly RankedCommit[]): number {
  return Math.max(0, ...ranked.slice(0, BEST).map((it) => it.coverage));
}

/** Dates, versions and names of commits limit what is looked for, and need not be written anywhere. */
const NUMBER = /^(?:\d+|(?=.*\d)[0-9a-f]{7,40})$/;
const anywhere = { path: 1, symbols: 1, body: 1 };

/** Of what was removed the files know nothing. */
async function isInHistory(index: IndexReader, term: string): Promise<boolean> {
  if (index.documentFrequency(term) > 0) return true;
  const [messages, diffs] = await Promise.all([index.searchCommits(term, 1, anywhere), index.searchDiffs(term, 1, anywhere)]);
  return messages.length + diffs.length > 0;
}

/** Looks up what of a question stands anywhere in the files; `corrected`: with its typing errors read as what was meant. */
export function knownIn(index: IndexReader, query: Query, corrected: Query): Known {
  const terms = [...new Set(index.terms(query.words))];
  const identifiers = shareKnown(index, query.identifiers);
  return {
    words: shareKnown(index, terms),
    identifiers,
    missing: corrected.identifiers.length > 0 ? 1 - shareKnown(index, corrected.identifiers) : 0,
    length: Math.min(1, terms.length / LONG),
  };
}

function shareKnown(index: IndexReader, words: readonly string[]): number {
  return words.length === 0 ? 0 : words.filter((word) => index.documentFrequency(word) > 0).length / words.length;
}

function logistic(sum: number): number {
  return 1 / (1 + Math.exp(-sum));
}
