/**
 * Splits a file's lines into passages: what the word index ranks.
 *
 * A passage has about 12 to 40 lines and ends where a reader would pause: before a definition, at a blank line, where the
 * indentation falls back. Every line lies in exactly one passage.
 */
import type { PassageLines, SymbolDefinition } from "./types.ts";

/** Lines of a passage: never fewer where the file has more, never more. */
export const shortest = 12;
export const longest = 40;

/** Splits lines into passages. Empty for a file without lines. */
export function splitPassages(lines: readonly string[], symbols: readonly Pick<SymbolDefinition, "startLine">[]): PassageLines[] {
  const starts = new Set(symbols.map((symbol) => startWithComment(lines, symbol.startLine)));
  const passages: PassageLines[] = [];
  let start = 1;
  while (start <= lines.length) {
    const end = endOfPassage(lines, starts, start);
    passages.push({ startLine: start, endLine: end });
    start = end + 1;
  }
  return passages;
}

/** The best last line for a passage that begins at `start`: the rest is either nothing or at least `shortest` lines. */
function endOfPassage(lines: readonly string[], starts: ReadonlySet<number>, start: number): number {
  const left = lines.length - start + 1;
  if (left < 2 * shortest) return lines.length;
  const last = Math.min(start + longest - 1, lines.length - shortest);
  let best = last;
  let bestScore = Number.NEGATIVE_INFINITY;
  for (let end = start + shortest - 1; end <= last; end++) {
    const score = borderScore(lines, starts, end) - (end - start) / longest;
    if (score > bestScore) [best, bestScore] = [end, score];
  }
  return left <= longest && bestScore < wholeInstead ? lines.length : best;
}

/** Below this score a border is not worth cutting a rest that fits one passage. */
const wholeInstead = 1;

/** How natural a border after line `end` is; 0 in the middle of things. */
function borderScore(lines: readonly string[], starts: ReadonlySet<number>, end: number): number {
  const next = lines[end]!; // the line after `end`: lines are counted from 1
  const here = lines[end - 1]!;
  const depth = Math.min(indentation(next), 12) / 4;
  if (starts.has(end + 1)) return 5 - depth;
  if (isBlank(next)) return -1; // the blank line belongs to what it ends
  if (isBlank(here)) return 3 - depth;
  return indentation(next) < indentation(here) ? 1 - depth : 0;
}

/** The line where the comment or decorators right above a definition begin, or the definition's own. */
export function startWithComment(lines: readonly string[], line: number): number {
  let start = line;
  while (start > 1 && leading.test(lines[start - 2]!)) start--;
  return start;
}

const leading = /^\s*(\/\/|\/\*|\*|#(?!\s*(include|define|if|endif|else|pragma)\b)|--|;|%|@|\[[A-Z])/;

/** Names defined in a range of lines, for the word index. */
export function definedIn(symbols: readonly Pick<SymbolDefinition, "name" | "startLine">[], range: PassageLines): string {
  return symbols
    .filter(({ startLine }) => startLine >= range.startLine && startLine <= range.endLine)
    .map(({ name }) => name)
    .join(" ");
}

/** The text of a range of lines; lines that are not there are left out. */
export function textOf(lines: readonly string[], { startLine, endLine }: PassageLines): string {
  return lines.slice(startLine - 1, endLine).join("\n");
}

/** Lines without their ends; a last empty line is none. */
export function linesOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  if (lines.at(-1) === "") lines.pop();
  return lines;
}

function isBlank(line: string): boolean {
  return /^\s*$/.test(line);
}

/** Columns, a tab counting 4. */
export function indentation(line: string): number {
  let columns = 0;
  for (const char of line) {
    if (char === "\t") columns += 4;
    else if (char === " ") columns++;
    else break;
  }
  return columns;
}
