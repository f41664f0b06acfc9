/**
 * Evidence out of ranked files and commits: the region to show around the best place, its text, and why it was chosen.
 */
import type { ContainedIn } from "../history/containing.ts";
import type { CommitRow, PassageLines } from "../index/types.ts";
import type { Change, ShownChange } from "./changes.ts";
import type { RankedCommit } from "./commits.ts";
import type { Place } from "./places.ts";
import type { RankedFile } from "./rank.ts";
import { type OpenFile, shownOf } from "./shown.ts";
import type { Evidence } from "./types.ts";

/** Words named as a reason. */
const WORDS_SHOWN = 4;
/** Places beside the best one that its region may grow to. */
const JOINED = 3;

/** The evidence of a file at the first of `places`. */
export function fileEvidence(file: OpenFile, ranked: RankedFile, places: readonly Place[]): Evidence {
  const { title, startLine, endLine, bestStart, bestEnd } = shownOf(file, places[0], places.slice(1, 1 + JOINED));
  const shown = file.lines.slice(startLine - 1, endLine);
  return {
    path: ranked.candidate.path,
    startLine,
    endLine,
    commit: "",
    score: ranked.score,
    reasons: reasonsOf(ranked, places[0], sharedWords(file, { startLine, endLine })),
    bestStart,
    bestEnd,
    text: shown.join("\n"),
    title,
  };
}

function reasonsOf(ranked: RankedFile, place: Place | undefined, words: readonly string[]): string[] {
  const { candidate, features } = ranked;
  const reasons: string[] = [];
  if (candidate.frameLine > 0) reasons.push(`stack frame at line ${candidate.frameLine}`);
  if (place?.symbol) reasons.push(`defines ${place.symbol.symbol.name}`);
  else if (features.defines >= 0.8 && candidate.symbols[0]) reasons.push(`defines ${candidate.symbols[0].symbol.name}`);
  if (candidate.literal > 0) reasons.push("holds the quoted text");
  if (candidate.named > 0) reasons.push("named in the question");
  if (words.length > 0) reasons.push(`words: ${words.join(", ")}`);
  if (features.meaning >= 0.35) reasons.push("meaning");
  if (features.name >= 0.4 || features.path >= 0.5) reasons.push("path");
  return reasons.length > 0 ? reasons : ["words elsewhere in the file"];
}

/** Words of the question that stand on these lines, rarest first. */
function sharedWords(file: OpenFile, lines: PassageLines): string[] {
  const present = file.masks(lines).reduce((all, mask) => all | mask, 0);
  return file.asked.words
    .filter(({ mask }) => mask & present)
    .slice(0, WORDS_SHOWN)
    .map(({ word }) => word);
}

/** A commit as evidence: its message, and what of its changes fits the question. */
export function commitEvidence(
  commit: CommitRow,
  { score, coverage }: Pick<RankedCommit, "score" | "coverage">,
  shown: ShownChange | undefined,
  { release, branches }: ContainedIn = { branches: [] },
): Evidence {
  const where = release ? `, first in ${release}` : branches.length > 0 ? `, on ${branches.slice(0, BRANCHES_SHOWN).join(", ")}` : "";
  const { side = "both", ...change } = shown ?? {};
  return {
    ...(shown && { change: change as Change }),
    ...(release && { release }),
    path: "",
    startLine: 0,
    endLine: 0,
    commit: commit.sha,
    score,
    reasons: [coverage >= 0.999 ? "all words in the commit" : "words in the commit", ...(shown ? [SIDES[side]] : [])],
    bestStart: 0,
    bestEnd: 0,
    text: commitText(commit) + (shown ? `\n\n${shown.path}\n${shown.text}` : ""),
    title: `commit ${commit.sha.slice(0, 10)} by ${commit.author || "unknown"}, ${day(commit.date)}${where}`,
  };
}

const SIDES = { removed: "removed lines", added: "added lines", both: "changed lines" };
const PATHS_SHOWN = 12;
const BRANCHES_SHOWN = 3;

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
