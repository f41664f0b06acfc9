/**
 * Files by the words of their paths: an inverted index over path terms, made once for a list of files.
 *
 * A path matches a question as far as the question's words (weighed by how rare they are among paths) stand in it, and
 * its name as far as the name's own words stand in the question ("basic_auth.go" is all in "basic authentication").
 */
import type { IndexReader } from "../index/api.ts";
import type { DocumentRow } from "../index/types.ts";
import { bestOf } from "./best.ts";

export interface PathMatch {
  document: DocumentRow;
  /** 0..1: share of the question's words found in the path, by idf mass. */
  coverage: number;
  /** 0..1: share of the file name's words found in the question, by idf mass. */
  name: number;
}

export interface PathIndex {
  files: readonly DocumentRow[];
  /** Term to positions in `files` of the paths that hold it. */
  postings: Map<string, number[]>;
  /** The same for names without extension. */
  names: Map<string, number[]>;
  /** What the distinct terms of each file's name weigh together. */
  nameMasses: Float64Array;
  /** Terms sorted, for prefixes. */
  sorted: string[];
  /** By document id, in `files`. */
  positions: ReadonlyMap<number, number>;
}

const made = new WeakMap<readonly DocumentRow[], PathIndex>();

/** The path index of a list of files; made again only when the list is another one. */
export function pathIndex(index: IndexReader, files: readonly DocumentRow[]): PathIndex {
  const known = made.get(files);
  if (known) return known;
  const postings = new Map<string, number[]>();
  const names = new Map<string, number[]>();
  const termsOf = remembered((part) => index.terms(part));
  files.forEach((file, at) => {
    const parts = file.path.split(/\/|\.(?=[^/.]*$)/); // folders, name, extension: the same ones come again
    for (const term of new Set(parts.flatMap(termsOf))) post(postings, term, at);
    for (const term of nameTerms(termsOf, file.path)) post(names, term, at);
  });
  const nameMasses = new Float64Array(files.length);
  for (const [term, list] of names) for (const at of list) nameMasses[at] = (nameMasses[at] as number) + idf(files, postings, term);
  const positions = new Map(files.map((file, at) => [file.id, at]));
  const fresh: PathIndex = { files, postings, names, nameMasses, sorted: [...postings.keys()].sort(), positions };
  made.set(files, fresh);
  return fresh;
}

function post(lists: Map<string, number[]>, term: string, at: number): void {
  const list = lists.get(term);
  if (list) list.push(at);
  else lists.set(term, [at]);
}

function remembered(termsOf: (part: string) => string[]): (part: string) => string[] {
  const known = new Map<string, string[]>();
  return (part) => {
    const terms = known.get(part) ?? termsOf(part);
    known.set(part, terms);
    return terms;
  };
}

/** Names that say nothing themselves: the folder's name counts instead. */
const PLAIN_NAMES = new Set(["index", "init", "__init__", "mod", "main", "lib", "package", "default"]);

function nameTerms(termsOf: (part: string) => string[], path: string): string[] {
  const parts = path.split("/");
  const base = (parts.at(-1) ?? "").replace(/(?<=.)\.[^.]*$/, "");
  const named = PLAIN_NAMES.has(base.toLowerCase()) && parts.length > 1 ? (parts.at(-2) ?? base) : base;
  const terms = [...new Set(termsOf(named))];
  // a compound's own term ("basicauth") stands for the same words as its parts: parts are enough where there are some
  const whole = named.toLowerCase();
  return terms.length > 1 ? terms.filter((term) => term !== whole) : terms;
}

/** Files whose path shares words with the question. `terms`: analysed words of the question. */
export function matchPaths(paths: PathIndex, terms: readonly string[]): PathMatches {
  return new PathMatches(paths, new Set(terms));
}

/** How well every path matches a question. Many share a word with it; few are looked at. */
export class PathMatches {
  readonly #paths: PathIndex;
  /** Mass of the question's words in each path, and of the whole question. */
  readonly #covered: Float64Array;
  #mass = 0;
  /** Mass of the words of each name that are in the question. */
  readonly #named: Float64Array;
  /** Positions of the paths that share a word with the question. */
  readonly #touched: number[] = [];

  constructor(paths: PathIndex, asked: ReadonlySet<string>) {
    this.#paths = paths;
    this.#covered = new Float64Array(paths.files.length);
    this.#named = new Float64Array(paths.files.length);
    const close = new Map<string, number>();
    for (const term of asked) {
      const matching = matchingTerms(paths, term);
      this.#cover(term, matching);
      for (const { term: found, share } of matching) close.set(found, Math.max(close.get(found) ?? 0, share));
    }
    for (const [term, share] of close) this.#name(term, share);
  }

