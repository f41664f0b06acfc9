/** Every question the index's database answers. Synchronous: runs in the reader's store worker, on a read-only connection. */
import { statSync } from "node:fs";
import type { DatabaseSync } from "node:sqlite";
import { Statements } from "../statements.ts";
import type { KnownFile } from "./api.ts";
import { IdTable } from "./id-table.ts";
import { openDatabase } from "./schema.ts";
import {
  commitHead,
  commitRow,
  documentColumns,
  documentRow,
  type EncodedParts,
  type PackedChanges,
  selectDocument,
  selectSymbol,
  symbolRow,
  toInts,
} from "./store-rows.ts";
import type { CommitHead, CommitRow, DiffPlace, DocumentRow, IndexStatus, SymbolDefinition, SymbolRow } from "./types.ts";

/** What a word index holds. */
export type WordsKind = "file" | "commit" | "diff";

/** A document's passages: ids first, first + 1, ... and int32 pairs of first and last line. */
export interface PassageBlock {
  document: number;
  first: number;
  lines: Int32Array;
}

/** A file document as the word index needs it again. */
export interface FileReplay extends PassageBlock {
  path: string;
  blob: string;
  /** Name and line of the definitions in it. */
  symbols: Pick<SymbolDefinition, "name" | "startLine">[];
}

export interface CommitReplay extends CommitRow {
  passage: number;
}

/** A commit's diff as the word index needs it again. */
export interface DiffReplay {
  document: number;
  sha: string;
  first: number;
  count: number;
}

/** Blocks of passages whose lines are kept; all are forgotten beyond. */
const keptBlocks = 20_000;
/** Most rows for one name: a name defined more often says nothing. */
const symbolsPerName = 400;

type Row = Record<string, unknown>;

export class StoreReader {
  readonly #database: DatabaseSync;
  readonly #file: string;
  readonly #inode: number;
  readonly #statements: Statements;
  readonly #passages = this.#table("SELECT first AS id, count, document AS value FROM passages");
  readonly #diffs = this.#table("SELECT first AS id, count, document AS value FROM diffs WHERE count > 0");
  /** Dates of commits by their documents. */
  readonly #dates = this.#table("SELECT document AS id, 1 AS count, date AS value FROM commits");
  /** Lines of passages by their block's first id. */
  readonly #lines = new Map<number, Int32Array>();

  constructor(file: string) {
    this.#file = file;
    this.#database = openDatabase(file, "read");
    this.#statements = new Statements(this.#database);
    this.#inode = inode(file);
  }

  close(): void {
    this.#database.close();
  }

