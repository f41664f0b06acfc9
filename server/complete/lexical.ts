/** Whether a cursor stands in a comment, a string or neither, by the marks that languages share. */

export type LexicalPlace = "code" | "comment" | "string";

interface Marks {
  /** Begins a comment to the end of the line. */
  line: readonly string[];
  /** Begins and ends a comment. */
  block: readonly (readonly [string, string])[];
  /** Quotes of strings that may have several lines. */
  long: readonly string[];
}

const slashes: Marks = { line: ["//"], block: [["/*", "*/"]], long: ["`"] };
const hash: Marks = { line: ["#"], block: [], long: ['"""', "'''"] };
const byLanguage: Record<string, Marks> = {
  ...Object.fromEntries(
    ["python", "ruby", "shellscript", "yaml", "toml", "perl", "r", "elixir", "makefile", "dockerfile", "julia"].map((one) => [one, hash]),
  ),
  java: { ...slashes, long: ['"""'] },
  kotlin: { ...slashes, long: ['"""'] },
  swift: { ...slashes, long: ['"""'] },
  scala: { ...slashes, long: ['"""'] },
  csharp: { ...slashes, long: ['"""'] },
  php: { ...slashes, line: ["//", "#"] },
  lua: { line: ["--"], block: [["--[[", "]]"]], long: [] },
  sql: { line: ["--"], block: [["/*", "*/"]], long: [] },
  haskell: { line: ["--"], block: [["{-", "-}"]], long: [] },
  html: { line: [], block: [["<!--", "-->"]], long: [] },
  css: { ...slashes, line: [] },
};
/** Prose has neither: an apostrophe there begins nothing. */
const prose = new Set(["markdown", "plaintext", "latex", "restructuredtext"]);
/** Characters before the cursor that are read. */
const window = 64 * 1024;

/** `language`: VS Code's identifier. */
export function lexicalPlace(prefix: string, language: string): LexicalPlace {
  if (prose.has(language)) return "code";
  const marks = byLanguage[language] ?? slashes;
  const text = prefix.slice(-window);
  for (let at = 0; at < text.length; ) {
    const [place, end] = begun(text, at, marks);
    if (place !== "code" && end > text.length) return place;
    at = end;
  }
  return "code";
}

/** What begins at a place, and where it ends: beyond the text where it does not. */
function begun(text: string, at: number, { line, block, long }: Marks): [LexicalPlace, number] {
  for (const [open, close] of block) if (text.startsWith(open, at)) return ["comment", endOf(text, close, at + open.length)];
  if (line.some((mark) => text.startsWith(mark, at)) && text[at - 1] !== ":") return ["comment", endOf(text, "\n", at)]; // not https://
  const quotes = long.find((quote) => text.startsWith(quote, at));
  if (quotes) return ["string", endOf(text, quotes, at + quotes.length)];
  const quote = text[at] as string;
  if (quote !== '"' && (quote !== "'" || /[\p{L}\p{N}]/u.test(text[at - 1] ?? ""))) return ["code", at + 1];
  const lineEnd = text.indexOf("\n", at);
  const end = endOf(lineEnd < 0 ? text : text.slice(0, lineEnd), quote, at + 1);
  if (lineEnd >= 0 && end > lineEnd) return ["code", at + 1]; // a quote that its line does not end is an apostrophe, or a lifetime
  return ["string", end];
}

/** After the next `close` that no backslash stands before; one more than the text's length where there is none. */
function endOf(text: string, close: string, from: number): number {
  for (let at = text.indexOf(close, from); at >= 0; at = text.indexOf(close, at + 1)) {
    const slashes = /\\*$/.exec(text.slice(Math.max(0, at - 16), at))?.[0].length ?? 0;
    if (close === "\n" || slashes % 2 === 0) return at + close.length;
  }
  return text.length + 1;
}
