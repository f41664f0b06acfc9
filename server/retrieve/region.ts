/**
 * The lines to show around the best place of a file: the smallest definition around it with its doc comment, cut to what
 * fits; else the place with the blank-line block around it.
 */
import type { PassageLines, SymbolDefinition } from "../index/types.ts";

export interface Region extends PassageLines {
  /** "function parseHeaders"; "" outside of any definition. */
  title: string;
}

export interface RegionRequest extends PassageLines {
  lines: readonly string[];
  symbols: readonly SymbolDefinition[];
  /** Most lines shown. */
  maximum: number;
}

/** The region around lines `startLine`..`endLine`, which it holds as far as they fit. */
export function regionAround(request: RegionRequest): Region {
  const { lines, symbols, startLine, endLine, maximum } = request;
  const around = enclosing(symbols, startLine, endLine);
  if (around && height(around) <= maximum) return { ...withComment(lines, around, maximum), title: titleOf(around) };
  const within = { startLine: around?.startLine ?? 1, endLine: around?.endLine ?? lines.length };
  const best = { startLine, endLine: Math.min(endLine, startLine + maximum - 1) };
  const block = growToBlanks(lines, best, within, maximum);
  return { ...block, title: around ? titleOf(around) : "" };
}

/** The smallest definition holding the place; else the one that covers most of it, when that is most of both. */
function enclosing(symbols: readonly SymbolDefinition[], startLine: number, endLine: number): SymbolDefinition | undefined {
  const holding = symbols.filter((it) => it.startLine <= startLine && it.endLine >= endLine);
  if (holding.length > 0) return holding.reduce((best, it) => (height(it) < height(best) ? it : best));
  let most: SymbolDefinition | undefined;
  let share = 0.5;
  for (const it of symbols) {
    const common = Math.min(it.endLine, endLine) - Math.max(it.startLine, startLine) + 1;
    if (common / (endLine - startLine + 1) > share && it.kind !== "variable") [most, share] = [it, common / (endLine - startLine + 1)];
  }
  return most;
}

const COMMENT = /^\s*(?:\/\/|\/\*|\*|#|--|;|%|"""|@\w|\[\w+.*\]\s*$)/;

function withComment(lines: readonly string[], place: PassageLines, maximum: number): PassageLines {
  let startLine = place.startLine;
  while (startLine > 1 && COMMENT.test(lines[startLine - 2] ?? "") && place.endLine - startLine + 2 <= maximum) startLine--;
  return { startLine, endLine: Math.min(place.endLine, lines.length) };
}

function growToBlanks(lines: readonly string[], place: PassageLines, within: PassageLines, maximum: number): PassageLines {
  let { startLine, endLine } = place;
  const blank = (line: number) => (lines[line - 1] ?? "").trim() === "";
  while (startLine > within.startLine && !blank(startLine - 1) && endLine - startLine + 1 < maximum / 2) startLine--;
  while (endLine < within.endLine && !blank(endLine + 1) && endLine - startLine + 1 < maximum / 2) endLine++;
  return { startLine, endLine };
}

function height(lines: PassageLines): number {
  return lines.endLine - lines.startLine + 1;
}

function titleOf(symbol: SymbolDefinition): string {
  return `${symbol.kind} ${symbol.name}`;
}
