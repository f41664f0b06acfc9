/**
 * The cache's database and files: encodings by content, shared by every program of the user. Runs on the cache worker.
 *
 * Space is reserved in one transaction (entry incomplete), bytes are written at the reserved offsets, then a second transaction
 * makes the entry complete. A crash in between leaves an incomplete entry, which the next put of the same key fills.
 * Landmarks stay; K/V is evicted by whole segments, least recently used first, while entries in use move to the newest segment.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { DatabaseSync } from "node:sqlite";
import { crc32 } from "node:zlib";
import { KV_BYTES, LANDMARK_BYTES } from "../../native/addon.ts";
import { Statements } from "../statements.ts";
import { isDamaged, openDatabase, removeSetAside, sqliteFull } from "./cache-database.ts";
import { CacheFiles, type Disk, landmarkPath, realDisk, segmentPath } from "./cache-files.ts";
import { type Checkable, LandmarkChecks } from "./landmark-checks.ts";
import { Lock } from "./lock.ts";

/** Where an encoding lies; `segment` -1: its K/V was evicted. */
export interface CachePlace {
  landmarkRow: number;
  chunks: number;
  /** Without padding. */
  tokens: number;
  segment: number;
  /** Bytes. */
  offset: number;
}

/**
 * An encoding's bytes. landmarks: chunks x 264, kv: chunks x 16,896, fingerprints: chunks x 8 (fingerprints.ts). An empty kv: landmarks alone
 * are kept, as if the K/V had been evicted.
 */
export interface Encoding {
  tokens: number;
  fingerprints: Uint8Array;
  landmarks: Uint8Array;
  kv: Uint8Array;
}

/** An encoding to keep. */
export interface CacheEntry extends Encoding {
  /** 64 hex digits. */
  key: string;
}

export interface CacheFacts {
  /** Changes when the cache is cleared or rebuilt: places of another generation mean nothing. */
  generation: number;
  /** Changes when K/V is evicted or moved: places should be asked for again. */
  epoch: number;
}

export interface CacheLimits {
  /** Bytes of K/V kept. */
  capBytes: number;
  /** Bytes a segment file grows to. */
  segmentBytes: number;
}

/** The disk is full, or the cache cannot be written. */
export class CacheError extends Error {
  readonly code: "full" | "io";
  constructor(code: "full" | "io", message: string) {
    super(message);
    this.name = "CacheError";
    this.code = code;
  }
}

const noKv = { segment: -1, offset: 0 };

/** Space for entries: what has to be written where. */
interface Reserved {
  generation: number;
  rows: { place: CachePlace; write: "all" | "kv" | "nothing" }[];
}

type Row = {
  landmark_row: number;
  chunks: number;
  tokens: number;
  segment: number;
  offset: number;
  complete: number;
  landmark_crc: number;
  kv_crc: number;
};

const rowColumns = "landmark_row, chunks, tokens, segment, offset, complete, landmark_crc, kv_crc";

export class CacheStore {
  readonly #folder: string;
  readonly #files: CacheFiles;
  readonly #warn: (text: string) => void;
  #limits: CacheLimits;
  #database: DatabaseSync;
  #statements!: Statements; // set by #open, as the database
  /** Used, and not yet written down as such. */
  readonly #touched = new Set<string>();
  readonly #checks: LandmarkChecks;

  /** Opens or makes the cache in `folder`. `warn` gets sentences for people. */
  constructor(folder: string, limits: CacheLimits, warn: (text: string) => void, disk: Disk = realDisk) {
    this.#folder = folder;
    this.#limits = limits;
    this.#warn = warn;
    this.#files = new CacheFiles(folder, disk);
    this.#checks = new LandmarkChecks(this.#files);
    this.#database = this.#open();
  }

  facts(): CacheFacts {
    return this.#guard(() => ({ generation: this.#fact("generation"), epoch: this.#fact("epoch") }));
  }

  setLimits(limits: CacheLimits): void {
    this.#limits = limits;
    this.#guard(() => this.#evict());
  }

