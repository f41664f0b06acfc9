/**
 * Everything that may answer a question: files found by words, by meaning, by the definitions they hold, by their paths.
 *
 * The engine's scores and the index's look-ups run at the same time. Nothing is ranked here: a candidate only gathers
 * what each way of looking found in a file.
 */
import type { IndexReader, PassageHit } from "../index/api.ts";
import type { DocumentRow, FileRole, IndexStatus, SymbolRow } from "../index/types.ts";
import { type DocumentMeaning, type Meanings, scoreMeaning } from "./meaning.ts";
import { matchPaths, namedFiles, type PathMatches, pathIndex } from "./paths.ts";
import type { Query } from "./query.ts";
import type { SearchSources } from "./sources.ts";
import { fieldWeights } from "./weights.ts";

export interface MatchedSymbol {
  symbol: SymbolRow;
  /** The name of the question it matches, as asked. */
  name: string;
  /** 0..1: 1 for an identifier of the question matched exactly, less for other case, for plain words, for common names. */
  strength: number;
  /** The question is this very name and nothing else. */
  whole: boolean;
}

export interface Candidate {
  path: string;
  /** Undefined for a new file that was never saved. */
  document: DocumentRow | undefined;
  role: FileRole;
  /** Word hits, best first. */
  passages: PassageHit[];
  meaning: DocumentMeaning | undefined;
  /** Definitions that the question names, strongest first. */
  symbols: MatchedSymbol[];
  pathCoverage: number;
  nameMatch: number;
  /** 0..1: the question names this very file. */
  named: number;
  /** Line of a stack frame in this file; 0 when none. */
  frameLine: number;
  /** The texts asked for literally that the file holds (share), with the line of the first; set by `literals.ts`. */
  literal: number;
  literalLine: number;
  /** 0..1: how much other files use what this one defines; set by `uses.ts`, for the best candidates. */
  uses: number;
}

export interface Gathered {
  candidates: Candidate[];
  /** False when no meaning took part: no engine, nothing encoded, or it failed. */
  meaningUsed: boolean;
  /** Why the engine failed, "" when it did not. */
  problem: string;
  status: IndexStatus;
  stages: { words: number; meaning: number; symbols: number };
}

/** Passages looked at: 300 rank no better (NDCG@10 0.901 and 0.901) and cost three times as much. */
const PASSAGES = 150;
const BY_MEANING = 80;
const BY_PATH = 40;
const BY_NAMED_PATH = 5;
/** A name defined more often than this says little about where to look. */
const COMMON_NAME = 12;

/** Gathers the candidates of a question, in no particular order. Rejects only when the index cannot be read. */
export async function gather(sources: SearchSources, query: Query): Promise<Gathered> {
  const { index } = sources;
  const start = performance.now();
  const stages = { words: 0, meaning: 0, symbols: 0 };
  let problem = "";
  const timed = <T>(stage: keyof typeof stages, work: Promise<T>): Promise<T> =>
    work.finally(() => {
      stages[stage] = performance.now() - start;
    });
  const looking = Promise.all([
    // the engine first: it takes longest
    timed(
      "meaning",
      scoreMeaning(sources, query.text).catch((error: unknown) => {
        problem = error instanceof Error ? error.message : String(error);
        return undefined;
      }),
    ),
    timed("words", index.searchFiles(wordsOf(index, query), PASSAGES, fieldWeights)),
    timed("symbols", namedSymbols(sources, query)),
    index.status(),
  ]);
  looking.catch(() => undefined); // heard below
  const files = await index.files();
  const paths = matchPaths(pathIndex(index, files), pathTerms(index, query)); // while the others look
  const [meanings, passages, symbols, status] = await looking;
  const found = new Found(files);
  for (const hit of passages) found.at(hit.path)?.passages.push(hit);
  for (const match of symbols) found.of(match.symbol.document)?.symbols.push(match);
  addPaths(found, paths);
  addNamed(found, query, files);
  addMeanings(found, meanings);
  return { candidates: found.all(), meaningUsed: meanings !== undefined, problem, status, stages };
}

interface RowsBy {
  id: Map<number, DocumentRow>;
  path: Map<string, DocumentRow>;
}

const rowsMade = new WeakMap<readonly DocumentRow[], RowsBy>();

/** Rows by id and by path; made again only when the list of files is another one. */
function rowsBy(files: readonly DocumentRow[]): RowsBy {
  const known = rowsMade.get(files);
  if (known) return known;
  const fresh = { id: new Map(files.map((file) => [file.id, file])), path: new Map(files.map((file) => [file.path, file])) };
  rowsMade.set(files, fresh);
  return fresh;
}

/** Candidates by path; documents by id. */
class Found {
  readonly #rows: RowsBy;
  readonly #candidates = new Map<string, Candidate>();

  constructor(files: readonly DocumentRow[]) {
    this.#rows = rowsBy(files);
  }

