/**
 * The best lines of a file for a question: the stack frame, the literal, the definition it names, else the passage or
 * chunk that words and meaning agree on.
 */
import { smallKinds } from "../index/regions.ts";
import type { PassageLines } from "../index/types.ts";
import type { Candidate, MatchedSymbol } from "./candidates.ts";
import { placeWeights } from "./weights.ts";

export interface Place extends PassageLines {
  score: number;
  /** Set when the place is a definition that the question names. */
  symbol: MatchedSymbol | undefined;
}

/** Strength from which a question means a constant or a field: many are called as its words are by chance. */
const NAMED = 0.8;
/** Definitions and passages of a file that are looked at. */
const SYMBOLS = 4;
const PASSAGES = 8;

/**
 * Places of a candidate, best first, none overlapping another. `bestPassage`: BM25F score of the best passage of all
 * candidates; `chunkLines`: lines of its `goodChunks`. Empty when nothing but the path matched.
 */
export function placesOf(candidate: Candidate, bestPassage: number, chunkLines: readonly PassageLines[]): Place[] {
  const chunks = chunkPlaces(candidate, chunkLines);
  const places: Place[] = candidate.passages.slice(0, PASSAGES).map((hit) => ({
    startLine: hit.startLine,
    endLine: hit.endLine,
    score: placeWeights.words * (hit.score / Math.max(bestPassage, 1e-9)) + placeWeights.coverage * hit.coverage,
    symbol: undefined,
  }));
  for (const chunk of chunks) {
    const meaning = placeWeights.meaning * chunk.score;
    const around = places.filter((place) => overlaps(place, chunk));
    for (const place of around) place.score += meaning * Math.min(1, shared(place, chunk) / length(chunk));
    if (around.length === 0) places.push({ ...chunk, score: meaning, symbol: undefined });
  }
  for (const match of candidate.symbols.slice(0, SYMBOLS)) {
    if (smallKinds.has(match.symbol.kind) && match.strength < NAMED) continue;
    const { startLine, endLine } = match.symbol;
    const inside = places.filter((place) => overlaps(place, { startLine, endLine })).map((place) => place.score);
    places.push({
      startLine,
      endLine,
      score: placeWeights.defines * match.strength + (match.whole ? placeWeights.whole : 0) + Math.max(0, ...inside),
      symbol: match,
    });
  }
  if (candidate.literalLine > 0) places.push({ ...line(candidate.literalLine), score: placeWeights.literal, symbol: undefined });
  if (candidate.frameLine > 0) places.push({ ...line(candidate.frameLine), score: placeWeights.frame, symbol: undefined });
  return apart(places.sort((a, b) => b.score - a.score));
}

/** Chunks of a candidate that stand out by meaning: numbers in its document. */
export function goodChunks({ meaning }: Candidate): number[] {
  return meaning
    ? meaning
        .chunks()
        .filter((it) => it.score > 0)
        .map((it) => it.chunk)
    : [];
}

/** Good chunks come first among a candidate's chunks. */
function chunkPlaces({ meaning }: Candidate, lines: readonly PassageLines[]): Place[] {
  const chunks = lines.length > 0 ? (meaning?.chunks() ?? []) : [];
  return lines.map((it, at) => ({ ...it, score: Math.min(1, (chunks[at]?.score ?? 0) / 4), symbol: undefined }));
}

/** Keeps what does not overlap a better place. */
function apart(places: readonly Place[]): Place[] {
  const kept: Place[] = [];
  for (const place of places) if (!kept.some((other) => overlaps(place, other))) kept.push(place);
  return kept;
}

function line(number: number): PassageLines {
  return { startLine: number, endLine: number };
}

function length(lines: PassageLines): number {
  return lines.endLine - lines.startLine + 1;
}

function overlaps(a: PassageLines, b: PassageLines): boolean {
  return a.startLine <= b.endLine && b.startLine <= a.endLine;
}

function shared(a: PassageLines, b: PassageLines): number {
  return Math.max(0, Math.min(a.endLine, b.endLine) - Math.max(a.startLine, b.startLine) + 1);
}