  /** Places of complete encodings, in the order of `keys`; counts as a use of them. */
  get(keys: readonly string[]): (CachePlace | undefined)[] {
    return this.#guard(() => {
      this.#checks.start(this.#fact("generation"));
      const places = new Array<CachePlace | undefined>(keys.length).fill(undefined);
      for (const [index, row] of this.#rows(keys)) {
        if (!row.complete) continue;
        this.#used(keys[index]!, row);
        places[index] = placeOf(row);
      }
      return places;
    });
  }

  /**
   * Checks some of the landmarks that were asked for and not checked yet; false when none are left. Spoilt ones are forgotten, and the
   * epoch advances: whoever holds them asks again. Apart from `get`, because reading all of them takes longer than a start may.
   */
  check(): boolean {
    return this.#guard(() => this.#checkSome());
  }

  /** An encoding's bytes; undefined when it is not here or its K/V is not. */
  read(key: string): Encoding | undefined {
    return this.#guard(() => {
      const row = this.#statements.get(`SELECT ${rowColumns}, fingerprints FROM encodings WHERE key = ?`).get(bytesOf(key)) as
        | (Row & { fingerprints: Uint8Array })
        | undefined;
      if (!row?.complete || row.segment < 0) return undefined;
      const landmarks = this.#files.readLandmarks(this.#fact("generation"), row.landmark_row * LANDMARK_BYTES, row.chunks * LANDMARK_BYTES);
      const kv = this.#files.readSegment(row.segment, row.offset, row.chunks * KV_BYTES);
      if (!landmarks || !kv || crc32(landmarks) !== row.landmark_crc || crc32(kv) !== row.kv_crc) return undefined;
      return { tokens: row.tokens, fingerprints: row.fingerprints, landmarks, kv };
    });
  }

  /** Keeps encodings and gives their places, in order. Throws CacheError when the disk is full. */
  put(entries: readonly CacheEntry[]): CachePlace[] {
    return this.#guard(() => {
      for (let attempt = 0; attempt < 3; attempt++) {
        const reserved = this.#transaction(() => this.#reserve(entries));
        for (const [index, entry] of entries.entries()) this.#write(reserved.generation, reserved.rows[index]!, entry);
        this.#files.sync();
        // Another process may have cleared the cache or evicted the segment meanwhile: then everything is reserved anew.
        if (!this.#transaction(() => this.#complete(reserved, entries))) continue;
        this.#evict();
        return entries.map(({ key }, index) => this.#place(key) ?? reserved.rows[index]!.place);
      }
      throw new CacheError("io", `The cache in ${this.#folder} keeps being cleared by another program; encoding waits.`);
    });
  }

  /** Forgets every encoding and frees the disk. Bytes freed. */
  clear(): number {
    return this.#guard(() => {
      const freed = this.bytes();
      this.#transaction(() => {
        this.#database.exec("DELETE FROM encodings; DELETE FROM segments;");
        this.#setFact("generation", Math.max(Date.now(), this.#fact("generation") + 1));
        this.#setFact("epoch", this.#fact("epoch") + 1);
        this.#setFact("rows", 0);
      });
      this.#files.createLandmarks(this.#fact("generation"));
      this.#sweep();
      removeSetAside(this.#folder);
      return freed;
    });
  }

  /** Bytes of landmarks and K/V. */
  bytes(): number {
    return this.#guard(() => this.#fact("rows") * LANDMARK_BYTES + this.#kvBytes());
  }

  close(): void {
    this.#writeTouched();
    this.#files.close();
    this.#database.close();
  }

  // --- entries

  #checkSome(): boolean {
    const generation = this.#fact("generation");
    this.#checks.start(generation);
    const spoilt = this.#checks.next();
    if (spoilt.length > 0) this.#forgetSpoilt(spoilt, generation);
    return !this.#checks.done;
  }

  #forgetSpoilt(spoilt: readonly { key: string; row: Checkable }[], generation: number): void {
    this.#transaction(() => {
      if (this.#fact("generation") !== generation) return; // cleared meanwhile: they are gone anyway
      const remove = this.#statements.get("DELETE FROM encodings WHERE key = ? AND landmark_row = ?");
      for (const { key, row } of spoilt) remove.run(bytesOf(key), row.landmark_row);
      this.#setFact("epoch", this.#fact("epoch") + 1);
    });
    const path = landmarkPath(this.#folder, generation);
    this.#warn(`${spoilt.length} encodings in ${path} were damaged; their documents are encoded anew.`);
  }

  #reserve(entries: readonly CacheEntry[]): Reserved {
    const clock = this.#tick();
    const touch = this.#statements.get("UPDATE encodings SET used = ? WHERE key = ?");
    const insert = this.#statements.get("INSERT INTO encodings VALUES (?, ?, ?, ?, ?, ?, ?, 0, ?, 0, 0)");
    const rows = entries.map((entry): Reserved["rows"][number] => {
      const known = this.#row(entry.key);
      if (known?.complete && (known.segment >= 0 || entry.kv.length === 0)) return { place: placeOf(known), write: "nothing" };
      if (known) touch.run(clock, bytesOf(entry.key));
      const kv = known && known.segment >= 0 ? known : entry.kv.length > 0 ? this.#reserveKv(entry.kv.length) : noKv;
      // Landmarks that are complete may be mapped and in use: only their K/V is written.
      if (known) return { place: { ...placeOf(known), ...kvOf(kv) }, write: known.complete ? "kv" : "all" };
      const chunks = entry.landmarks.length / LANDMARK_BYTES;
      const place = { landmarkRow: this.#fact("rows"), chunks, tokens: entry.tokens, ...kvOf(kv) };
      this.#setFact("rows", place.landmarkRow + chunks);
      insert.run(bytesOf(entry.key), place.landmarkRow, chunks, entry.tokens, place.segment, place.offset, clock, entry.fingerprints);
      return { place, write: "all" };
    });
    return { generation: this.#fact("generation"), rows };
  }

  /** A free range in the newest segment, or in a new one. */
  #reserveKv(bytes: number): { segment: number; offset: number } {
    const last = this.#statements.get("SELECT number, bytes FROM segments ORDER BY number DESC LIMIT 1").get() as
      | { number: number; bytes: number }
      | undefined;
    if (last && last.bytes + bytes <= this.#limits.segmentBytes) {
      this.#statements.get("UPDATE segments SET bytes = ? WHERE number = ?").run(last.bytes + bytes, last.number);
      return { segment: last.number, offset: last.bytes };
    }
    // Numbers are never used twice, not even after a clear: another process may still map the old file.
    const number = this.#fact("nextSegment");
    this.#setFact("nextSegment", number + 1);
    this.#statements.get("INSERT INTO segments VALUES (?, ?)").run(number, bytes);
    return { segment: number, offset: 0 };
  }

  #write(generation: number, row: Reserved["rows"][number], entry: CacheEntry): void {
    if (row.write === "nothing") return;
    if (row.place.segment >= 0) this.#files.writeSegment(row.place.segment, entry.kv, row.place.offset);
    if (row.write === "all") this.#files.writeLandmarks(generation, entry.landmarks, row.place.landmarkRow * LANDMARK_BYTES);
  }

  /** False when what was reserved is gone. */
  #complete(reserved: Reserved, entries: readonly CacheEntry[]): boolean {
    if (this.#fact("generation") !== reserved.generation) return false;
    const segment = this.#statements.get("SELECT 1 FROM segments WHERE number = ?");
    const gone = ({ segment: number }: CachePlace) => number >= 0 && !segment.get(number);
    if (reserved.rows.some(({ place, write }) => write !== "nothing" && gone(place))) return false;
    const all = this.#statements.get(
      "UPDATE encodings SET complete = 1, landmark_crc = ?, kv_crc = ?, segment = ?, offset = ? WHERE key = ?",
    );
    const kv = this.#statements.get("UPDATE encodings SET kv_crc = ?, segment = ?, offset = ? WHERE key = ?");
    for (const [index, { place, write }] of reserved.rows.entries()) {
      const entry = entries[index]!;
      if (write === "all") all.run(crc32(entry.landmarks), crc32(entry.kv), place.segment, place.offset, bytesOf(entry.key));
      if (write === "kv") kv.run(crc32(entry.kv), place.segment, place.offset, bytesOf(entry.key));
    }
    return true;
  }

  #place(key: string): CachePlace | undefined {
    const row = this.#row(key);
    return row && placeOf(row);
  }

  /** All at once, as JSON: as thousands of statements it would take five times as long. */
  #rows(keys: readonly string[]): [index: number, row: Row][] {
    const sql = `SELECT json_group_array(json_array(k.key, ${rowColumns})) AS rows FROM json_each(?) k JOIN encodings e ON e.key = unhex(k.value)`;
    const { rows } = this.#statements.get(sql).get(JSON.stringify(keys)) as { rows: string };
    return (JSON.parse(rows) as number[][]).map(
      ([index, landmark_row, chunks, tokens, segment, offset, complete, landmark_crc, kv_crc]): [number, Row] => [
        index!,
        { landmark_row, chunks, tokens, segment, offset, complete, landmark_crc, kv_crc } as Row,
      ],
    );
  }

  #row(key: string): Row | undefined {
    return this.#statements.get(`SELECT ${rowColumns} FROM encodings WHERE key = ?`).get(bytesOf(key)) as Row | undefined;
  }

  /** Who asks waits neither until its use is written down nor until it is checked. */
  #used(key: string, row: Row): void {
    if (this.#touched.size === 0) setImmediate(() => this.#writeTouched());
    this.#touched.add(key);
    this.#checks.add(key, row);
  }

  #writeTouched(): void {
    const keys = [...this.#touched];
    this.#touched.clear();
    if (keys.length === 0 || !this.#database.isOpen) return;
    try {
      this.#transaction(() => {
        const clock = this.#tick();
        const touch = this.#statements.get("UPDATE encodings SET used = ? WHERE key = ?");
        for (const key of keys) touch.run(clock, bytesOf(key));
      });
    } catch {
      // A full disk must not keep encodings from being read: they are only evicted a little earlier. Damage is met by the next call.
    }
  }

  // --- eviction

  #kvBytes(): number {
    const row = this.#statements.get("SELECT coalesce(sum(bytes), 0) AS bytes FROM segments").get() as { bytes: number };
    return row.bytes;
  }

  #evict(): void {
    this.#writeTouched();
    while (this.#kvBytes() > this.#limits.capBytes) {
      const freed = this.#transaction(() => this.#evictSegment());
      if (freed === undefined) return;
      this.#files.unlink(segmentPath(this.#folder, freed));
    }
  }

  /** Empties the segment with the least in use; its number, or undefined when there is none. */
  #evictSegment(): number | undefined {
    const hot = this.#hotSince();
    const victim = this.#statements
      .get(
        `SELECT s.number, s.bytes, coalesce(sum(CASE WHEN e.used >= ? THEN e.chunks END), 0) * ${KV_BYTES} / CAST(s.bytes AS REAL) AS share
         FROM segments s LEFT JOIN encodings e ON e.segment = s.number GROUP BY s.number ORDER BY share, s.number LIMIT 1`,
      )
      .get(hot) as { number: number } | undefined;
    if (!victim) return undefined;
    const kept = this.#statements
      .get("SELECT key, chunks, offset FROM encodings WHERE segment = ? AND used >= ? AND complete = 1")
      .all(victim.number, hot) as { key: Uint8Array; chunks: number; offset: number }[];
    this.#statements.get("DELETE FROM segments WHERE number = ?").run(victim.number);
    this.#statements.get("UPDATE encodings SET segment = -1, offset = 0 WHERE segment = ?").run(victim.number);
    for (const entry of kept) this.#moveForward(victim.number, entry);
    this.#files.sync();
    this.#setFact("epoch", this.#fact("epoch") + 1);
    return victim.number;
  }

  #moveForward(from: number, entry: { key: Uint8Array; chunks: number; offset: number }): void {
    const kv = this.#files.readSegment(from, entry.offset, entry.chunks * KV_BYTES);
    if (!kv) return;
    const place = this.#reserveKv(kv.length);
    this.#files.writeSegment(place.segment, kv, place.offset);
    this.#statements.get("UPDATE encodings SET segment = ?, offset = ? WHERE key = ?").run(place.segment, place.offset, entry.key);
  }

  /** The clock from which on entries count as in use: the latest used that fill half of the cap. */
  #hotSince(): number {
    const uses = this.#statements
      .get("SELECT used, sum(chunks) AS chunks FROM encodings WHERE segment >= 0 GROUP BY used ORDER BY used DESC")
      .iterate() as Iterable<{ used: number; chunks: number }>;
    let bytes = 0;
    let since = Number.MAX_SAFE_INTEGER;
    for (const { used, chunks } of uses) {
      bytes += chunks * KV_BYTES;
      if (bytes > this.#limits.capBytes / 2) break;
      since = used;
    }
    return since;
  }

  // --- the database

  #fact(name: "generation" | "epoch" | "rows" | "clock" | "nextSegment"): number {
    return (this.#statements.get("SELECT value FROM facts WHERE name = ?").get(name) as { value: number }).value;
  }

  #setFact(name: string, value: number): void {
    this.#statements.get("UPDATE facts SET value = ? WHERE name = ?").run(value, name);
  }

  #tick(): number {
    const clock = this.#fact("clock") + 1;
    this.#setFact("clock", clock);
    return clock;
  }

  #transaction<T>(work: () => T): T {
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

  /** Runs `work`; a damaged database is rebuilt and `work` run again. Turns a full disk into a CacheError. */
  #guard<T>(work: () => T): T {
    try {
      return work();
    } catch (error) {
      if (!isDamaged(error)) throw this.#explained(error);
      this.#database.close();
      this.#files.close();
      this.#database = this.#open();
      return work();
    }
  }

  #explained(error: unknown): unknown {
    const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
    if (error instanceof CacheError) return error;
    if (code === "ENOSPC" || code === "EDQUOT" || errcode === sqliteFull)
      return new CacheError(
        "full",
        `The disk is full: the cache in ${this.#folder} cannot grow. Free some space; encoding goes on by itself, words work meanwhile.`,
      );
    return new CacheError("io", `The cache in ${this.#folder} cannot be written: ${message}`);
  }

  #open(): DatabaseSync {
    mkdirSync(this.#folder, { recursive: true, mode: 0o700 });
    // One process at a time decides whether what lies here is sound.
    const lock = new Lock(join(this.#folder, "open.lock"));
    if (!lock.tryLock(20_000))
      throw new CacheError("io", `The cache in ${this.#folder} is held open by another program that does not answer.`);
    try {
      this.#database = openDatabase(this.#folder, this.#warn);
      this.#statements = new Statements(this.#database);
      this.#dropShortFiles();
      this.#sweep();
      return this.#database;
    } catch (error) {
      throw this.#explained(error);
    } finally {
      lock.release();
    }
  }

  /** Files that hold less than was recorded (a crash of the machine, a stranger's hand): what lay in them is forgotten. */
  #dropShortFiles(): void {
    const generation = this.#fact("generation");
    this.#files.createLandmarks(generation);
    const rows = Math.floor(this.#files.sizeOf(landmarkPath(this.#folder, generation)) / LANDMARK_BYTES);
    const lost = this.#statements.get("DELETE FROM encodings WHERE complete = 1 AND landmark_row + chunks > ?").run(rows).changes;
    if (lost) this.#warn(`${landmarkPath(this.#folder, generation)} is shorter than recorded: ${lost} documents are encoded anew.`);
    const segments = this.#statements
      .get(
        `SELECT segment, max(offset + chunks * ${KV_BYTES}) AS bytes FROM encodings WHERE segment >= 0 AND complete = 1 GROUP BY segment`,
      )
      .all() as { segment: number; bytes: number }[];
    for (const { segment, bytes } of segments) {
      const path = segmentPath(this.#folder, segment);
      if (this.#files.sizeOf(path) >= bytes) continue;
      this.#warn(`${path} is shorter than recorded: its keys and values are computed anew when they are needed.`);
      this.#transaction(() => {
        this.#statements.get("DELETE FROM segments WHERE number = ?").run(segment);
        this.#statements.get("UPDATE encodings SET segment = -1, offset = 0 WHERE segment = ?").run(segment);
        this.#setFact("epoch", this.#fact("epoch") + 1);
      });
    }
  }

  /** Unlinks data files that the database does not know: listed before the rows are read, as rows are there before their files. */
  #sweep(): void {
    const files = this.#files.list();
    const segments = this.#statements.get("SELECT number FROM segments").all() as { number: number }[];
    const known = new Set(segments.map(({ number }) => segmentPath(this.#folder, number)));
    known.add(landmarkPath(this.#folder, this.#fact("generation")));
    for (const path of files) if (!known.has(path)) this.#files.unlink(path);
  }
}

function placeOf(row: Row): CachePlace {
  return { landmarkRow: row.landmark_row, chunks: row.chunks, tokens: row.tokens, segment: row.segment, offset: row.offset };
}

function kvOf(place: { segment: number; offset: number }): { segment: number; offset: number } {
  return { segment: place.segment, offset: place.offset };
}

function bytesOf(key: string): Buffer {
  return Buffer.from(key, "hex");
}