  /** At most `count`, best first. */
  best(count: number): PathMatch[] {
    const touched = this.#touched.sort((a, b) => a - b);
    const values = touched.map((at) => this.#coverageOf(at) + this.#nameOf(at));
    return bestOf(values, count).map((place) => this.#at(touched[place] as number));
  }

  /** Undefined where the path shares no word with the question. */
  of(document: DocumentRow): PathMatch | undefined {
    const at = this.#paths.positions.get(document.id);
    return at !== undefined && (this.#covered[at] as number) > 0 ? this.#at(at) : undefined;
  }

  /** Of a path's words that match a word of the question the closest counts. */
  #cover(term: string, matching: readonly { term: string; share: number }[]): void {
    const weight = idf(this.#paths.files, this.#paths.postings, matching[0]?.term ?? term);
    this.#mass += weight;
    const counted = new Map<number, number>();
    for (const { term: found, share } of matching)
      for (const at of this.#paths.postings.get(found) ?? []) if (share > (counted.get(at) ?? 0)) counted.set(at, share);
    for (const [at, share] of counted) {
      if (this.#covered[at] === 0) this.#touched.push(at);
      this.#covered[at] = (this.#covered[at] as number) + share * weight;
    }
  }

  #name(term: string, share: number): void {
    const found = share * idf(this.#paths.files, this.#paths.postings, term);
    for (const at of this.#paths.names.get(term) ?? []) this.#named[at] = (this.#named[at] as number) + found;
  }

  #at(at: number): PathMatch {
    return { document: this.#paths.files[at] as DocumentRow, coverage: this.#coverageOf(at), name: this.#nameOf(at) };
  }

  #coverageOf(at: number): number {
    return (this.#covered[at] as number) / Math.max(this.#mass, 1e-9);
  }

  #nameOf(at: number): number {
    const mass = this.#paths.nameMasses[at] as number;
    return mass > 0 ? (this.#named[at] as number) / mass : 0;
  }
}

const SHORTEST_PREFIX = 3;

/** How well one word abbreviates the other ("auth", "authentication"), 0 when neither begins the other. */
function prefixShare(a: string, b: string): number {
  const [short, long] = a.length < b.length ? [a, b] : [b, a];
  if (short.length < SHORTEST_PREFIX || !long.startsWith(short)) return 0;
  return short.length >= 4 ? 0.75 : 0.5;
}

function matchingTerms(paths: PathIndex, term: string): { term: string; share: number }[] {
  const found = paths.postings.has(term) ? [{ term, share: 1 }] : [];
  for (let length = SHORTEST_PREFIX; length < term.length; length++) {
    const prefix = term.slice(0, length);
    if (paths.postings.has(prefix)) found.push({ term: prefix, share: prefixShare(prefix, term) });
  }
  if (term.length < SHORTEST_PREFIX) return found;
  for (let at = lowerBound(paths.sorted, term); at < paths.sorted.length; at++) {
    const other = paths.sorted[at] ?? "";
    if (!other.startsWith(term)) break;
    if (other !== term) found.push({ term: other, share: prefixShare(term, other) });
  }
  return found;
}

function lowerBound(sorted: readonly string[], term: string): number {
  let low = 0;
  let high = sorted.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((sorted[middle] ?? "") < term) low = middle + 1;
    else high = middle;
  }
  return low;
}

function idf(files: readonly DocumentRow[], postings: ReadonlyMap<string, readonly number[]>, term: string): number {
  return Math.log(1 + files.length / (1 + (postings.get(term)?.length ?? 0)));
}

/** Files that a path-like word of the question names: same path, or the path's end. Best (longest match) first. */
export function namedFiles(files: readonly DocumentRow[], word: string): DocumentRow[] {
  const asked = word.toLowerCase();
  const exact: DocumentRow[] = [];
  const ends: DocumentRow[] = [];
  const longer: DocumentRow[] = [];
  for (const file of files) {
    const path = file.path.toLowerCase();
    if (path === asked) exact.push(file);
    else if (path.endsWith(`/${asked}`)) ends.push(file);
    else if (asked.endsWith(`/${path}`)) longer.push(file); // an absolute path of another machine
  }
  longer.sort((a, b) => b.path.length - a.path.length);
  return [...exact, ...longer, ...ends];
}
