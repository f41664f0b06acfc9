/**
 * The tables of an index's database and how it is opened.
 *
 * One writer (the process with the write lock), any number of readers: WAL. Every write is one transaction with a number;
 * `documents.added` / `changed` and `removals` say what happened after a given number, which is what the word indexes
 * (memory of this process, of other processes, and the files saved beside the database) replay.
 */
import { statSync } from "node:fs";
import { DatabaseSync } from "node:sqlite";
import { damaged, explain, isBusy } from "./errors.ts";

/** PRAGMA user_version. A database with another one is set aside, never converted. */
export const schemaVersion = 3;

/** Up to this size (bytes) the whole database is checked when the writer opens it; above, damage shows when it is read. */
const checkedWhole = 16 << 20;

const tables = `
  -- One row. Numbers start at the time of creation, so that a words file of an older database is never taken for a newer one's.
  CREATE TABLE state (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    number INTEGER NOT NULL,        -- of the last transaction
    trimmed INTEGER NOT NULL,       -- removals up to this number are forgotten
    next_passage INTEGER NOT NULL
  );

  CREATE TABLE documents (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    kind TEXT NOT NULL,             -- 'file', 'commit', or 'part': of a commit as the model reads it, number in lines
    path TEXT NOT NULL,
    blob TEXT NOT NULL,
    role TEXT NOT NULL,
    language TEXT NOT NULL,
    lines INTEGER NOT NULL,
    bytes INTEGER NOT NULL,
    modified NUMERIC NOT NULL,
    sha TEXT NOT NULL,
    encode INTEGER NOT NULL,
    encoding TEXT NOT NULL DEFAULT '',
    tokens INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    passages INTEGER NOT NULL,      -- how many
    symbols INTEGER NOT NULL,       -- how many
    added INTEGER NOT NULL,         -- transaction that added it
    changed INTEGER NOT NULL        -- transaction that last changed it
  );
  CREATE UNIQUE INDEX documents_path ON documents (path) WHERE kind = 'file';
  CREATE INDEX documents_changed ON documents (changed);
  CREATE INDEX documents_pending ON documents (kind, modified DESC) WHERE encode = 1 AND encoding = '';
  CREATE INDEX documents_part ON documents (sha) WHERE kind = 'part';
  CREATE INDEX documents_encoding ON documents (encoding) WHERE encoding <> '';

  -- A document's passages: ids first .. first + count - 1; lines: int32 pairs of first and last line.
  CREATE TABLE passages (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    document INTEGER NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
    lines BLOB NOT NULL
  );

  CREATE TABLE symbols (
    document INTEGER NOT NULL REFERENCES documents (id) ON DELETE CASCADE,
    position INTEGER NOT NULL,
    name TEXT NOT NULL,
    kind TEXT NOT NULL,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    container TEXT NOT NULL,
    signature TEXT NOT NULL,
    PRIMARY KEY (document, position)
  ) WITHOUT ROWID;
  CREATE INDEX symbols_name ON symbols (name COLLATE NOCASE);

  -- Of an encoded document: int32 pairs of first and last line of every chunk.
  CREATE TABLE chunk_lines (
    document INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    lines BLOB NOT NULL
  );

  CREATE TABLE commits (
    document INTEGER PRIMARY KEY REFERENCES documents (id) ON DELETE CASCADE,
    sha TEXT NOT NULL UNIQUE,
    author TEXT NOT NULL,
    email TEXT NOT NULL,
    date INTEGER NOT NULL,
    authored INTEGER NOT NULL,
    parents INTEGER NOT NULL,       -- how many
    subject TEXT NOT NULL,
    body TEXT NOT NULL,
    paths TEXT NOT NULL             -- JSON array
  );

  -- What a commit changed, as parts of its patch: ids first .. first + count - 1 of the diffs' word index. A row without parts: a merge, or unreadable.
  -- parts: int32, five a part: number in the commit's paths (-1: none), first line and lines before, first line and lines after.
  CREATE TABLE diffs (
    first INTEGER PRIMARY KEY,
    count INTEGER NOT NULL,
    document INTEGER NOT NULL UNIQUE REFERENCES documents (id) ON DELETE CASCADE,
    added INTEGER NOT NULL,         -- transaction that added it
    left_out INTEGER NOT NULL,      -- files of the patch that do not belong: vendored, generated, lock files, secrets, binary
    parts BLOB NOT NULL
  );

  CREATE TABLE skipped (
    path TEXT PRIMARY KEY,
    size INTEGER NOT NULL,
    modified NUMERIC NOT NULL,
    reason TEXT NOT NULL,
    detail TEXT NOT NULL
  ) WITHOUT ROWID;
  CREATE INDEX skipped_reason ON skipped (reason);

  -- Documents that are gone, for whoever replays: their passages leave the word indexes.
  CREATE TABLE removals (
    number INTEGER NOT NULL,
    kind TEXT NOT NULL,             -- 'file', 'commit', 'diff' or 'part'
    document INTEGER NOT NULL,
    first INTEGER NOT NULL,
    count INTEGER NOT NULL
  );
  CREATE INDEX removals_number ON removals (number);

  CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;

  -- Sums over documents by kind and over diffs, kept by the triggers below, so that a status costs nothing.
  CREATE TABLE counts (
    kind TEXT PRIMARY KEY,
    documents INTEGER NOT NULL DEFAULT 0,
    to_encode INTEGER NOT NULL DEFAULT 0,
    encoded INTEGER NOT NULL DEFAULT 0,
    passages INTEGER NOT NULL DEFAULT 0,
    symbols INTEGER NOT NULL DEFAULT 0,
    chunks INTEGER NOT NULL DEFAULT 0,
    tokens INTEGER NOT NULL DEFAULT 0,
    pending_bytes INTEGER NOT NULL DEFAULT 0,
    left_out INTEGER NOT NULL DEFAULT 0
  );
  INSERT INTO counts (kind) VALUES ('file'), ('commit'), ('part'), ('diff');
  CREATE TRIGGER documents_insert AFTER INSERT ON documents BEGIN ${count("NEW", "+")} END;
  CREATE TRIGGER documents_delete AFTER DELETE ON documents BEGIN ${count("OLD", "-")} END;
  CREATE TRIGGER documents_update AFTER UPDATE OF encode, encoding, tokens, chunks, bytes ON documents
    BEGIN ${count("OLD", "-")} ${count("NEW", "+")} END;
  CREATE TRIGGER diffs_insert AFTER INSERT ON diffs BEGIN ${countDiff("NEW", "+")} END;
  CREATE TRIGGER diffs_delete AFTER DELETE ON diffs BEGIN ${countDiff("OLD", "-")} END;
`;

