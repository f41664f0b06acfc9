/** Rows of the index's database as the types that the index gives out. */
import type { CommitHead, CommitRow, DocumentRow, SymbolRow } from "./types.ts";

type DocumentKind = DocumentRow["kind"];

/** What happened to documents after a transaction. */
export interface Changes {
  /** Number of the last transaction. */
  number: number;
  /** True where the log no longer reaches back so far: then `changed` holds all documents of the kind and `removed` nothing. */
  complete: boolean;
  changed: DocumentRow[];
  /** Ids of those in `changed` that are new. */
  added: number[];
  /** Files, and parts of commits. */
  removed: number[];
}

export interface EncodedParts {
  /** Of the last transaction. */
  number: number;
  parts: { document: number; encoding: string; sha: string }[];
}

/** Changes with their rows as JSON: of thousands of rows objects would cost a third of a second on their way between threads. */
export type PackedChanges = Omit<Changes, "changed" | "added"> & { after: number; rows: string };

/** Of `documentColumns`, and the number of the transaction that added the document. */
type PackedRow = [
  id: number,
  kind: DocumentKind,
  path: string,
  blob: string,
  role: DocumentRow["role"],
  language: string,
  lines: number,
  bytes: number,
  modified: number,
  commit: string,
  encode: number,
  encoding: string,
  tokens: number,
  chunks: number,
  added: number,
];

type Row = Record<string, unknown>;

export const documentColumns = "id, kind, path, blob, role, language, lines, bytes, modified, sha, encode, encoding, tokens, chunks";
export const selectDocument = `SELECT ${documentColumns} FROM documents`;
export const selectSymbol = "SELECT document, name, kind, start, end, container, signature FROM symbols";

export function unpackChanges({ after, rows, ...changes }: PackedChanges): Changes {
  const unpacked = JSON.parse(rows) as PackedRow[];
  return {
    ...changes,
    changed: unpacked.map(
      ([id, kind, path, blob, role, language, lines, bytes, modified, commit, encode, encoding, tokens, chunks]): DocumentRow => ({
        id,
        kind,
        path,
        blob,
        role,
        language,
        lines,
        bytes,
        modified,
        commit,
        encode: encode === 1,
        encoding,
        tokens,
        chunks,
      }),
    ),
    added: unpacked.filter((row) => row[14] > after).map(([id]) => id),
  };
}

export function documentRow(row: Row): DocumentRow {
  return {
    id: Number(row.id),
    kind: row.kind as DocumentKind,
    path: String(row.path),
    blob: String(row.blob),
    role: row.role as DocumentRow["role"],
    language: String(row.language),
    lines: Number(row.lines),
    bytes: Number(row.bytes),
    modified: Number(row.modified),
    commit: String(row.sha),
    encode: row.encode === 1,
    encoding: String(row.encoding),
    tokens: Number(row.tokens),
    chunks: Number(row.chunks),
  };
}

export function symbolRow(row: Row): SymbolRow {
  return {
    document: Number(row.document),
    name: String(row.name),
    kind: String(row.kind),
    startLine: Number(row.start),
    endLine: Number(row.end),
    container: String(row.container),
    signature: String(row.signature),
  };
}

export function commitRow(row: Row): CommitRow {
  return { ...commitHead(row), email: String(row.email), authored: Number(row.authored), paths: JSON.parse(String(row.paths)) };
}

export function commitHead(row: Row): CommitHead {
  return {
    document: Number(row.document),
    sha: String(row.sha),
    author: String(row.author),
    date: Number(row.date),
    parents: Number(row.parents),
    subject: String(row.subject),
    body: String(row.body),
  };
}

/** A blob of int32, copied: SQLite's bytes need not be aligned. */
export function toInts(blob: unknown): Int32Array {
  return new Int32Array((blob as Uint8Array).slice().buffer);
}
