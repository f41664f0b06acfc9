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
  /** Term to positions in `files`. */
  postings: Map<string, number[]>;
  /** Distinct terms of each file's name without extension. */
  names: string[][];
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
  const names: string[][] = [];
  const termsOf = remembered((part) => index.terms(part));
  files.forEach((file, at) => {
    const parts = file.path.split(/\/|\.(?=[^/.]*$)/); // folders, name, extension: the same ones come again
    for (const term of new Set(parts.flatMap(termsOf))) {
      const list = postings.get(term);
      if (list) list.push(at);
      else postings.set(term, [at]);
    }
    names.push(nameTerms(termsOf, file.path));
  });
  const positions = new Map(files.map((file, at) => [file.id, at]));
  const fresh: PathIndex = { files, postings, names, sorted: [...postings.keys()].sort(), positions };
  made.set(files, fresh);
  return fresh;
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
  readonly #asked: ReadonlySet<string>;
  /** Mass of the question's words in each path, and of the whole question. */
  readonly #covered: Float64Array;
  #mass = 0;
  /** What the words of names add to a name's match, once known. */
  readonly #closeness = new Map<string, { weight: number; found: number }>();

  constructor(paths: PathIndex, asked: ReadonlySet<string>) {
    this.#paths = paths;
    this.#asked = asked;
    this.#covered = new Float64Array(paths.files.length);
    for (const term of asked) this.#cover(term);
  }

  /** At most `count`, best first. */
  best(count: number): PathMatch[] {
    const values = Float64Array.from(this.#covered, (covered, at) =>
      covered > 0 ? this.#coverage(at) + this.#name(at) : Number.NEGATIVE_INFINITY,
    );
    return bestOf(values, count).map((at) => this.#at(at));
  }

  /** Undefined where the path shares no word with the question. */
  of(document: DocumentRow): PathMatch | undefined {
    const at = this.#paths.positions.get(document.id);
    return at !== undefined && (this.#covered[at] as number) > 0 ? this.#at(at) : undefined;
  }

  #cover(term: string): void {
    const matching = matchingTerms(this.#paths, term);
    const weight = idf(this.#paths, matching[0]?.term ?? term);
    this.#mass += weight;
    const best = new Map<number, number>();
    for (const { term: found, share } of matching)
      for (const at of this.#paths.postings.get(found) ?? []) best.set(at, Math.max(best.get(at) ?? 0, share));
    for (const [at, share] of best) this.#covered[at] = (this.#covered[at] as number) + share * weight;
  }

  #at(at: number): PathMatch {
    return { document: this.#paths.files[at] as DocumentRow, coverage: this.#coverage(at), name: this.#name(at) };
  }

  #coverage(at: number): number {
    return (this.#covered[at] as number) / Math.max(this.#mass, 1e-9);
  }

  #name(at: number): number {
    let mass = 0;
    let found = 0;
    for (const term of this.#paths.names[at] ?? []) {
      const close = this.#close(term);
      mass += close.weight;
      found += close.found;
    }
    return mass > 0 ? found / mass : 0;
  }

  #close(term: string): { weight: number; found: number } {
    const known = this.#closeness.get(term);
    if (known) return known;
    const weight = idf(this.#paths, term);
    const fresh = { weight, found: weight * closeness(term, this.#asked) };
    this.#closeness.set(term, fresh);
    return fresh;
  }
}

function closeness(term: string, asked: ReadonlySet<string>): number {
  if (asked.has(term)) return 1;
  let best = 0;
  for (const word of asked) best = Math.max(best, prefixShare(word, term));
  return best;
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

function idf(paths: PathIndex, term: string): number {
  return Math.log(1 + paths.files.length / (1 + (paths.postings.get(term)?.length ?? 0)));
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