  /** Reads what every question needs, so that the first one need not wait for it. */
  warm(): void {
    for (const table of [this.#passages, this.#diffs, this.#dates]) table.find(0);
  }

  /** Number of the last transaction, how far the log of removals is trimmed, and whether another database took this one's place. */
  state(): { number: number; trimmed: number; replaced: boolean } {
    const row = this.#get("SELECT number, trimmed FROM state")!;
    return { number: Number(row.number), trimmed: Number(row.trimmed), replaced: inode(this.#file) !== this.#inode };
  }

  status(): Omit<IndexStatus, "wordsBytes"> {
    return this.#snapshot(() => {
      const of = (kind: string) => this.#get("SELECT * FROM counts WHERE kind = ?", kind)! as Record<string, number>;
      const [file, commit, part, diff] = [of("file"), of("commit"), of("part"), of("diff")];
      const skipped = this.#all("SELECT reason, count(*) AS n FROM skipped GROUP BY reason");
      const sum = (name: string) => file[name]! + commit[name]!;
      return {
        files: file.documents!,
        toEncode: file.to_encode!,
        encoded: file.encoded!,
        commits: commit.documents!,
        documents: sum("documents"),
        passages: sum("passages"),
        symbols: sum("symbols"),
        chunks: sum("chunks"),
        tokens: sum("tokens"),
        pendingBytes: sum("pending_bytes"),
        skipped: Object.fromEntries(skipped.map((row) => [row.reason, row.n as number])),
        history: {
          diffs: diff.documents!,
          passages: diff.passages!,
          leftOut: diff.left_out!,
          toEncode: part.to_encode!,
          encoded: part.encoded!,
          tokens: part.tokens!,
        },
        databaseBytes: size(this.#file) + size(`${this.#file}-wal`),
      };
    });
  }

  documents(ids: readonly number[]): DocumentRow[] {
    return this.#each(ids, `${selectDocument} WHERE id = ?`, documentRow);
  }

  documentAt(path: string): DocumentRow | undefined {
    const row = this.#get(`${selectDocument} WHERE kind = 'file' AND path = ?`, path);
    return row && documentRow(row);
  }

  /** Files changed after transaction `number`; all of them where the log does not reach back. */
  changes(number: number): PackedChanges {
    return this.#snapshot(() => {
      const state = this.state();
      if (state.number === number) return { number, complete: false, after: number, rows: "[]", removed: [] };
      const complete = number < state.trimmed || number > state.number;
      const after = complete ? 0 : number;
      const sql = `SELECT json_group_array(json_array(${documentColumns}, added)) AS rows FROM (SELECT * FROM documents WHERE changed > ? AND kind = 'file' ORDER BY id)`;
      const removed = complete ? [] : this.#all("SELECT document FROM removals WHERE number > ? AND kind IN ('file', 'part')", after);
      return {
        number: state.number,
        complete,
        after,
        rows: String(this.#get(sql, after)!.rows),
        removed: removed.map((row) => Number(row.document)),
      };
    });
  }

  /** Passages that left after transaction `number`, as pairs of first id and count. */
  removedPassages(kind: WordsKind, number: number): number[] {
    return this.#all("SELECT first, count FROM removals WHERE number > ? AND kind = ?", number, kind).flatMap((row) => [
      Number(row.first),
      Number(row.count),
    ]);
  }

