/**
 * Every change of the index's database. Synchronous: runs in the writer's store worker. One call = one transaction = one number.
 *
 * A file whose bytes changed becomes a new document: ids are never reused, so what still speaks of the old one finds nothing.
 */
import type { DatabaseSync } from "node:sqlite";
import { Statements } from "../statements.ts";
import { openDatabase } from "./schema.ts";
import type { DiffPlace, PreparedCommit, PreparedFile, SkippedFile } from "./types.ts";

/** What a write did, for the word indexes and whoever holds document ids. */
export interface Written {
  /** The transaction's number. */
  number: number;
  /** New documents: their position in what was given, and their first passage's id. */
  added: { position: number; document: number; first: number }[];
  /** Documents that are gone. */
  removed: { document: number; first: number; count: number }[];
  /** Parts of diffs that are gone with their commits: passages, and documents. */
  removedParts: { first: number; count: number }[];
  removedDocuments: number[];
}

/** A file without its passages' text, which the database does not keep. */
export interface FileRecord extends Omit<PreparedFile, "passages"> {
  /** int32 pairs of first and last line. */
  passageLines: Int32Array;
}

export interface EncodedRow {
  document: number;
  encoding: string;
  tokens: number;
  chunkLines: Int32Array;
}

/** Of patches that are not tokenized yet. */
const bytesPerToken = 3;

export class StoreWriter {
  readonly #database: DatabaseSync;
  readonly #statements: Statements;

  constructor(file: string) {
    this.#database = openDatabase(file, "write");
    this.#statements = new Statements(this.#database);
  }

  close(): void {
    this.#database.close();
  }

