/**
 * Definitions by line patterns, as the table of pattern-rows.ts has them.
 *
 * A definition ends where its block does: at the closing brace, before the next line that is indented no deeper, or before the
 * next heading of its level or above.
 */
import { indentation } from "./passages.ts";
import { type Ending, type Row, rows } from "./pattern-rows.ts";
import type { SymbolDefinition } from "./types.ts";

/** Definitions found line by line. Empty for a language without a row. */
export function outlineByPatterns(language: string, lines: readonly string[]): SymbolDefinition[] {
  const row = Object.hasOwn(rows, language) ? rows[language] : undefined;
  if (!row) return [];
  const found = headings(language, lines, row);
  const open: SymbolDefinition[] = [];
  for (const symbol of found) {
    while (open.length && open.at(-1)!.endLine < symbol.startLine) open.pop();
    symbol.container = open.at(-1)?.name ?? "";
    open.push(symbol);
  }
  return found;
}

function headings(language: string, lines: readonly string[], row: Row): SymbolDefinition[] {
  const found: SymbolDefinition[] = [];
  let fenced = false;
  for (const [i, line] of lines.entries()) {
    if ((language === "markdown" || language === "mdx") && /^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced || line.length > 500) continue;
    if (language === "restructuredtext" && !/^([=\-~^"'#*+])\1{2,}\s*$/.test(lines[i + 1] ?? "")) continue;
    const match = firstMatch(row.patterns, line);
    if (!match) continue;
    const startLine = i + 1;
    const { name, kind, ending = row.ending } = match;
    const endLine = isOneLiner(kind, line) ? endOfStatement(lines, startLine) : endOf(lines, startLine, ending, language);
    found.push({ name, kind, startLine, endLine, container: "", signature: line.trim().slice(0, 200) });
  }
  return found;
}

function firstMatch(patterns: Row["patterns"], line: string): { name: string; kind: string; ending: Ending | undefined } | undefined {
  for (const [kind, pattern, ending] of patterns) {
    const name = pattern.exec(line)?.[1]?.trim();
    if (name) return { name: name.slice(0, 120), kind, ending };
  }
  return undefined;
}

/** A value that opens nothing on its first line ends there. */
function isOneLiner(kind: string, line: string): boolean {
  return (
    /^(?:variable|constant|property|type)$/.test(kind) &&
    !/[{[(<|=:]\s*$/.test(line) &&
    !/\{[^}]*$/.test(line) &&
    !/^(?:data|newtype|type)\b/.test(line)
  );
}

/** Over lines that end in a backslash. */
function endOfStatement(lines: readonly string[], start: number): number {
  let end = start;
  while (end < lines.length && lines[end - 1]!.endsWith("\\")) end++;
  return end;
}

/** Longest definition that is looked for, in lines. */
const farthest = 5000;

function endOf(lines: readonly string[], start: number, ending: Ending, language: string): number {
  const last = Math.min(lines.length, start + farthest);
  if (ending === "line") return start;
  if (ending === "heading") return beforeHeading(lines, start, last, language);
  if (ending === "paragraph")
    return trimBlank(
      lines,
      start,
      beforeFirst(lines, start, last, (line) => /^\s*$/.test(line)),
    );
  if (ending === "braces") return closingBrace(lines, start, last) ?? start;
  const depth = indentation(lines[start - 1]!);
  const end = beforeFirst(lines, start, last, (line) => /\S/.test(line) && indentation(line) <= depth && !/^\s*[)\]}]/.test(line));
  if (ending === "end" && indentation(lines[end] ?? "") === depth && endWord.test(lines[end] ?? "")) return end + 1;
  return trimBlank(lines, start, end);
}

const endWord = /^\s*end(?:function|fun|sub|class|module|procedure|program|task|def)?\b/i;

/** The line before the first one after `start` that `stops`; else `last`. */
function beforeFirst(lines: readonly string[], start: number, last: number, stops: (line: string) => boolean): number {
  for (let line = start + 1; line <= last; line++) if (stops(lines[line - 1]!)) return line - 1;
  return last;
}

function trimBlank(lines: readonly string[], start: number, end: number): number {
  while (end > start && /^\s*$/.test(lines[end - 1]!)) end--;
  return end;
}

/** The line of the brace that closes the first one opened within 12 lines; undefined without one. Strings and comments are not told apart. */
function closingBrace(lines: readonly string[], start: number, last: number): number | undefined {
  const indented = indentation(lines[start - 1]!);
  let depth = 0;
  let opened = false;
  for (let line = start; line <= last; line++) {
    const text = lines[line - 1]!;
    if (!opened && line > start && indentation(text) <= indented && !/^\s*[{):]/.test(text)) return undefined;
    for (const char of text) {
      if (char === "{") {
        depth++;
        opened = true;
      } else if (char === "}" && opened) depth--;
    }
    if (opened && depth <= 0) return line;
    if (!opened && (/[;]\s*$/.test(text) || line - start >= 12)) return undefined;
  }
  return last;
}

function beforeHeading(lines: readonly string[], start: number, last: number, language: string): number {
  const level = headingLevel(lines, start, language);
  let fenced = false;
  for (let line = start + 1; line <= last; line++) {
    if (/^\s*(```|~~~)/.test(lines[line - 1]!)) fenced = !fenced;
    const other = fenced ? 0 : headingLevel(lines, line, language);
    if (other && other <= level) return trimBlank(lines, start, line - 1);
  }
  return trimBlank(lines, start, last);
}

/** 1 for the highest level; 0 where the line is no heading. */
function headingLevel(lines: readonly string[], line: number, language: string): number {
  const text = lines[line - 1]!;
  if (language === "asciidoc") return /^(={1,6})\s/.exec(text)?.[1]?.length ?? 0;
  if (language === "markdown" || language === "mdx") return /^(#{1,6})\s/.exec(text)?.[1]?.length ?? 0;
  if (language === "toml" || language === "properties") return /^\s*\[/.test(text) ? 1 : /^[\w."-]+\s*=/.test(text) ? 2 : 0;
  if (language === "latex") return latexLevels.findIndex((name) => new RegExp(`^\\s*\\\\${name}\\*?\\{`).test(text)) + 1;
  const underline = /^([=\-~^"'#*+])\1{2,}\s*$/.exec(lines[line] ?? "")?.[1];
  return underline && /^\S/.test(text) ? "=-~^\"'#*+".indexOf(underline) + 1 : 0;
}

const latexLevels = ["part", "chapter", "section", "subsection", "subsubsection"];
