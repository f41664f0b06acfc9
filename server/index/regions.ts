/**
 * The lines to show a person around the lines that were found: the function, class or section they lie in, with the comment above it;
 * else the block between blank lines.
 */
import { startWithComment } from "./passages.ts";
import type { OutlineRow, PassageLines } from "./types.ts";

export interface Region extends PassageLines {
  /** "function parseHeaders", "method Router.add", "section Install"; "" when unknown. */
  title: string;
}

/** Kinds that are shown as a region only where they are long: elsewhere they say too little alone. */
export const smallKinds = new Set(["constant", "variable", "field", "property", "key", "declaration", "type", "macro"]);
const longForSmall = 4;
/** Share of the found lines in a definition from which it stands for all of them. */
const mostly = 0.6;

interface Candidate extends PassageLines {
  symbol: OutlineRow;
}

/**
 * The region around lines `startLine` to `endLine` of a file with these definitions. At most `maxLines` long (around the found lines),
 * inside the file, and never without some of the found lines.
 */
export function regionAround(
  symbols: readonly OutlineRow[],
  textLines: readonly string[],
  startLine: number,
  endLine: number,
  maxLines = 80,
): Region {
  const first = clamp(startLine, 1, Math.max(1, textLines.length));
  const best = { startLine: first, endLine: clamp(endLine, first, Math.max(first, textLines.length)) };
  const candidates = symbols
    .filter(({ kind, startLine, endLine }) => !smallKinds.has(kind) || endLine - startLine >= longForSmall)
    .map((symbol) => ({
      symbol,
      startLine: startWithComment(textLines, symbol.startLine),
      endLine: Math.min(symbol.endLine, textLines.length),
    }))
    .filter((candidate) => overlap(candidate, best) > 0);
  const chosen = choose(candidates, best, maxLines);
  if (chosen) return { ...trim(chosen, best, maxLines), title: titleOf(chosen.symbol) };
  if (candidates.length)
    return { ...trim(widen(candidates, best, maxLines), best, maxLines), title: titleOf(most(candidates, best).symbol) };
  return { ...trim(block(textLines, best, maxLines), best, maxLines), title: "" };
}

/** The smallest definition that holds the found lines, or most of them; undefined when they lie across several. */
function choose(candidates: readonly Candidate[], best: PassageLines, maxLines: number): Candidate | undefined {
  const enclosing = smallest(candidates.filter((candidate) => overlap(candidate, best) === length(best)));
  if (enclosing && length(enclosing) <= maxLines) return enclosing;
  const covering = smallest(candidates.filter((candidate) => overlap(candidate, best) >= mostly * length(best)));
  return covering ?? enclosing;
}

function smallest(candidates: readonly Candidate[]): Candidate | undefined {
  return candidates.reduce<Candidate | undefined>((least, each) => (!least || length(each) < length(least) ? each : least), undefined);
}

/** The definition with most of the found lines; of several the smallest. */
function most(candidates: readonly Candidate[], best: PassageLines): Candidate {
  return candidates.reduce((chosen, each) => {
    const more = overlap(each, best) - overlap(chosen, best);
    return more > 0 || (more === 0 && length(each) < length(chosen)) ? each : chosen;
  });
}

/** The found lines, from the start of the definition they begin in to the end of the one they end in, as far as there is room. */
function widen(candidates: readonly Candidate[], best: PassageLines, maxLines: number): PassageLines {
  const begin = smallest(candidates.filter(({ startLine, endLine }) => startLine <= best.startLine && endLine >= best.startLine));
  const end = smallest(candidates.filter(({ startLine, endLine }) => startLine <= best.endLine && endLine >= best.endLine));
  const region = { ...best };
  if (begin && best.endLine - begin.startLine < maxLines) region.startLine = begin.startLine;
  if (end && end.endLine - region.startLine < maxLines) region.endLine = end.endLine;
  return region;
}

/** The found lines and what is joined to them without a blank line between. */
function block(lines: readonly string[], best: PassageLines, maxLines: number): PassageLines {
  let { startLine, endLine } = best;
  while (startLine < endLine && isBlank(lines[startLine - 1])) startLine++;
  while (endLine > startLine && isBlank(lines[endLine - 1])) endLine--;
  while (startLine > 1 && endLine - startLine + 1 < maxLines && !isBlank(lines[startLine - 2])) startLine--;
  while (endLine < lines.length && endLine - startLine + 1 < maxLines && !isBlank(lines[endLine])) endLine++;
  return { startLine, endLine };
}

/** At most `maxLines` of a region: from its start where the found lines still fit in, else with the found lines in the middle. */
function trim(region: PassageLines, best: PassageLines, maxLines: number): PassageLines {
  if (length(region) <= maxLines) return { startLine: region.startLine, endLine: region.endLine };
  const found = { startLine: Math.max(region.startLine, best.startLine), endLine: Math.min(region.endLine, best.endLine) };
  if (found.endLine - region.startLine < maxLines) return { startLine: region.startLine, endLine: region.startLine + maxLines - 1 };
  const before = Math.max(0, Math.floor((maxLines - length(found)) / 2));
  const startLine = Math.min(Math.max(region.startLine, found.startLine - before), region.endLine - maxLines + 1);
  return { startLine, endLine: startLine + maxLines - 1 };
}

function titleOf({ kind, name, container }: OutlineRow): string {
  return `${kind} ${container && kind !== "section" ? `${container}.` : ""}${name}`;
}

function overlap(a: PassageLines, b: PassageLines): number {
  return Math.max(0, Math.min(a.endLine, b.endLine) - Math.max(a.startLine, b.startLine) + 1);
}

function length({ startLine, endLine }: PassageLines): number {
  return endLine - startLine + 1;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}

function isBlank(line: string | undefined): boolean {
  return line === undefined || /^\s*$/.test(line);
}
