/** The rows of the index and what goes in and out of it. Lines are 1-based and inclusive everywhere. */

export type FileRole = "source" | "test" | "example" | "documentation" | "configuration" | "generated" | "vendored";

export interface SymbolDefinition {
  name: string;
  /** "function", "class", "method", "type", "constant", "variable", "module", "section", ... */
  kind: string;
  startLine: number;
  endLine: number;
  /** Name of the enclosing definition, "" at top level. */
  container: string;
  /** The definition's first line, trimmed, at most 200 characters. */
  signature: string;
}

/** A definition as regions need it. */
export type OutlineRow = Omit<SymbolDefinition, "signature">;

export interface PassageLines {
  startLine: number;
  endLine: number;
}

/** A file read, judged and split, ready to be written in one transaction. Made by prepare.ts in a worker thread. */
export interface PreparedFile {
  path: string;
  size: number;
  modified: number;
  /** Git's blob id of the bytes on disk. */
  blob: string;
  role: FileRole;
  /** Language id as VS Code's, "" when unknown. */
  language: string;
  lines: number;
  /** Whether it is encoded, too (generated and vendored files are indexed by words only). */
  encode: boolean;
  symbols: SymbolDefinition[];
  /** Passages with their text for the word index (secret-looking lines blanked). */
  passages: { startLine: number; endLine: number; symbols: string; text: string }[];
}

export type SkipReason = "binary" | "secret" | "too large" | "long line" | "unreadable" | "excluded" | "vanished";

export interface SkippedFile {
  path: string;
  size: number;
  modified: number;
  reason: SkipReason;
  /** For people, when there is more to say (an errno text). */
  detail: string;
}

/** A commit as far as words know it. */
export interface PreparedCommit {
  sha: string;
  /** Position in the log: newest first gets the highest number. */
  author: string;
  email: string;
  /** Seconds since the epoch: when it was committed, and when it was written. */
  date: number;
  authored: number;
  /** How many parents: two or more make it a merge. */
  parents: number;
  subject: string;
  body: string;
  /** Changed paths relative to the git top level; renames give both. */
  paths: string[];
}

/** What a commit changed, in parts (history/patch-parts.ts): their text for the word index, and where they are. */
export interface PreparedDiff {
  sha: string;
  parts: DiffPart[];
  /** Bytes of each part that the model reads (history/commit-document.ts). */
  documents: number[];
  /** Files whose changes do not belong: vendored, generated, lock files, secrets, binary ones. */
  leftOut: number;
}

export interface DiffPart extends DiffPlace {
  /** First lines of the definitions around the change. */
  context: string;
  removed: string;
  added: string;
}

/** Part of a commit's patch. A side without lines has 0 of them. */
export interface DiffPlace {
  /** Relative to the git top level; "" where it cannot be named. */
  path: string;
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
}

export interface DocumentRow {
  id: number;
  /** "part": of a commit as the model reads it; `lines` is its number, from 0. */
  kind: "file" | "commit" | "part";
  /** File: path relative to the opened folder. Else "". */
  path: string;
  blob: string;
  role: FileRole;
  language: string;
  lines: number;
  bytes: number;
  modified: number;
  /** Commit and part: full sha. File: "". */
  commit: string;
  encode: boolean;
  /** Hex cache key once encoded, else "". */
  encoding: string;
  tokens: number;
  chunks: number;
}

export interface PassageRow extends PassageLines {
  id: number;
  document: number;
}

export interface SymbolRow extends SymbolDefinition {
  document: number;
}

export interface CommitRow extends PreparedCommit {
  document: number;
}

/** What a ranking needs of a commit. */
export type CommitHead = Pick<CommitRow, "document" | "sha" | "parents" | "author" | "date" | "subject" | "body">;

export interface HistoryStatus {
  /** Commits whose changes were looked at, and the parts of these that are searched by words. */
  diffs: number;
  passages: number;
  /** Changed files that were left out: vendored, generated, lock files, secrets, binary ones. */
  leftOut: number;
  /** Parts of commits within the budget of encodings, how many of these are encoded, and tokens encoded. */
  toEncode: number;
  encoded: number;
  tokens: number;
}

export interface IndexStatus {
  files: number;
  /** Files marked for encoding, and how many of them are encoded. */
  toEncode: number;
  encoded: number;
  commits: number;
  documents: number;
  passages: number;
  symbols: number;
  chunks: number;
  tokens: number;
  /** Bytes of text of the files to encode that are not encoded yet. */
  pendingBytes: number;
  skipped: Record<string, number>;
  history: HistoryStatus;
  databaseBytes: number;
  wordsBytes: number;
}