  /** Adds or replaces files; the ids are in the order given. */
  putFiles(files: FileRecord[]): Written & { ids: number[] } {
    const ids: number[] = [];
    const written = this.#transaction((change) => {
      for (const [position, file] of files.entries()) ids.push(this.#putFile(file, position, change));
    });
    return { ...written, ids };
  }

  putSkipped(files: SkippedFile[]): Written {
    return this.#transaction((change) => {
      for (const { path, size, modified, reason, detail } of files) {
        this.#removeFile(path, change);
        this.#run("INSERT OR REPLACE INTO skipped VALUES (?, ?, ?, ?, ?)", path, size, modified, reason, detail);
      }
    });
  }

  removeFiles(paths: readonly string[]): Written {
    return this.#transaction((change) => {
      for (const path of paths) {
        this.#removeFile(path, change);
        this.#run("DELETE FROM skipped WHERE path = ?", path);
      }
    });
  }

  /** Commits already known are left as they are. */
  putCommits(commits: PreparedCommit[]): Written {
    return this.#transaction((change) => {
      for (const [position, commit] of commits.entries()) {
        if (this.#get("SELECT 1 FROM commits WHERE sha = ?", commit.sha)) continue;
        this.#putCommit(commit, position, change);
      }
    });
  }

  /** Of commits not known (any more), or whose diff is there already, nothing is taken in. */
  putDiffs(diffs: { sha: string; parts: DiffPlace[]; documents: number[]; leftOut: number }[]): Written {
    return this.#transaction((change) => {
      for (const [position, { sha, parts, documents, leftOut }] of diffs.entries()) {
        const commit = this.#get("SELECT document, paths, date FROM commits WHERE sha = ?", sha);
        if (!commit) continue;
        const document = Number(commit.document);
        if (this.#get("SELECT 1 FROM diffs WHERE document = ?", document)) continue;
        const paths: string[] = JSON.parse(String(commit.paths));
        const places = Int32Array.from(parts.flatMap((it) => [paths.indexOf(it.path), it.oldStart, it.oldLines, it.newStart, it.newLines]));
        const first = this.#takeIds(parts.length);
        this.#run("INSERT INTO diffs VALUES (?, ?, ?, ?, ?, ?)", first, parts.length, document, change.number, leftOut, bytesOf(places));
        for (const [number, bytes] of documents.entries())
          this.#insertDocument(["part", "", "", "source", "", number, bytes, Number(commit.date) * 1000, sha, 0, 0, 0], change);
        change.added.push({ position, document, first });
      }
    });
  }

  /** Marks the newest parts of commits for encoding, as many as a budget of tokens holds; older ones keep what they have. */
  planHistory(tokens: number): Written {
    return this.#transaction((change) => {
      const rows = this.#statements.get("SELECT id, encode, bytes, tokens FROM documents WHERE kind = 'part' ORDER BY modified DESC, id");
      let total = 0;
      const changed: [id: number, encode: number][] = [];
      for (const row of rows.iterate()) {
        total += Number(row.tokens) || Math.ceil(Number(row.bytes) / bytesPerToken);
        const encode = Number(total <= tokens);
        if (encode !== row.encode) changed.push([Number(row.id), encode]);
      }
      for (const [id, encode] of changed) this.#run("UPDATE documents SET encode = ?, changed = ? WHERE id = ?", encode, change.number, id);
    });
  }

  retainCommits(shas: ReadonlySet<string>): Written {
    return this.#transaction((change) => {
      for (const row of this.#statements.get("SELECT document, sha FROM commits").all()) {
        if (!shas.has(String(row.sha))) this.#removeDocument("commit", Number(row.document), change);
      }
    });
  }

  markEncoded(rows: EncodedRow[]): Written {
    return this.#transaction((change) => {
      for (const { document, encoding, tokens, chunkLines } of rows) {
        const { changes } = this.#run(
          "UPDATE documents SET encoding = ?, tokens = ?, chunks = ?, changed = ? WHERE id = ?",
          encoding,
          tokens,
          chunkLines.length / 2,
          change.number,
          document,
        );
        if (changes) this.#run("INSERT OR REPLACE INTO chunk_lines VALUES (?, ?)", document, bytesOf(chunkLines));
      }
    });
  }

  forgetEncodings(keys: readonly string[]): Written {
    return this.#transaction((change) => {
      for (const key of keys) {
        if (key === "") continue; // documents without an encoding have nothing to forget
        this.#run("DELETE FROM chunk_lines WHERE document IN (SELECT id FROM documents WHERE encoding = ? AND encoding <> '')", key);
        this.#run(
          "UPDATE documents SET encoding = '', tokens = 0, chunks = 0, changed = ? WHERE encoding = ? AND encoding <> ''",
          change.number,
          key,
        );
      }
    });
  }

  setMeta(key: string, value: string): void {
    this.#run("INSERT OR REPLACE INTO meta VALUES (?, ?)", key, value);
  }

  /** Makes everything written so far survive a power cut. */
  sync(): void {
    this.#database.exec("PRAGMA wal_checkpoint(PASSIVE)");
  }

  /** Forgets removals up to transaction `number`. */
  trim(number: number): void {
    this.#atomic(() => {
      this.#run("DELETE FROM removals WHERE number <= ?", number);
      this.#run("UPDATE state SET trimmed = max(trimmed, ?)", number);
    });
  }

  #putFile(file: FileRecord, position: number, change: Written): number {
    const old = this.#get("SELECT id, blob FROM documents WHERE kind = 'file' AND path = ?", file.path);
    if (old?.blob === file.blob) {
      this.#run(
        "UPDATE documents SET role = ?, language = ?, bytes = ?, modified = ?, encode = ?, changed = ? WHERE id = ?",
        file.role,
        file.language,
        file.size,
        file.modified,
        Number(file.encode),
        change.number,
        Number(old.id),
      );
      return Number(old.id);
    }
    if (old) this.#removeDocument("file", Number(old.id), change);
    else this.#run("DELETE FROM skipped WHERE path = ?", file.path);
    const { path, blob, role, language, lines, size, modified, encode, symbols, passageLines } = file;
    const count = passageLines.length / 2;
    const document = this.#insertDocument(
      ["file", path, blob, role, language, lines, size, modified, "", Number(encode), count, symbols.length],
      change,
    );
    const insert = this.#statements.get("INSERT INTO symbols VALUES (?, ?, ?, ?, ?, ?, ?, ?)");
    for (const [i, symbol] of symbols.entries())
      insert.run(document, i, symbol.name, symbol.kind, symbol.startLine, symbol.endLine, symbol.container, symbol.signature);
    change.added.push({ position, document, first: this.#insertPassages(document, passageLines) });
    return document;
  }

  #putCommit(commit: PreparedCommit, position: number, change: Written): void {
    const { sha, author, email, date, authored, parents, subject, body, paths } = commit;
    const document = this.#insertDocument(["commit", "", "", "source", "", 0, Buffer.byteLength(body), date * 1000, sha, 0, 1, 0], change);
    this.#run(
      "INSERT INTO commits VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
      document,
      sha,
      author,
      email,
      date,
      authored,
      parents,
      subject,
      body,
      JSON.stringify(paths),
    );
    change.added.push({ position, document, first: this.#insertPassages(document, Int32Array.of(0, 0)) });
  }

  #insertDocument(values: (string | number)[], change: Written): number {
    const sql = `INSERT INTO documents (kind, path, blob, role, language, lines, bytes, modified, sha, encode, passages, symbols, added, changed)
      VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
    return Number(this.#run(sql, ...values, change.number, change.number).lastInsertRowid);
  }

  /** Returns the first passage's id. */
  #insertPassages(document: number, lines: Int32Array): number {
    const count = lines.length / 2;
    const first = this.#takeIds(count);
    this.#run("INSERT INTO passages VALUES (?, ?, ?, ?)", first, count, document, bytesOf(lines));
    return first;
  }

  /** The first of so many new ids; at least one is taken, although an empty file has no passage: it is the key. */
  #takeIds(count: number): number {
    const first = Number(this.#get("SELECT next_passage FROM state")!.next_passage);
    this.#run("UPDATE state SET next_passage = ?", first + Math.max(1, count));
    return first;
  }

  #removeFile(path: string, change: Written): void {
    const old = this.#get("SELECT id FROM documents WHERE kind = 'file' AND path = ?", path);
    if (old) this.#removeDocument("file", Number(old.id), change);
  }

  /** Everything that hangs on the document goes with it (foreign keys). */
  #removeDocument(kind: "file" | "commit", document: number, change: Written): void {
    const block = this.#get("SELECT first, count FROM passages WHERE document = ?", document)!;
    const [first, count] = [Number(block.first), Number(block.count)];
    this.#run("INSERT INTO removals VALUES (?, ?, ?, ?, ?)", change.number, kind, document, first, count);
    if (kind === "commit") {
      this.#removeDiff(document, change);
      this.#removeCommitParts(document, change);
    }
    this.#run("DELETE FROM documents WHERE id = ?", document);
    change.removed.push({ document, first, count });
  }

  #removeDiff(document: number, change: Written): void {
    const row = this.#get("SELECT first, count FROM diffs WHERE document = ? AND count > 0", document);
    if (!row) return;
    const [first, count] = [Number(row.first), Number(row.count)];
    this.#run("INSERT INTO removals VALUES (?, 'diff', ?, ?, ?)", change.number, document, first, count);
    change.removedParts.push({ first, count });
  }

  #removeCommitParts(commit: number, change: Written): void {
    const parts = this.#statements.get(
      "SELECT id FROM documents WHERE kind = 'part' AND sha = (SELECT sha FROM commits WHERE document = ?)",
    );
    for (const { id } of parts.all(commit)) {
      this.#run("INSERT INTO removals VALUES (?, 'part', ?, 0, 0)", change.number, Number(id));
      this.#run("DELETE FROM documents WHERE id = ?", Number(id));
      change.removedDocuments.push(Number(id));
    }
  }

  #transaction(work: (change: Written) => void): Written {
    return this.#atomic(() => {
      this.#run("UPDATE state SET number = number + 1");
      const number = Number(this.#get("SELECT number FROM state")!.number);
      const change: Written = { number, added: [], removed: [], removedParts: [], removedDocuments: [] };
      work(change);
      return change;
    });
  }

  #atomic<T>(work: () => T): T {
    this.#database.exec("BEGIN IMMEDIATE");
    try {
      const result = work();
      this.#database.exec("COMMIT");
      return result;
    } catch (error) {
      if (this.#database.isTransaction) this.#database.exec("ROLLBACK");
      throw error;
    }
  }

  #run(sql: string, ...values: (number | string | Uint8Array)[]): { changes: number | bigint; lastInsertRowid: number | bigint } {
    return this.#statements.get(sql).run(...values);
  }

  #get(sql: string, ...values: (number | string)[]): Record<string, unknown> | undefined {
    return this.#statements.get(sql).get(...values);
  }
}

function bytesOf(ints: Int32Array): Uint8Array {
  return new Uint8Array(ints.buffer, ints.byteOffset, ints.byteLength);
}
