/** A place a person can jump to: what evidence and completion chunks have in common. */
import type { LocatedEvidence } from "../server/protocol.ts";
import type { Change } from "../server/retrieve/changes.ts";

export interface Source {
  /** URI of the file; "" for a commit. */
  uri: string;
  path: string;
  /** 1-based, inclusive; 0 for a commit. */
  startLine: number;
  endLine: number;
  /** Full sha, or "". */
  commit: string;
  /** "function parseHeaders"; "" when unknown. */
  title: string;
  reasons: string[];
  /** The region's text or the commit's message; "" when unknown. */
  text: string;
  /** The best lines inside the region; 0 when unknown. */
  bestStart: number;
  bestEnd: number;
  /** URI of the folder it is in; "" when unknown. */
  folder: string;
  /** Of a commit: what of its changes fits, where any does. */
  change?: Change;
}

export function sourceOf(evidence: LocatedEvidence): Source {
  const { uri, path, startLine, endLine, commit, title, reasons, text, bestStart, bestEnd, folder, change } = evidence;
  return { uri, path, startLine, endLine, commit, title, reasons, text, bestStart, bestEnd, folder, ...(change && { change }) };
}

/** "router.ts:42–58", or "commit 1a2b3c4d". */
export function labelOf(source: Source): string {
  if (source.path === "") return `commit ${source.commit.slice(0, 8)}`;
  const name = source.path.slice(source.path.lastIndexOf("/") + 1);
  return `${name}:${linesOf(source)}`;
}

export function linesOf({ startLine, endLine }: Pick<Source, "startLine" | "endLine">): string {
  return startLine === endLine ? `${startLine}` : `${startLine}–${endLine}`;
}

export interface Snippet {
  text: string;
  /** Line number of its first line; 0 for a commit's message. */
  firstLine: number;
}

/** At most `count` lines of a source, from its best lines on (of a commit's change, with the file's name above them), without common indentation and without blank ends. */
export function snippetOf(source: Source, count: number): Snippet {
  if (source.change) return changeSnippet(source.change, count);
  const all = source.text.split(/\r?\n/);
  const best = source.bestStart > 0 ? source.bestStart - source.startLine : 0;
  let from = Math.max(0, Math.min(best, all.length - count));
  let lines = all.slice(from, from + count);
  while (lines.length > 0 && lines[0]?.trim() === "") {
    lines.shift();
    from++;
  }
  while (lines.length > 0 && lines.at(-1)?.trim() === "") lines.pop();
  const indent = Math.min(...lines.filter((line) => line.trim() !== "").map((line) => /^[ \t]*/.exec(line)![0].length));
  lines = lines.map((line) => line.slice(Number.isFinite(indent) ? indent : 0));
  return { text: lines.join("\n"), firstLine: source.startLine > 0 ? source.startLine + from : 0 };
}

/** Lines that went or came matter most: what stands before them is left out. */
function changeSnippet({ path, text }: Change, count: number): Snippet {
  const lines = text.split("\n");
  const first = Math.max(
    0,
    lines.findIndex((line) => /^[-+]/.test(line)),
  );
  return { text: [path, ...lines.slice(first, first + count - 1)].join("\n"), firstLine: 0 };
}