  all(): Candidate[] {
    return [...this.#candidates.values()];
  }

  /** The candidate of a document; undefined for one that is not a live file (a commit, or removed meanwhile). */
  of(document: number): Candidate | undefined {
    const row = this.#rows.id.get(document);
    return row && this.at(row.path);
  }

  at(path: string): Candidate {
    const known = this.#candidates.get(path);
    if (known) return known;
    const document = this.#rows.path.get(path);
    const fresh: Candidate = {
      path,
      document,
      role: document?.role ?? "source",
      passages: [],
      meaning: undefined,
      symbols: [],
      pathCoverage: 0,
      nameMatch: 0,
      named: 0,
      frameLine: 0,
      literal: 0,
      literalLine: 0,
      uses: 0,
    };
    this.#candidates.set(path, fresh);
    return fresh;
  }
}

function pathTerms(index: IndexReader, query: Query): string[] {
  return index.terms([query.words, ...query.identifiers, ...joinedNames(query)].join(" "));
}

function addPaths(found: Found, matches: PathMatches): void {
  for (const { document } of matches.best(BY_PATH)) found.at(document.path);
  for (const candidate of found.all()) {
    const match = candidate.document && matches.of(candidate.document);
    if (match) Object.assign(candidate, { pathCoverage: match.coverage, nameMatch: match.name });
  }
}

/** Files that the question names by their paths, and those of its stack frames. */
function addNamed(found: Found, query: Query, files: readonly DocumentRow[]): void {
  for (const word of query.paths)
    namedFiles(files, word)
      .slice(0, BY_NAMED_PATH)
      .forEach((file, place) => {
        const candidate = found.at(file.path);
        candidate.named = Math.max(candidate.named, 1 / (1 + place / 2));
      });
  for (const frame of query.frames.toReversed())
    for (const file of namedFiles(files, frame.path).slice(0, 1)) found.at(file.path).frameLine = frame.line;
}

/** The question's words, and its neighbouring words as the compounds that the repository writes ("url map": url_map, urlMap). */
export function wordsOf(index: IndexReader, query: Query): string {
  const words = query.words.split(/[^\p{L}\p{N}_]+/u).filter((word) => word.length > 1);
  const pairs = words.slice(1).map((word, at) => `${words[at]}_${word}`.toLowerCase());
  return [query.words, ...pairs.filter((pair) => index.documentFrequency(pair) > 0)].join(" ");
}

/** Neighbouring words written as one: file names often are ("real ip" in realip.go). */
function joinedNames(query: Query): string[] {
  const words = query.words.toLowerCase().split(/[^\p{L}\p{N}]+/u);
  return words.slice(1).map((word, at) => (words[at] ?? "") + word);
}

/** The best by meaning are candidates, and every candidate is told its own. */
function addMeanings(found: Found, meanings: Meanings | undefined): void {
  if (!meanings) return;
  for (const { document } of meanings.best(BY_MEANING)) found.of(document);
  for (const candidate of found.all()) candidate.meaning = candidate.document && meanings.of(candidate.document.id);
}

async function namedSymbols(sources: SearchSources, query: Query): Promise<MatchedSymbol[]> {
  const whole = query.kind === "symbol" ? query.text.replace(/\(\)$/, "") : "";
  const wanted = [...new Set([...query.identifiers, ...query.names, ...(whole ? [whole] : [])])];
  if (wanted.length === 0) return [];
  const rows = await sources.index.symbolsNamed(wanted);
  const sure = new Set(query.identifiers);
  const byLower = new Map<string, string>();
  for (const name of wanted.toReversed()) byLower.set(name.toLowerCase(), name);
  const counts = new Map<string, number>();
  for (const row of rows) counts.set(row.name.toLowerCase(), (counts.get(row.name.toLowerCase()) ?? 0) + 1);
  const containers = new Set(query.identifiers.map((name) => name.toLowerCase()));
  return rows
    .map((symbol) => {
      const lower = symbol.name.toLowerCase();
      const name = byLower.get(lower) ?? symbol.name;
      const exact = wanted.includes(symbol.name);
      let strength = sure.has(name) ? (exact ? 1 : 0.8) : exact ? 0.6 : 0.5;
      if (sure.has(name) && symbol.container && containers.has(symbol.container.toLowerCase())) strength *= 1.25;
      strength *= kindShare(symbol.kind);
      if (symbol.name === whole) strength = 1; // whatever it is
      return { symbol, name, strength: strength / Math.max(1, (counts.get(lower) ?? 1) / COMMON_NAME), whole: symbol.name === whole };
    })
    .sort((a, b) => b.strength - a.strength);
}

/** A type or function is what a name usually means; a variable or heading of that name less so. */
function kindShare(kind: string): number {
  if (kind === "variable" || kind === "property" || kind === "field") return 0.6;
  if (kind === "section" || kind === "key") return 0.4;
  return 1;
}
