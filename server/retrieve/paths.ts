/**
 * Files by the words of their paths: an inverted index over path terms, made once for a list of files.
 *
 * A path matches a question as far as the question's words (weighed by how rare they are among paths) stand in it, and
 * its name as far as the name's own words stand in the question ("basic_auth.go" is all in "basic authentication").
 */
import type { IndexReader } from "../index/api.ts";
import type { DocumentRow } from "../index/types.ts";

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
}

const made = new WeakMap<readonly DocumentRow[], PathIndex>();

/** The path index of a list of files; made again only when the list is another one. */
export function pathIndex(index: IndexReader, files: readonly DocumentRow[]): PathIndex {
  const known = made.get(files);
  if (known) return known;
  const postings = new Map<string, number[]>();
  const names: string[][] = [];
  files.forEach((file, at) => {
    for (const term of new Set(index.terms(file.path))) {
      const list = postings.get(term);
      if (list) list.push(at);
      else postings.set(term, [at]);
    }
    names.push(nameTerms(index, file.path));
  });
  const fresh: PathIndex = { files, postings, names, sorted: [...postings.keys()].sort() };
  made.set(files, fresh);
  return fresh;
}

/** Names that say nothing themselves: the folder's name counts instead. */
const PLAIN_NAMES = new Set(["index", "init", "__init__", "mod", "main", "lib", "package", "default"]);

function nameTerms(index: IndexReader, path: string): string[] {
  const parts = path.split("/");
  const base = (parts.at(-1) ?? "").replace(/(?<=.)\.[^.]*$/, "");
  const named = PLAIN_NAMES.has(base.toLowerCase()) && parts.length > 1 ? (parts.at(-2) ?? base) : base;
  const terms = [...new Set(index.terms(named))];
  // a compound's own term ("basicauth") stands for the same words as its parts: parts are enough where there are some
  const whole = named.toLowerCase();
  return terms.length > 1 ? terms.filter((term) => term !== whole) : terms;
}

/** Files whose path shares words with the question, best first, at most `limit`. `terms`: analysed words of the question. */
export function matchPaths(paths: PathIndex, terms: readonly string[], limit: number): PathMatch[] {
  const asked = new Set(terms);
  const coverage = new Map<number, number>();
  let mass = 0;
  for (const term of asked) {
    const matching = matchingTerms(paths, term);
    const weight = idf(paths, matching[0]?.term ?? term);
    mass += weight;
    const best = new Map<number, number>();
    for (const { term: found, share } of matching)
      for (const at of paths.postings.get(found) ?? []) best.set(at, Math.max(best.get(at) ?? 0, share));
    for (const [at, share] of best) coverage.set(at, (coverage.get(at) ?? 0) + share * weight);
  }
  const matches: PathMatch[] = [];
  for (const [at, covered] of coverage) {
    const document = paths.files[at];
    if (document) matches.push({ document, coverage: covered / Math.max(mass, 1e-9), name: nameShare(paths, at, asked) });
  }
  return matches.sort((a, b) => b.coverage + b.name - a.coverage - a.name).slice(0, limit);
}

function nameShare(paths: PathIndex, at: number, asked: ReadonlySet<string>): number {
  let mass = 0;
  let found = 0;
  for (const term of paths.names[at] ?? []) {
    const weight = idf(paths, term);
    mass += weight;
    found += weight * closeness(term, asked);
  }
  return mass > 0 ? found / mass : 0;
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
