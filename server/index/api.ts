/**
 * What the rest of the server may ask of an index. The class that does it is `Index` (index.ts): SQLite on worker
 * threads behind it, the native word index beside it.
 */
import type { FieldWeights } from "../../native/addon.ts";
import type { EncodedParts } from "./store-rows.ts";
import type {
  CommitHead,
  CommitRow,
  DiffPlace,
  DocumentRow,
  IndexStatus,
  OutlineRow,
  PassageLines,
  PassageRow,
  PreparedCommit,
  PreparedDiff,
  PreparedFile,
  SkippedFile,
  SymbolDefinition,
  SymbolRow,
} from "./types.ts";

/** A word hit: the passage and where it is. */
export interface PassageHit extends PassageRow {
  /** BM25F score. */
  score: number;
  /** Share of the query's distinct words in the passage, by idf mass, 0..1. */
  coverage: number;
  /** True for the unsaved text of an open file: `document` is then the saved version's id, or 0 for a new file. */
  unsaved: boolean;
  path: string;
}

/** Chunks of a document by their numbers. */
export interface ChunksOf {
  document: number;
  chunks: readonly number[];
}

/** A commit that holds words of a query: its document and its date. */
export interface CommitHit {
  document: number;
  date: number;
  score: number;
  coverage: number;
}

/** A part of a commit's diff that holds words of a query. */
export interface DiffHit extends CommitHit {
  /** Names the part: see `diffPlaces`. */
  part: number;
}

export interface KnownFile {
  document: number;
  path: string;
  size: number;
  modified: number;
  blob: string;
  /** Set for files left out. */
  skipped: string;
}

/** Reading: any process, any time; never blocked by a writer. */
export interface IndexReader {
  status(): Promise<IndexStatus>;
  /** Rows of live documents; unknown ids are left out. */
  documents(ids: readonly number[]): Promise<DocumentRow[]>;
  documentAt(path: string): Promise<DocumentRow | undefined>;
  /** All live file documents (kept in memory and refreshed by transaction: cheap to call for every question). */
  files(): Promise<readonly DocumentRow[]>;
  /** Lines of chunks of encoded documents, each in the order asked for; none where a document is not encoded. */
  chunkLines(chunks: readonly ChunksOf[]): Promise<PassageLines[][]>;
  /** Definitions by exact name, else by name ignoring case; of live files. */
  symbolsNamed(names: readonly string[]): Promise<SymbolRow[]>;
  /** Definitions of several documents, in their order. */
  outlines(documents: readonly number[]): Promise<(readonly OutlineRow[])[]>;
  /** The same with their signatures. */
  definitions(documents: readonly number[]): Promise<SymbolDefinition[][]>;
  /** Distinct names that each of these documents defines. */
  namesOf(documents: readonly number[]): Promise<string[][]>;
  /** BM25F over file passages, with the unsaved text of open files in place of their saved text. */
  searchFiles(query: string, k: number, weights: FieldWeights): Promise<PassageHit[]>;
  /** BM25F over commits. */
  searchCommits(query: string, k: number, weights: FieldWeights): Promise<CommitHit[]>;
  /** BM25F over parts of diffs: paths and enclosing definitions, removed lines (`symbols`), added lines (`body`). */
  searchDiffs(query: string, k: number, weights: FieldWeights): Promise<DiffHit[]>;
  commits(shas: readonly string[]): Promise<CommitRow[]>;
  /** By their documents; unknown ones are left out. */
  commitHeads(documents: readonly number[]): Promise<CommitHead[]>;
  /** Where parts of diffs are, in the order asked for; unknown ones are left out. */
  diffPlaces(parts: readonly number[]): Promise<(DiffPlace & { part: number })[]>;
  /** Terms of a text as the word index sees them. */
  terms(text: string): string[];
  /** Number of file passages that hold the word. */
  documentFrequency(word: string): number;
}

/** Writing: only in the process that holds the write lock. Every call is one transaction; words follow before it resolves. */
export interface IndexWriter {
  /** Stat data and blob of every file known, also of those left out: what a reconcile compares with. */
  knownFiles(): Promise<KnownFile[]>;
  /** Adds or replaces files. Resolves to the new documents' ids, in order; unchanged blobs keep their document and encoding. */
  putFiles(files: PreparedFile[]): Promise<number[]>;
  putSkipped(files: SkippedFile[]): Promise<void>;
  removeFiles(paths: readonly string[]): Promise<number[]>;
  putCommits(commits: PreparedCommit[]): Promise<void>;
  /** Keeps only these commits (those no longer reachable vanish). */
  retainCommits(shas: ReadonlySet<string>): Promise<void>;
  knownCommits(): Promise<Set<string>>;
  /** What commits changed. A commit has one diff: given again, it is left as it is. */
  putDiffs(diffs: PreparedDiff[]): Promise<void>;
  /** Commits whose diffs were not put yet, newest first. */
  commitsWithoutDiff(): Promise<string[]>;
  /** Step two of becoming visible. `chunkLines`: first and last line of every chunk, 2 x chunks entries. */
  markEncoded(rows: { document: number; encoding: string; tokens: number; chunkLines: Int32Array }[]): Promise<void>;
  /** Of the parts of commits the newest are encoded, as many as a budget of tokens holds; the others keep what they have. */
  planHistory(tokens: number): Promise<void>;
  /** Documents to encode and not encoded: files, most recently modified first, then parts of commits, newest first. */
  toEncode(limit: number): Promise<DocumentRow[]>;
  /** Parts of commits encoded after transaction `number`, newest first, and the last transaction. */
  encodedParts(number: number): Promise<EncodedParts>;
  /** Forgets encodings (documents are queued anew). */
  forgetEncodings(keys: readonly string[]): Promise<void>;
  /** Key-value facts about the index (last commit read, ...). */
  getMeta(key: string): Promise<string>;
  setMeta(key: string, value: string): Promise<void>;
  /** Writes the word index beside the database, so that the next start maps it. */
  checkpoint(): Promise<void>;
}
