/**
 * What the text around a cursor says of the names that may follow it: which names occur and where, what is imported, and what
 * has been asked of the same receiver. Pure text, no grammar: it must hold while the file does not parse.
 */

import { type Expression, expressionsAbove } from "./expressions.ts";
import { importedNames } from "./imports.ts";
import { type Scope, scopeOf } from "./scope.ts";

/** `a.b->` before a cursor: `name` is "b", `path` "a.b". */
export interface Receiver {
  name: string;
  path: string;
}

/** How a name occurs in the file. */
export interface Occurrence {
  count: number;
  /** Occurrences that are called: a bracket follows. */
  calls: number;
  /** Lines between the cursor and the nearest occurrence before it; Infinity where there is none. */
  above: number;
  /** Occurrences in import statements. */
  imported: number;
}

export interface Surroundings {
  /** The line up to the cursor. */
  line: string;
  occurrences: ReadonlyMap<string, Occurrence>;
  /** Expressions in the lines above. */
  expressions: ReadonlyMap<string, Expression>;
  /** What the cursor sees of them. */
  scope: Scope;
  /** Names in the lines straight below. */
  below: ReadonlySet<string>;
  /** The text around the cursor, and the cursor's place in it. */
  text: string;
  at: number;
  /** Import statements in the order of the file, each whole. */
  imports: readonly string[];
  /** Names that follow `name.` (or `->`, `::`) in the file, with how often. */
  members(name: string): ReadonlyMap<string, number>;
  /** Names that look like types and that the file's text connects with `name`: its declaration, assignment or cast. */
  typesOf(name: string): readonly string[];
}

/** Characters read before and after the cursor; of the file's beginning always as much as `headWindow`. */
const window = 64 * 1024;
const headWindow = 16 * 1024;
const name = /[\p{L}_$][\p{L}\p{N}_$]*/gu;
const importStart =
  /^\s*(?:import\b|from\s+\S+\s+import\b|(?:pub(?:\([^)]*\))?\s+)?use\s|using\s|#\s*include\b|require(?:_once|_relative)?[\s(]|include(?:_once)?[\s(]|alias\s|open\s+[A-Z]|(?:const|let|var)\b.*\brequire\(|export\s.*\bfrom\s)/;
const linesBelow = 6;
/** Lines of one statement at most. */
const importLines = 80;
const mostImports = 200;

export function surroundingsOf(prefix: string, suffix: string): Surroundings {
  const before = prefix.length > window + headWindow ? `${prefix.slice(0, headWindow)}\n${prefix.slice(-window)}` : prefix;
  const text = before + suffix.slice(0, window);
  const imports = importsOf(before);
  const scope = scopeOf(before);
  return {
    line: prefix.slice(prefix.lastIndexOf("\n") + 1),
    text,
    at: before.length,
    expressions: expressionsAbove(before, scope.visible),
    scope,
    below: new Set(
      suffix
        .slice(0, linesBelow * 100)
        .split("\n")
        .slice(0, linesBelow + 1)
        .join("\n")
        .match(name),
    ),
    occurrences: occurrencesOf(before, suffix.slice(0, window), imports),
    imports,
    members: remembering((of) => membersIn(text, of)),
    typesOf: remembering((of) => typesIn(text, of)),
  };
}

