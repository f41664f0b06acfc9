/**
 * Which files of the repository an import statement means.
 *
 * No language's rules, but what they share: a statement holds a path in words (quoted, dotted, with `::` or `\`), and the file it means
 * ends in these words. Of several the longest agreement wins, then the file nearest to the importing one.
 */
import type { DocumentRow } from "../index/types.ts";

/** Files by the last word of their path without its ending, and by their folder's name. */
export class FileNames {
  readonly #byStem = new Map<string, DocumentRow[]>();
  readonly #byFolder = new Map<string, DocumentRow[]>();

  constructor(files: readonly DocumentRow[]) {
    for (const file of files) {
      const parts = file.path.split("/");
      const stem = stemOf(parts.pop() as string);
      const folder = parts.at(-1) ?? "";
      add(this.#byStem, stem, file);
      if (foldersFile.has(stem)) add(this.#byStem, folder, file);
      add(this.#byFolder, folder, file);
    }
  }

  /** Files in the same folder as `path`, without it. */
  beside(path: string): DocumentRow[] {
    const folder = folderOf(path);
    const all = this.#byFolder.get(folder.split("/").at(-1) ?? "") ?? [];
    return all.filter((file) => file.path !== path && folderOf(file.path) === folder);
  }

  /** Files that are named `name` (without their ending): the module of that name. */
  named(name: string): readonly DocumentRow[] {
    return this.#byStem.get(name) ?? [];
  }

  /** The files that `statement` in the file `from` may mean, best first. */
  meant(statement: string, from: string): DocumentRow[] {
    const found = new Map<DocumentRow, number>();
    for (const words of wordPaths(statement))
      for (let length = words.length; length > 0; length--) {
        const part = words.slice(0, length);
        const files = this.#ending(part, from);
        for (const [file, agreed] of files) found.set(file, Math.max(found.get(file) ?? 0, agreed));
        if (files.length > 0) break;
      }
    return [...found].sort((a, b) => b[1] - a[1]).map(([file]) => file);
  }

  #ending(words: readonly string[], from: string): [DocumentRow, number][] {
    const last = words.at(-1) as string;
    const files = this.#byStem.get(last) ?? [];
    const best = nearest(files, words, from, pathWords);
    if (best.length > 0) return best.slice(0, 2);
    const inside = (this.#byFolder.get(last) ?? []).filter((file) => file.role === "source");
    return words.length < 2 ? [] : nearest(inside, words, from, (path) => [folderOf(path).split("/")]).slice(0, mostOfFolder);
  }
}

/** Files that stand for their folder. */
const foldersFile = new Set(["index", "mod", "__init__", "init", "lib", "main"]);
const mostOfFolder = 30;

const importWords = new Set(
  "import from use using include require require_once require_relative alias open export const let var type typeof as static function pub crate default async await".split(
    " ",
  ),
);

/** Names that the statement brings into the file: those beside a quoted path, else the last word of each path. */
export function importedNames(statement: string): string[] {
  const bare = statement.replace(/["'`][^"'`\n]*["'`]/g, " ").replace(/<[^<>\n]*>/g, " ");
  if (bare !== statement) return (bare.match(/[\p{L}_$][\p{L}\p{N}_$]*/gu) ?? []).filter((word) => !importWords.has(word));
  const aliases = [...statement.matchAll(/\bas\s+([\p{L}_$][\p{L}\p{N}_$]*)/gu)].map((match) => match[1] as string);
  return [...wordPaths(statement).map((words) => words.at(-1) as string), ...aliases];
}

/** Paths in words that the statement holds: "a/b.h", a.b.c, a::b, a\b; with the imported names as last word, too. */
export function wordPaths(statement: string): string[][] {
  const quoted = [...statement.matchAll(/["'`<]([^"'`<>\n]*[^"'`<>\s])["'`>]/g)].map((match) => match[1] as string);
  const texts = quoted.length > 0 ? quoted : [statement];
  const found: string[][] = [];
  for (const text of texts) {
    if (quoted.length > 0) {
      found.push(text.split(/[/\\]/).filter(isWord).map(stemOf));
      continue;
    }
    const from = /^\s*from\s+(\S+)\s+import\s+([\s\S]*)$/.exec(text);
    if (from) {
      const base = split(from[1] as string);
      const names = (from[2] as string).match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? [];
      if (base.length > 0) found.push(base);
      for (const one of names) found.push([...base, one]);
      continue;
    }
    const [head = "", braces] = text.split("{");
    const base = split(
      head.replace(/^\s*(?:pub(?:\([^)]*\))?\s+)?\w+\s+(?:static\s+|function\s+|type\s+)?/, "").replace(/\s+as\s+\w+|;/g, ""),
    );
    if (braces === undefined) found.push(base);
    else for (const one of braces.split(",")) found.push([...base, ...split(one.replace(/\s+as\s+\w+/g, ""))]);
  }
  return found.filter((words) => words.length > 0);
}

function split(path: string): string[] {
  return path.split(/::|[./\\,\s;{}*]+/).filter((word) => isWord(word) && !["crate", "super", "self"].includes(word));
}

function isWord(word: string): boolean {
  return word !== "" && word !== "." && word !== ".." && word !== "@";
}

/** Those that agree with most words from the end, nearest to `from` first. */
function nearest(
  files: readonly DocumentRow[],
  words: readonly string[],
  from: string,
  wordsOf: (path: string) => string[][],
): [DocumentRow, number][] {
  const rated = files
    .filter((file) => file.path !== from)
    .map((file) => ({
      file,
      agreed: Math.max(...wordsOf(file.path).map((path) => agreement(path, words))),
      near: shared(file.path, from),
    }));
  const most = Math.max(1, ...rated.map(({ agreed }) => agreed));
  return rated
    .filter(({ agreed }) => agreed === most)
    .sort((a, b) => b.near - a.near || a.file.path.length - b.file.path.length)
    .map(({ file, agreed }) => [file, agreed]);
}

function agreement(path: readonly string[], words: readonly string[]): number {
  let count = 0;
  while (count < words.length && path.at(-1 - count) === words.at(-1 - count)) count++;
  return count;
}

/** The ways in which words may name a file: with its own name, and without where it stands for its folder. */
function pathWords(path: string): string[][] {
  const parts = path.split("/");
  const stem = stemOf(parts.pop() as string);
  return foldersFile.has(stem) ? [parts, [...parts, stem]] : [[...parts, stem]];
}

/** Folders that two paths share from the top. */
function shared(a: string, b: string): number {
  const [one, other] = [a.split("/"), b.split("/")];
  let count = 0;
  while (count < one.length - 1 && one[count] === other[count]) count++;
  return count;
}

function stemOf(fileName: string): string {
  return fileName.replace(/(?<=.)\.(?:d\.)?[\p{L}\d]+$/u, "");
}

function folderOf(path: string): string {
  return path.slice(0, Math.max(0, path.lastIndexOf("/")));
}

function add(map: Map<string, DocumentRow[]>, key: string, file: DocumentRow): void {
  const known = map.get(key);
  if (known) known.push(file);
  else map.set(key, [file]);
}
