/** The cache's database: its tables, and opening it only when it is sound. */
import { mkdirSync, readdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";

const version = 1;
const schema = `
  CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE segments (number INTEGER PRIMARY KEY, bytes INTEGER NOT NULL);
  CREATE TABLE encodings (
    key BLOB PRIMARY KEY, landmark_row INTEGER NOT NULL, chunks INTEGER NOT NULL, tokens INTEGER NOT NULL,
    segment INTEGER NOT NULL, offset INTEGER NOT NULL, used INTEGER NOT NULL, complete INTEGER NOT NULL,
    fingerprints BLOB NOT NULL, landmark_crc INTEGER NOT NULL, kv_crc INTEGER NOT NULL) WITHOUT ROWID;
  CREATE INDEX encodings_by_segment ON encodings (segment, used);
  PRAGMA user_version = ${version};`;

/** Holds all that is read of every row when the cache is opened: the rows themselves are large. */
const placesIndex = "CREATE INDEX IF NOT EXISTS encodings_places ON encodings (segment, complete, offset, chunks, landmark_row)";

/** SQLite's result codes for a file that is not, or no longer, a sound database. */
const damagedCodes = new Set([11, 26]);
export const sqliteFull = 13;

export function isDamaged(error: unknown): boolean {
  return damagedCodes.has((error as { errcode?: number }).errcode ?? 0);
}

/** Opens the database in `folder`; a damaged one is set aside, with a sentence for people to `warn`, and an empty one made. */
export function openDatabase(folder: string, warn: (text: string) => void): DatabaseSync {
  const path = join(folder, "cache.db");
  try {
    return connect(path);
  } catch (error) {
    if (!isDamaged(error)) throw error;
    const aside = join(folder, `damaged-${Date.now()}`);
    mkdirSync(aside, { mode: 0o700 });
    for (const name of readdirSync(folder).filter((file) => file.startsWith("cache.db"))) renameSync(join(folder, name), join(aside, name));
    warn(`The cache's database ${path} was damaged. It was set aside as ${aside}; everything is encoded anew.`);
    return connect(path);
  }
}

/** Removes what `openDatabase` set aside. */
export function removeSetAside(folder: string): void {
  for (const name of readdirSync(folder)) {
    if (/^damaged-\d+$/.test(name)) rmSync(join(folder, name), { recursive: true, force: true });
  }
}

/** Opens a database that is sound and of this version, else throws with SQLite's code for damage. */
function connect(path: string): DatabaseSync {
  const database = new DatabaseSync(path, { timeout: 20_000 });
  try {
    database.exec("PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL; PRAGMA journal_size_limit = 4194304;");
    const found = (database.prepare("PRAGMA user_version").get() as { user_version: number }).user_version;
    const tables = (database.prepare("SELECT count(*) AS n FROM sqlite_master").get() as { n: number }).n;
    if (tables === 0) create(database);
    else if (found !== version) throw Object.assign(new Error(`unknown version ${found}`), { errcode: 26 });
    const check = database.prepare("PRAGMA quick_check(1)").get() as { quick_check: string };
    if (check.quick_check !== "ok") throw Object.assign(new Error(check.quick_check), { errcode: 11 });
    database.exec(placesIndex);
    return database;
  } catch (error) {
    database.close();
    throw error;
  }
}

function create(database: DatabaseSync): void {
  database.exec(`BEGIN; ${schema}`);
  const insert = database.prepare("INSERT INTO facts VALUES (?, ?)");
  // A number of its own for every rebuilt cache, so that no process takes its landmarks for those of another.
  insert.run("generation", Date.now());
  for (const name of ["epoch", "rows", "clock", "nextSegment"]) insert.run(name, 0);
  database.exec("COMMIT");
}