/** The receiver that `line` ends with, where a member's name is to follow; `partial` is what of that name is written. */
export function receiverOf(line: string): { receiver: Receiver | null; partial: string } {
  const partial = /[\p{L}\p{N}_$]*$/u.exec(line)?.[0] ?? "";
  const head = line.slice(0, line.length - partial.length);
  if (!/[.>:\\]$/.test(head)) return { receiver: null, partial };
  const path = /((?:[\p{L}_$@][\p{L}\p{N}_$]*(?:\([^()]*\)|\[[^\][]*\]|<[\w, ]*>)*[?!]?(?:\.|->|::|\\))+)$/u.exec(head)?.[1];
  if (path) {
    const bare = path.replace(/(?:\.|->|::|\\)$/, "").replace(/[?!]$/, "");
    const parts = bare.replace(/\([^()]*\)|\[[^\][]*\]|<[\w, ]*>/g, "").split(/[?!]?(?:\.|->|::|\\)/);
    return { receiver: { name: parts.at(-1) as string, path: bare }, partial };
  }
  return /(?:[)\]}"'`]|^\s*)[?!]?(?:\.|->|::)$/.test(head) ? { receiver: { name: "", path: "" }, partial } : { receiver: null, partial };
}

export interface Call {
  name: string;
  /** Place of the bracket. */
  open: number;
  /** Arguments before the one at the end of the text, and what is written of that. */
  written: string[];
  current: string;
}

/** The call whose arguments `text` ends in. */
export function callAround(text: string): Call | undefined {
  let depth = 0;
  let end = text.length;
  const items: string[] = [];
  for (let at = text.length - 1; at >= 0; at--) {
    const character = text[at] as string;
    if (")]}".includes(character)) depth++;
    else if ("([{".includes(character) && --depth < 0) {
      const name = character === "(" ? /([\p{L}_$][\p{L}\p{N}_$]*)(?:<[^()]*>)?!?$/u.exec(text.slice(0, at))?.[1] : undefined;
      if (name === undefined) return undefined;
      const [current = "", ...before] = [...items, text.slice(at + 1, end)];
      return { name, open: at, written: before.reverse().map((one) => one.trim()), current };
    } else if (character === "," && depth === 0) {
      items.push(text.slice(at + 1, end));
      end = at;
    }
  }
  return undefined;
}

/** Import statements with the lines that belong to them. */
function importsOf(text: string): string[] {
  const lines = text.split(/\r?\n/);
  const found: string[] = [];
  for (let at = 0; at < lines.length && found.length < mostImports; at++) {
    if (!importStart.test(lines[at] as string)) continue;
    let end = at;
    let statement = lines[at] as string;
    while (isOpen(statement) && end + 1 < lines.length && end - at < importLines) statement += `\n${lines[++end]}`;
    if (isOpen(statement)) continue; // not an import after all, or one that is being written
    found.push(statement);
    at = end;
  }
  return found;
}

function isOpen(statement: string): boolean {
  const opened = statement.match(/[({]/g)?.length ?? 0;
  return opened > (statement.match(/[)}]/g)?.length ?? 0);
}

function occurrencesOf(before: string, after: string, imports: readonly string[]): Map<string, Occurrence> {
  const found = new Map<string, Occurrence>();
  const at = (word: string): Occurrence => {
    let known = found.get(word);
    if (!known) {
      known = { count: 0, calls: 0, above: Number.POSITIVE_INFINITY, imported: 0 };
      found.set(word, known);
    }
    return known;
  };
  const lines = before.split("\n");
  const last = lines.length - 1;
  for (const [number, line] of lines.entries()) {
    const { words, called, ended } = namesOfLine(line);
    const whole = number === last && ended ? words.length - 1 : words.length; // the last may be being written
    for (let i = 0; i < whole; i++) count(at(words[i] as string), called[i] === 1).above = last - number;
  }
  for (const line of after.split("\n")) {
    const { words, called } = namesOfLine(line);
    for (const [i, word] of words.entries()) count(at(word), called[i] === 1);
  }
  for (const statement of imports) for (const word of importedNames(statement)) at(word).imported++;
  return found;
}

function count(occurrence: Occurrence, called: boolean): Occurrence {
  occurrence.count++;
  if (called) occurrence.calls++;
  return occurrence;
}

interface LineNames {
  words: readonly string[];
  /** 1 where a bracket follows. */
  called: Uint8Array;
  /** Whether the line ends with the last of them. */
  ended: boolean;
}

