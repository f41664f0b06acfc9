/**
 * Blocks of code by their lines: which line begins one, whether its body is still to be written, and where it ends. No language's grammar:
 * an opening bracket or word at the end of a line, and indentation.
 */

/** Whether what follows the line is the body of a block: `if (a) {`, `def f():`, `each do |x|`, `if a then`. */
export function opensBlock(line: string): boolean {
  const code = line.replace(/\s*(?:\/\/|#(?!\[)).*$/, "").trimEnd();
  if (!/[{:]$|(?:^|\s)(?:do(?:\s*\|[^|]*\|)?|then)$/.test(code)) return false;
  return /^\s*(?:else|try|finally):$/.test(code) || !/^\s*(?:case\b|default\s*:|[\w"'`-]+\s*:$)/.test(code);
}

/** Whether the text below has no body for the block yet: its next line is indented no deeper than the block's first. */
export function bodyIsMissing(line: string, below: string): boolean {
  const next = below.split(/\r?\n/).find((one) => one.trim() !== "");
  return next === undefined || indentation(next) <= indentation(line);
}

/** What a line is to the block that `first` opened: part of its body, its end (`}`, `end`), or what follows it. */
export function placeInBlock(first: string, line: string): "body" | "end" | "after" {
  if (indentation(line) > indentation(first)) return "body";
  return indentation(line) === indentation(first) && /^\s*(?:[}\])]+[;,]?|end|fi|done)$/.test(line) ? "end" : "after";
}

/** Whether a block that `first` opened ends with a line of its own, and not with its last statement. */
export function needsEnd(first: string): boolean {
  return !/:$/.test(first.trimEnd());
}

/** Columns, a tab as eight. */
function indentation(line: string): number {
  return (/^[ \t]*/.exec(line)?.[0] ?? "").replaceAll("\t", "        ").length;
}
