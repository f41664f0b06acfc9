/**
 * The features of a candidate file: few, named, each 0..1 (or close to it), each documented here.
 */
import type { Candidate } from "./candidates.ts";
import type { Query } from "./query.ts";

export interface Features {
  /** BM25F of the best passage, as a share of the best passage of all. */
  words: number;
  /** BM25F of the best passages together (each next one counts half), as a share of the best file's: several good places lift a file. */
  lift: number;
  /** Share of the question's words, by idf mass, in the best passage. */
  coverage: number;
  /** How far the log-sum-exp of the file's HSA chunk scores stands above the mean file, in units of 4 deviations. */
  meaning: number;
  /** The same for its single best chunk. */
  chunk: number;
  /** The file defines a name of the question (strength of the match). */
  defines: number;
  /** The question is nothing but the name of a definition here (strength of the match). */
  whole: number;
  /** Share of the question's words in the path. */
  path: number;
  /** Share of the file name's own words in the question, weighed with `path` so that one common word is not enough. */
  name: number;
  /** The question names this file by its path. */
  named: number;
  /** A stack frame of the question lies in this file. */
  frame: number;
  /** Share of the literally asked texts that the file holds. */
  literal: number;
  /** How much other files use what this one defines. */
  uses: number;
}

export type FeatureName = keyof Features;

/** Passages that lift a file: more say only that it is long. */
const LIFTING = 4;
const DEVIATIONS = 4;

/** Features of all candidates, in their order. */
export function featuresOf(candidates: readonly Candidate[], query: Query): Features[] {
  const bestPassage = Math.max(1e-9, ...candidates.map((it) => it.passages[0]?.score ?? 0));
  const lifts = candidates.map(lift);
  const bestLift = Math.max(1e-9, ...lifts);
  const frames = Math.max(1, query.frames.length);
  return candidates.map((it, at) => ({
    words: (it.passages[0]?.score ?? 0) / bestPassage,
    lift: (lifts[at] ?? 0) / bestLift,
    coverage: Math.max(0, ...it.passages.slice(0, LIFTING).map((hit) => hit.coverage)),
    meaning: above(it.meaning?.sum),
    chunk: above(it.meaning?.best),
    defines: Math.min(1.25, it.symbols[0]?.strength ?? 0),
    whole: Math.max(0, ...it.symbols.filter((match) => match.whole).map((match) => match.strength)),
    path: it.pathCoverage,
    name: it.nameMatch * Math.sqrt(it.pathCoverage),
    named: it.named,
    frame: it.frameLine > 0 ? 1 - frameDepth(it, query) / (2 * frames) : 0,
    ...lookedInto(it),
  }));
}

/** Features that stand in files: known of the best candidates, once they were looked into. */
export function lookedInto({ literal, uses }: Candidate): Pick<Features, "literal" | "uses"> {
  return { literal, uses };
}

function lift(candidate: Candidate): number {
  return candidate.passages.slice(0, LIFTING).reduce((sum, hit, place) => sum + hit.score / 2 ** place, 0);
}

function above(deviations: number | undefined): number {
  return Math.min(1.25, Math.max(0, (deviations ?? 0) / DEVIATIONS));
}

/** Place of the first frame in this file: the innermost frame matters most. */
function frameDepth(candidate: Candidate, query: Query): number {
  const place = query.frames.findIndex((frame) => candidate.path.endsWith(frame.path) || frame.path.endsWith(candidate.path));
  return place < 0 ? query.frames.length : place;
}
