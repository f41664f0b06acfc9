/**
 * The first sentence that a piece of source says about itself: its doc comment (above or inside the definition), its
 * docstring, or a section's first prose. Quoted as it stands, never rephrased.
 */

/** Characters of a sentence quoted. */
const LONGEST = 240;
/** Lines looked at: a comment further away is not about the region. */
const LINES = 40;

const BLOCK_OPEN = /^\s*(?:\/\*\*?|\{-\||\{-|--\[=*\[|<!--|=begin\b)/;
const BLOCK_CLOSE = /(?:\*\/|-\}|\]=*\]|-->|^=end\b)/;
const LINE_COMMENT = /^\s*(?:\/\/[/!]?|#(?!!|\[|include|define|if|else|endif|pragma|region):?|--(?!\[)|;;+|%+|"""?(?!"))\s?/;
const DOCSTRING = /^\s*(?:@(?:module|type)?doc\s+(?:~[sS])?)?(?:[rRuUbB]{0,2})("""|''')/;
const PROSE = new Set(["markdown", "restructuredtext", "plaintext", "asciidoc"]);

/** The sentence, "" when there is none. `text`: the region's text. `prose`: true for documents rather than code. */
export function firstSentence(text: string, prose: boolean): string {
  const lines = text.split("\n").slice(0, LINES);
  return sentenceOf(prose ? paragraph(lines) : docstring(lines) || comment(lines));
}

/** Whether a path is prose by its extension. */
export function isProse(path: string): boolean {
  return /\.(?:md|mdx|markdown|rst|txt|adoc|asciidoc)$/i.test(path) || PROSE.has(path);
}

/** What stands between a comment and what it is about: attributes, decorators, a template's or a macro's line. */
const BETWEEN =
  /^\s*(?:@\w|#!?\[|\[[A-Z]|template\s*<|#(?:include|define|if|ifdef|ifndef|pragma|!)|(?:package|import|using|from|require|use)\b|["']use strict)|^\s*$/;

/** The comment at the top, above the first line of code. A licence is none. */
function comment(lines: readonly string[]): string {
  for (let at = 0; at < lines.length; at++) {
    const line = lines[at] ?? "";
    if (BETWEEN.test(line)) continue;
    const found = BLOCK_OPEN.test(line) ? blockComment(lines, at) : LINE_COMMENT.test(line) ? lineComments(lines, at) : undefined;
    if (!found) return "";
    if (!isLicence(found.text) && /\p{L}{2}/u.test(found.text)) return found.text;
    at = found.end;
  }
  return "";
}

function blockComment(lines: readonly string[], first: number): { text: string; end: number } {
  const said: string[] = [];
  for (let at = first; at < lines.length; at++) {
    const line = (lines[at] ?? "").replace(BLOCK_OPEN, "");
    said.push(line.replace(/(?:\*\/|-\}|\]=*\]|-->).*$/, "").replace(/^\s*\*+\s?/, ""));
    if (BLOCK_CLOSE.test(line)) return { text: opening(said), end: at };
  }
  return { text: opening(said), end: lines.length };
}

function lineComments(lines: readonly string[], first: number): { text: string; end: number } {
  const said: string[] = [];
  let at = first;
  for (; at < lines.length && LINE_COMMENT.test(lines[at] ?? ""); at++) said.push((lines[at] ?? "").replace(LINE_COMMENT, ""));
  return { text: opening(said), end: at - 1 };
}

function docstring(lines: readonly string[]): string {
  const first = lines.findIndex((line, at) => DOCSTRING.test(line) && beginsDocstring(lines, at));
  if (first < 0) return "";
  const mark = DOCSTRING.exec(lines[first] ?? "")?.[1] ?? '"""';
  const said: string[] = [];
  for (let at = first; at < lines.length; at++) {
    const line = at === first ? (lines[at] ?? "").replace(DOCSTRING, "") : (lines[at] ?? "");
    const end = line.indexOf(mark);
    said.push(end >= 0 ? line.slice(0, end) : line);
    if (end >= 0) break;
  }
  return opening(said);
}

/** Lines of a signature before its docstring. */
const SIGNATURE = 16;

/** A quote may also end one: it begins one at the top, below the signature that the text begins with, or behind @doc. */
function beginsDocstring(lines: readonly string[], at: number): boolean {
  if (/^\s*@/.test(lines[at] ?? "")) return true;
  const before = lines.slice(0, at).filter((line) => line.trim() !== "");
  if (before.length > SIGNATURE) return false;
  return (
    before.length === 0 ||
    (/:\s*(?:#.*)?$/.test(before.at(-1) ?? "") && before.filter((line) => /^\s*(?:async\s+def|def|class)\b/.test(line)).length === 1)
  );
}

function paragraph(lines: readonly string[]): string {
  const body = lines.filter((line) => !/^\s*(?:#|=+\s*$|-+\s*$|```|~~~|\||!\[|\[!\[|<|\.\. )/.test(line));
  return opening(body);
}

/** Lines up to the first empty one after something was said; tags such as @param end it. */
function opening(lines: readonly string[]): string {
  const said: string[] = [];
  for (const raw of lines) {
    const line = raw.trim();
    if (/^(?:@|:param|:return|\\param|Args:|Returns:|Parameters$)/.test(line) || (line === "" && said.length > 0)) break;
    if (line !== "" && !/^[-=*#/~_\s]+$/.test(line)) said.push(line.replace(/^<summary>|<\/summary>$/g, "").trim());
  }
  return said.filter((line) => line !== "").join(" ");
}

function sentenceOf(text: string): string {
  const clean = text.replace(/\s+/g, " ").trim();
  const end = /[.!?](?=\s+\p{Lu}|\s*$)(?<!\b(?:e\.g|i\.e|etc|vs|cf)\.)|。/u.exec(clean);
  const sentence = end ? clean.slice(0, end.index + 1) : clean;
  return sentence.length > LONGEST ? `${sentence.slice(0, LONGEST - 1).trimEnd()}…` : sentence;
}

function isLicence(text: string): boolean {
  return /copyright|licen[sc]e|spdx-|all rights reserved|eslint-disable|@ts-|frozen_string_literal|-\*- coding/i.test(text);
}