function count(row: "OLD" | "NEW", sign: "+" | "-"): string {
  return `UPDATE counts SET
    documents = documents ${sign} 1,
    to_encode = to_encode ${sign} (${row}.encode = 1),
    encoded = encoded ${sign} (${row}.encode = 1 AND ${row}.encoding <> ''),
    passages = passages ${sign} ${row}.passages,
    symbols = symbols ${sign} ${row}.symbols,
    chunks = chunks ${sign} ${row}.chunks,
    tokens = tokens ${sign} ${row}.tokens,
    pending_bytes = pending_bytes ${sign} iif(${row}.encode = 1 AND ${row}.encoding = '', ${row}.bytes, 0)
    WHERE kind = ${row}.kind;`;
}

function countDiff(row: "OLD" | "NEW", sign: "+" | "-"): string {
  return `UPDATE counts SET documents = documents ${sign} 1, passages = passages ${sign} ${row}.count, left_out = left_out ${sign} ${row}.left_out
    WHERE kind = 'diff';`;
}

export type Access = "read" | "write";

/**
 * How long opening tries again while others open the same database. SQLite's own waiting (busy_timeout) does not hold for the change to
 * WAL: two that are about to make it would wait for each other, so it refuses one of them at once.
 */
const openWithinMs = 10_000;
const openPauseMs = 5;

/**
 * Opens the database at `file`, creating the tables where it is new. Throws DamagedIndexError when it is damaged or of another version,
 * IndexAccessError when it cannot be reached.
 */
export function openDatabase(file: string, access: Access): DatabaseSync {
  const until = Date.now() + openWithinMs;
  for (;;) {
    try {
      return access === "write" ? openToWrite(file) : openToRead(file);
    } catch (error) {
      if (!isBusy(error) || Date.now() >= until) throw explain(error, file);
      pause(openPauseMs);
    }
  }
}

/** Holds this thread; a database is opened on a thread of its own. */
function pause(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}

function openToWrite(file: string): DatabaseSync {
  const database = new DatabaseSync(file);
  try {
    configure(database);
    database.exec(
      "PRAGMA journal_mode = WAL; PRAGMA journal_size_limit = 16777216; PRAGMA synchronous = NORMAL; PRAGMA cache_size = -8192",
    );
    create(database, file);
    checkVersion(database, file);
    if (statSync(file).size <= checkedWhole) checkWhole(database, file);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

/** A reader creates nothing but the empty tables, where it comes before the first writer. */
function openToRead(file: string): DatabaseSync {
  let database = new DatabaseSync(file);
  try {
    configure(database);
    if (version(database) === 0) {
      database.exec("PRAGMA journal_mode = WAL");
      create(database, file);
    }
    database.close();
    database = new DatabaseSync(file, { readOnly: true });
    configure(database);
    checkVersion(database, file);
    return database;
  } catch (error) {
    if (database.isOpen) database.close();
    throw error;
  }
}

function configure(database: DatabaseSync): void {
  database.exec("PRAGMA busy_timeout = 10000; PRAGMA foreign_keys = ON; PRAGMA temp_store = MEMORY");
}

/** Two processes may come here at once: the write transaction lets one of them create, the other find. */
function create(database: DatabaseSync, file: string): void {
  if (version(database) !== 0) return;
  database.exec("BEGIN IMMEDIATE");
  try {
    if (version(database) === 0) {
      if (database.prepare("SELECT count(*) AS n FROM sqlite_schema").get()?.n !== 0) throw damaged(file, "it holds unknown tables");
      database.exec(tables);
      const now = Date.now();
      database.prepare("INSERT INTO state VALUES (1, ?, ?, 1)").run(now, now);
      database.exec(`PRAGMA user_version = ${schemaVersion}`);
    }
    database.exec("COMMIT");
  } catch (error) {
    database.exec("ROLLBACK");
    throw error;
  }
}

function version(database: DatabaseSync): number {
  return Number(database.prepare("PRAGMA user_version").get()?.user_version);
}

function checkVersion(database: DatabaseSync, file: string): void {
  const found = version(database);
  if (found !== schemaVersion) throw damaged(file, `it has version ${found}, this program knows version ${schemaVersion}`);
  if (!database.prepare("SELECT number FROM state").get()) throw damaged(file, "its state is missing");
}

function checkWhole(database: DatabaseSync, file: string): void {
  const found = database.prepare("PRAGMA quick_check(1)").get()?.quick_check;
  if (found !== "ok") throw damaged(file, String(found));
}
