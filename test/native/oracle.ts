/**
 * BM25F written down plainly: what native/words/search.h promises, over a list of passages and their terms.
 *
 * Knows nothing of segments, postings or tombstones. Queries are of words separated by spaces.
 */
import type { FieldWeights, PassageText } from "../../native/addon.ts";

const K1 = 1.2;
const FIELDS = [
  { name: "path", b: 0.4, most: 3 },
  { name: "symbols", b: 0.4, most: 3 },
  { name: "body", b: 0.75, most: 15 },
] as const;

/** One query word: the whole where the index has it and it says more than its part, and the distinct parts. */
export interface OracleWord {
  whole: string;
  parts: string[];
  plain: boolean;
}

export interface OracleHit {
  id: number;
  score: number;
  coverage: number;
}

/** Lengths are stored in a byte: exact below 64, then sixteen steps a doubling, rounded down. */
function stored(length: number): number {
  if (length < 64) return length;
  const step = 2 ** (Math.floor(Math.log2(length)) - 4);
  return Math.floor(length / step) * step;
}

/** All passages that hold a term of the query, best first, among equals the smaller id. */
export function rank(passages: PassageText[], words: OracleWord[], weights: FieldWeights, terms: (text: string) => string[]): OracleHit[] {
  const counted = passages.map((passage) => ({
    id: passage.id,
    fields: FIELDS.map(({ name }) => {
      const found = terms(passage[name]);
      const counts = new Map<string, number>();
      for (const term of found) counts.set(term, (counts.get(term) ?? 0) + 1);
      return { counts, length: stored(found.length) };
    }),
  }));
  type Counted = (typeof counted)[number];
  const average = FIELDS.map((_, f) => counted.reduce((sum, { fields }) => sum + fields[f]!.length, 0) / Math.max(1, counted.length));
  const holds = (passage: Counted, term: string) => passage.fields.some(({ counts }) => counts.has(term));
  const frequency = (term: string) => counted.filter((passage) => holds(passage, term)).length;
  const idf = (term: string) => Math.log(1 + (counted.length - frequency(term) + 0.5) / (frequency(term) + 0.5));

  const weightOf = new Map<string, number>();
  const weigh = (term: string, weight: number) => weightOf.set(term, Math.max(weight, weightOf.get(term) ?? 0));
  const masses = words.map(({ whole, parts, plain }) => {
    const found = whole !== "" && frequency(whole) > 0;
    if (found) weigh(whole, 1);
    for (const part of parts) weigh(part, found && !plain ? 0.5 : 1);
    return { whole: found ? whole : "", parts, mass: parts.length > 0 ? Math.max(...parts.map(idf)) : idf(whole) };
  });
  const idfs = new Map([...weightOf.keys()].map((term) => [term, idf(term)]));

  const score = (passage: Counted) => {
    let sum = 0;
    for (const [term, weight] of weightOf) {
      let tf = 0;
      FIELDS.forEach(({ name, b, most }, f) => {
        const { counts, length } = passage.fields[f]!;
        const relative = average[f]! > 0 ? length / average[f]! : 1;
        tf += (Math.min(most, counts.get(term) ?? 0) * weights[name]) / (1 - b + b * relative);
      });
      sum += (weight * idfs.get(term)! * (K1 + 1) * tf) / (tf + K1);
    }
    return sum;
  };
  const coverage = (passage: Counted) => {
    const total = masses.reduce((sum, { mass }) => sum + mass, 0);
    let covered = 0;
    for (const { whole, parts, mass } of masses) {
      const all = parts.reduce((sum, part) => sum + idfs.get(part)!, 0);
      const found = parts.reduce((sum, part) => sum + (holds(passage, part) ? idfs.get(part)! : 0), 0);
      if (whole !== "" && holds(passage, whole)) covered += mass;
      else if (all > 0) covered += (mass * found) / all;
    }
    return covered / total;
  };
  return counted
    .map((passage) => ({ id: passage.id, score: score(passage), coverage: coverage(passage) }))
    .filter((hit) => hit.score > 0)
    .sort((a, b) => b.score - a.score || a.id - b.id);
}
