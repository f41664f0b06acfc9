/**
 * Evidence out of ranked files and commits: the region to show around the best place, its text, and why it was chosen.
 */

import type { IndexReader } from "../index/api.ts";
import { startWithComment } from "../index/passages.ts";
import { regionAround } from "../index/regions.ts";
import type { CommitRow, PassageLines, SymbolDefinition } from "../index/types.ts";
import type { RankedCommit } from "./commits.ts";
import type { Place } from "./places.ts";
import type { Query } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence } from "./types.ts";

/** Lines shown of a region. */
export const REGION_LINES = 80;
/** Words named as a reason. */
const WORDS_SHOWN = 4;

/** The evidence of a place; undefined when the file cannot be read any more. */
export async function fileEvidence(
  sources: SearchSources,
  query: Query,
  ranked: RankedFile,
  place: Place | undefined,
): Promise<Evidence | undefined> {
  const { candidate } = ranked;
  const [text, symbols] = await Promise.all([
    sources.fileText(candidate.path),
    candidate.document ? sources.index.symbolsOf(candidate.document.id) : ([] as SymbolDefinition[]),
  ]);
  if (text === undefined) return undefined;
  const lines = text.split(/\r?\n/);
  const found = inside(place ?? start(symbols, lines), lines.length);
  const best = place?.symbol ? found : narrow(sources.index, query, lines, symbols, found);
  const region = regionAround(symbols, lines, best.startLine, best.endLine, REGION_LINES);
  const shown = lines.slice(region.startLine - 1, region.endLine).join("\n");
  return {
    path: candidate.path,
    startLine: region.startLine,
    endLine: region.endLine,
    commit: "",
    score: ranked.score,
    reasons: reasonsOf(sources.index, query, ranked, place, shown),
    bestStart: Math.max(best.startLine, region.startLine),
    bestEnd: Math.max(region.startLine, Math.min(best.endLine, region.endLine)),
    text: shown,
    title: region.title,
  };
}

/** A passage may span several definitions: the part inside the one that holds most of the question's words stands for it. */
function narrow(
  index: IndexReader,
  query: Query,
  lines: readonly string[],
  symbols: readonly SymbolDefinition[],
  found: PassageLines,
): PassageLines {
  const inner = symbols.filter((it) => it.startLine > found.startLine && it.startLine <= found.endLine).map((it) => it.startLine);
  if (inner.length === 0) return found;
  const asked = new Map(index.terms(query.words).map((term) => [term, 1 / Math.log2(4 + index.documentFrequency(term))]));
  const borders = [...new Set([found.startLine, ...inner.map((line) => Math.max(found.startLine, startWithComment(lines, line)))])].sort(
    (a, b) => a - b,
  );
  let best = found;
  let most = 0;
  borders.forEach((startLine, at) => {
    const endLine = (borders[at + 1] ?? found.endLine + 1) - 1;
    const mass = sharedMass(index, asked, lines.slice(startLine - 1, endLine).join("\n"));
    if (mass > most) [best, most] = [{ startLine, endLine }, mass];
  });
  return best;
}

function sharedMass(index: IndexReader, asked: ReadonlyMap<string, number>, text: string): number {
  let mass = 0;
  for (const term of new Set(index.terms(text))) mass += asked.get(term) ?? 0;
  return mass;
}

/** Where a file begins for a reader, when nothing inside it matched: its first definition. */
function start(symbols: readonly SymbolDefinition[], lines: readonly string[]): { startLine: number; endLine: number } {
  const first = symbols[0];
  if (first) return { startLine: first.startLine, endLine: Math.min(first.endLine, first.startLine + REGION_LINES - 1) };
  return { startLine: 1, endLine: Math.min(lines.length, REGION_LINES / 2) };
}

/** The index may be older than the text read now. */
function inside(place: { startLine: number; endLine: number }, lines: number): { startLine: number; endLine: number } {
  const startLine = Math.min(Math.max(1, place.startLine), Math.max(1, lines));
  return { startLine, endLine: Math.min(Math.max(startLine, place.endLine), Math.max(1, lines)) };
}

function reasonsOf(index: IndexReader, query: Query, ranked: RankedFile, place: Place | undefined, shown: string): string[] {
  const { candidate, features } = ranked;
  const reasons: string[] = [];
  if (candidate.frameLine > 0) reasons.push(`stack frame at line ${candidate.frameLine}`);
  if (place?.symbol) reasons.push(`defines ${place.symbol.symbol.name}`);
  else if (features.defines >= 0.8 && candidate.symbols[0]) reasons.push(`defines ${candidate.symbols[0].symbol.name}`);
  if (candidate.literal > 0) reasons.push("holds the quoted text");
  if (candidate.named > 0) reasons.push("named in the question");
  const words = sharedWords(index, query, shown);
  if (words.length > 0) reasons.push(`words: ${words.join(", ")}`);
  if (features.meaning >= 0.35) reasons.push("meaning");
  if (features.name >= 0.4 || features.path >= 0.5) reasons.push("path");
  return reasons.length > 0 ? reasons : ["words elsewhere in the file"];
}

/** Words of the question that stand in a text, rarest first. */
function sharedWords(index: IndexReader, query: Query, text: string): string[] {
  const present = new Set(index.terms(text));
  const words = [...new Set(query.words.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word.length > 1))];
  return words
    .filter((word) => index.terms(word).some((term) => present.has(term)))
    .map((word) => ({ word, frequency: index.documentFrequency(word) }))
    .sort((a, b) => a.frequency - b.frequency)
    .slice(0, WORDS_SHOWN)
    .map((it) => it.word);
}

/** A commit as evidence: its message; a place in a file only where a hunk was matched (not yet known by words). */
export function commitEvidence({ commit, score, coverage }: RankedCommit): Evidence {
  return {
    path: "",
    startLine: 0,
    endLine: 0,
    commit: commit.sha,
    score,
    reasons: [coverage >= 0.999 ? "all words in the commit" : "words in the commit"],
    bestStart: 0,
    bestEnd: 0,
    text: commitText(commit),
    title: `commit ${commit.sha.slice(0, 10)} by ${commit.author || "unknown"}, ${day(commit.date)}`,
  };
}

const PATHS_SHOWN = 12;

function commitText(commit: CommitRow): string {
  const paths = commit.paths.slice(0, PATHS_SHOWN);
  const more = commit.paths.length - paths.length;
  const changed = paths.length > 0 ? `\n\nChanged: ${paths.join(", ")}${more > 0 ? ` and ${more} more` : ""}` : "";
  return `${commit.subject}${commit.body.trim() ? `\n\n${commit.body.trim()}` : ""}${changed}`;
}

/** Seconds since the epoch as YYYY-MM-DD (UTC). */
export function day(seconds: number): string {
  const date = new Date(seconds * 1000);
  return Number.isNaN(date.getTime()) ? "unknown date" : date.toISOString().slice(0, 10);
}