  /** Files added after transaction `number` with an id above `after`, by id. */
  addedFiles(number: number, after: number, limit: number): FileReplay[] {
    return this.#snapshot(() =>
      this.#all(
        `SELECT d.id AS document, d.path, d.blob, p.first, p.lines FROM documents d JOIN passages p ON p.document = d.id
         WHERE d.kind = 'file' AND d.id > ? AND d.added > ? ORDER BY d.id LIMIT ?`,
        after,
        number,
        limit,
      ).map((row) => ({
        document: Number(row.document),
        path: String(row.path),
        blob: String(row.blob),
        first: Number(row.first),
        lines: toInts(row.lines),
        symbols: this.#all("SELECT name, start AS startLine FROM symbols WHERE document = ? ORDER BY position", row.document as number).map(
          (symbol) => ({ name: String(symbol.name), startLine: Number(symbol.startLine) }),
        ),
      })),
    );
  }

  addedCommits(number: number, after: number, limit: number): CommitReplay[] {
    return this.#all(
      `SELECT c.*, p.first AS passage FROM documents d JOIN commits c ON c.document = d.id JOIN passages p ON p.document = d.id
       WHERE d.kind = 'commit' AND d.id > ? AND d.added > ? ORDER BY d.id LIMIT ?`,
      after,
      number,
      limit,
    ).map((row) => ({ ...commitRow(row), passage: Number(row.passage) }));
  }

  /** Diffs added after transaction `number` of documents with an id above `after`, by id. */
  addedDiffs(number: number, after: number, limit: number): DiffReplay[] {
    return this.#all(
      `SELECT c.document, c.sha, d.first, d.count FROM diffs d JOIN commits c ON c.document = d.document
       WHERE d.count > 0 AND d.document > ? AND d.added > ? ORDER BY d.document LIMIT ?`,
      after,
      number,
      limit,
    ).map((row) => ({ document: Number(row.document), sha: String(row.sha), first: Number(row.first), count: Number(row.count) }));
  }

  /** Document, first and last line of each passage, three numbers an id; zeros where it is gone. */
  passagePlaces(ids: Int32Array): Int32Array {
    const found = new Int32Array(3 * ids.length);
    ids.forEach((id, at) => {
      const block = this.#passages.find(id);
      const lines = block && this.#linesOfBlock(block.first);
      if (lines) found.set([block.value, lines[2 * (id - block.first)]!, lines[2 * (id - block.first) + 1]!], 3 * at);
    });
    return found;
  }

  /** Undefined where the block is gone. */
  #linesOfBlock(first: number): Int32Array | undefined {
    const known = this.#lines.get(first);
    if (known) return known;
    const row = this.#get("SELECT lines FROM passages WHERE first = ?", first);
    if (!row) return undefined;
    if (this.#lines.size >= keptBlocks) this.#lines.clear();
    const lines = toInts(row.lines);
    this.#lines.set(first, lines);
    return lines;
  }

  /** First and last line of every chunk of each document; none where it is not encoded. */
  chunkLines(documents: readonly number[]): Int32Array[] {
    return documents.map((document) => {
      const row = this.#get("SELECT lines FROM chunk_lines WHERE document = ?", document);
      return row ? toInts(row.lines) : new Int32Array(0);
    });
  }

  /** By exact name, else ignoring the case of ASCII letters. */
  symbolsNamed(names: readonly string[]): SymbolRow[] {
    return names.flatMap((name) => {
      const rows = this.#all(`${selectSymbol} WHERE name = ? COLLATE NOCASE LIMIT ${symbolsPerName}`, name); // most names have none
      const exact =
        rows.length < symbolsPerName
          ? rows.filter((row) => row.name === name)
          : this.#all(`${selectSymbol} WHERE name = ? COLLATE NOCASE AND name = ? LIMIT ${symbolsPerName}`, name, name);
      return (exact.length ? exact : rows).map(symbolRow);
    });
  }

  /** OutlineRows of each document as JSON, which takes a third of the time that rows take. */
  outlines(documents: readonly number[]): string[] {
    return this.#outlines(documents, "");
  }

  /** The same with signatures. */
  definitions(documents: readonly number[]): string[] {
    return this.#outlines(documents, ", 'signature', signature");
  }

  #outlines(documents: readonly number[], more: string): string[] {
    const row = `json_object('name', name, 'kind', kind, 'startLine', start, 'endLine', "end", 'container', container${more})`;
    const sql = `SELECT json_group_array(${row}) AS rows FROM (SELECT * FROM symbols WHERE document = ? ORDER BY position)`;
    return documents.map((document) => String(this.#get(sql, document)!.rows));
  }

  /** Distinct names that each of these documents defines, as JSON. */
  namesOf(documents: readonly number[]): string[] {
    const sql = "SELECT json_group_array(DISTINCT name) AS names FROM symbols WHERE document = ?";
    return documents.map((document) => String(this.#get(sql, document)!.names));
  }

  commits(shas: readonly string[]): CommitRow[] {
    return this.#each(shas, "SELECT * FROM commits WHERE sha = ?", commitRow);
  }

  commitHeads(documents: readonly number[]): CommitHead[] {
    return this.#each(documents, "SELECT document, sha, parents, author, date, subject, body FROM commits WHERE document = ?", commitHead);
  }

  /** Document and date of the commit that each id of a word index belongs to, two numbers an id; 0 and 0 where it is gone. */
  commitsOfIds(kind: Exclude<WordsKind, "file">, ids: Int32Array): Float64Array {
    const table = kind === "commit" ? this.#passages : this.#diffs;
    const found = new Float64Array(2 * ids.length);
    ids.forEach((id, at) => {
      const document = table.find(id)?.value;
      const date = document === undefined ? undefined : this.#dates.find(document);
      if (date) found.set([date.first, date.value], 2 * at);
    });
    return found;
  }

  /** Where parts of diffs are, by their ids in the word index. */
  diffPlaces(parts: readonly number[]): (DiffPlace & { part: number })[] {
    return parts.flatMap((part) => {
      const block = this.#get(
        `SELECT d.first, d.count, d.parts, c.paths FROM (SELECT * FROM diffs WHERE first <= ? ORDER BY first DESC LIMIT 1) d
         JOIN commits c ON c.document = d.document`,
        part,
      );
      if (!block || part >= Number(block.first) + Number(block.count)) return [];
      const [path, oldStart, oldLines, newStart, newLines] = toInts(block.parts).subarray(5 * (part - Number(block.first)));
      const paths: string[] = JSON.parse(String(block.paths));
      return [{ part, path: paths[path!] ?? "", oldStart: oldStart!, oldLines: oldLines!, newStart: newStart!, newLines: newLines! }];
    });
  }

  /** Commits whose diffs are not in the index, newest first. */
  commitsWithoutDiff(): string[] {
    const sql =
      "SELECT sha FROM commits c WHERE NOT EXISTS (SELECT 1 FROM diffs d WHERE d.document = c.document) ORDER BY date DESC, document";
    return this.#all(sql).map((row) => String(row.sha));
  }

  knownCommits(): Set<string> {
    return new Set(this.#all("SELECT sha FROM commits").map((row) => String(row.sha)));
  }

  knownFiles(): KnownFile[] {
    return this.#snapshot(() =>
      [
        ...this.#all("SELECT id AS document, path, bytes AS size, modified, blob, '' AS skipped FROM documents WHERE kind = 'file'"),
        ...this.#all("SELECT 0 AS document, path, size, modified, '' AS blob, reason AS skipped FROM skipped"),
      ].map((row) => ({
        document: Number(row.document),
        path: String(row.path),
        size: Number(row.size),
        modified: Number(row.modified),
        blob: String(row.blob),
        skipped: String(row.skipped),
      })),
    );
  }

  toEncode(limit: number): DocumentRow[] {
    return this.#all(`${selectDocument} WHERE encode = 1 AND encoding = '' ORDER BY kind, modified DESC LIMIT ?`, limit).map(documentRow);
  }

  /** Parts of commits encoded after transaction `number`, newest first, and the last transaction. */
  encodedParts(number: number): EncodedParts {
    const sql = "SELECT id, encoding, sha FROM documents WHERE kind = 'part' AND encoding <> '' AND changed > ? ORDER BY modified DESC";
    return this.#snapshot(() => ({
      number: this.state().number,
      parts: this.#all(sql, number).map((row) => ({
        document: Number(row.id),
        encoding: String(row.encoding),
        sha: String(row.sha),
      })),
    }));
  }

  getMeta(key: string): string {
    return String(this.#get("SELECT value FROM meta WHERE key = ?", key)?.value ?? "");
  }

  /** `sql`: id, count and value of blocks. JSON made inside of SQLite takes a quarter of the time that rows take. */
  #table(sql: string): IdTable {
    const arrays = "json_group_array(id) AS firsts, json_group_array(count) AS counts, json_group_array(value) AS blocks";
    return new IdTable((after) => {
      const row = this.#get(`SELECT ${arrays} FROM (SELECT * FROM (${sql}) WHERE id > ? ORDER BY id)`, after)!;
      const [firsts, counts, values] = [row.firsts, row.counts, row.blocks].map((json) => JSON.parse(String(json)) as number[]);
      return { firsts: firsts!, counts: counts!, values: values! };
    });
  }

  /** Several reads of one state of the database. */
  #snapshot<T>(read: () => T): T {
    if (this.#database.isTransaction) return read();
    this.#database.exec("BEGIN");
    try {
      return read();
    } finally {
      this.#database.exec("COMMIT");
    }
  }

  #each<T>(keys: readonly (number | string)[], sql: string, row: (row: Row) => T): T[] {
    return keys.flatMap((key) => {
      const found = this.#get(sql, key);
      return found ? [row(found)] : [];
    });
  }

  #get(sql: string, ...values: (number | string)[]): Row | undefined {
    return this.#statements.get(sql).get(...values) as Row | undefined;
  }

  #all(sql: string, ...values: (number | string)[]): Row[] {
    return this.#statements.get(sql).all(...values) as Row[];
  }
}

/** Bytes of a file that may be missing. */
function size(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.size ?? 0;
}

/** 0 where there is no file. */
function inode(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.ino ?? 0;
}