/** Lines come again with every key. */
const linesRead = new Map<string, LineNames>();
const mostLinesRead = 20_000;

function namesOfLine(line: string): LineNames {
  const known = linesRead.get(line);
  if (known) return known;
  const matches = [...line.matchAll(name)];
  const ends = matches.map((match) => match.index + match[0].length);
  const read = {
    words: matches.map((match) => match[0]),
    called: Uint8Array.from(ends, (end) => +/^(?:<[^<>()]*>)?\(/.test(line.slice(end, end + 40))),
    ended: ends.at(-1) === line.length && line !== "",
  };
  if (linesRead.size >= mostLinesRead) linesRead.clear();
  linesRead.set(line, read);
  return read;
}

/** Names that follow `of` and a dot or arrow in a text, with how often. */
export function membersIn(text: string, of: string): Map<string, number> {
  const found = new Map<string, number>();
  if (of === "") return found;
  for (let at = text.indexOf(of); at >= 0; at = text.indexOf(of, memberAfter.lastIndex || at + 1)) {
    memberAfter.lastIndex = at + of.length;
    const member = isNamePart(text[at - 1]) ? undefined : memberAfter.exec(text)?.[1];
    if (member === undefined) memberAfter.lastIndex = 0;
    else found.set(member, (found.get(member) ?? 0) + 1);
  }
  return found;
}

const memberAfter = /[?!]?(?:\.|->|::)\s*([\p{L}_$][\p{L}\p{N}_$]*)/uy;

/** Characters before a name in which its type is looked for: a text may be long, a declaration is not. */
const typeWindow = 120;
const mostTypes = 6;
const type = "((?:[\\p{L}_$][\\p{L}\\p{N}_$]*(?:::|\\.|\\\\))*\\p{Lu}[\\p{L}\\p{N}_$]*)";
const typeBefore = new RegExp(`${type}(?:<[^<>()]*>)?[\\s*&?]+(?:const\\s+)?\\$?$`, "u"); // Type name
const typesAfter = [
  `[?!]?\\s*:\\s*[&*?]*(?:mut\\s+|readonly\\s+|const\\s+|any\\s+|some\\s+)?${type}`, // name: Type
  `\\s*:?=\\s*(?:new\\s+|await\\s+|try[?!]?\\s+|&)*${type}`, // name = new Type
  `\\s+\\*?(?:\\[\\])?\\*?${type}`, // name *Type
].map((pattern) => new RegExp(pattern, "uy"));

/** Names with a capital that stand where a declaration of `of` has its type. */
export function typesIn(text: string, of: string): string[] {
  const found = new Set<string>();
  const add = (named: string | undefined) => named !== undefined && found.add(named.split(/::|\.|\\/).at(-1) as string);
  const places = placesOf(text, of);
  for (const at of places) if (/[\s*&?$]/.test(text[at - 1] ?? "")) add(typeBefore.exec(text.slice(Math.max(0, at - typeWindow), at))?.[1]);
  for (const pattern of typesAfter)
    for (const at of places) {
      pattern.lastIndex = at + of.length;
      if (!isNamePart(text[at - 1 - Number(text[at - 1] === "$")])) add(pattern.exec(text)?.[1]);
    }
  return [...found].slice(0, mostTypes);
}

/** Where a name stands in a text; it may be the end of a longer one. */
function placesOf(text: string, of: string): number[] {
  const places: number[] = [];
  if (of === "") return places;
  for (let at = text.indexOf(of); at >= 0; at = text.indexOf(of, at + of.length)) if (!isNamePart(text[at + of.length])) places.push(at);
  return places;
}

function isNamePart(character: string | undefined): boolean {
  return character !== undefined && /[\p{L}\p{N}_$]/u.test(character);
}

function remembering<T>(work: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const before = known.get(key);
    if (before !== undefined) return before;
    const made = work(key);
    known.set(key, made);
    return made;
  };
}
