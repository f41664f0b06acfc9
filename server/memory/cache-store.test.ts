import { fork } from "node:child_process";
import { once } from "node:events";
import {
  closeSync,
  existsSync,
  fstatSync,
  mkdtempSync,
  openSync,
  readdirSync,
  readSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { KV_BYTES, LANDMARK_BYTES } from "../../native/addon.ts";
import { type Disk, realDisk, segmentPath } from "./cache-files.ts";
import { type CacheLimits, CacheStore } from "./cache-store.ts";
import { entry, keyOf } from "./testing/encodings.ts";

const roomy: CacheLimits = { capBytes: 1e9, segmentBytes: 64e6 };

let folder: string;
let warnings: string[];
const opened: CacheStore[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everyline-cache-"));
  warnings = [];
});

afterEach(() => {
  for (const store of opened.splice(0)) store.close();
  rmSync(folder, { recursive: true, force: true });
});

function open(limits = roomy, disk: Disk = realDisk): CacheStore {
  const store = new CacheStore(folder, limits, (text) => warnings.push(text), disk);
  opened.push(store);
  return store;
}

function landmarkFile(): string {
  return join(folder, readdirSync(folder).find((name) => name.startsWith("landmarks-"))!);
}

/** Compared as a whole: a matcher that walks through megabytes takes seconds. */
function expectBytes(found: Uint8Array | undefined, wanted: Uint8Array): void {
  expect(found && Buffer.compare(found, wanted)).toBe(0);
}

describe("CacheStore", () => {
  it("gives back what was put, also after it was opened anew", () => {
    open().put([entry(1, 3), entry(2, 1)]);
    const again = open();
    expect(again.get([keyOf(2), keyOf(9), keyOf(1)])).toEqual([
      { landmarkRow: 3, chunks: 1, tokens: 61, segment: 0, offset: 3 * KV_BYTES },
      undefined,
      { landmarkRow: 0, chunks: 3, tokens: 189, segment: 0, offset: 0 },
    ]);
    const { key: _, ...bytes } = entry(1, 3);
    expect(again.read(keyOf(1))).toEqual(bytes);
  });

  it("keeps every encoding apart, whatever their sizes and however often they are put", () =>
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.nat(6), fc.integer({ min: 1, max: 4 })), { minLength: 1, maxLength: 12 }), (puts) => {
        const store = new CacheStore(mkdtempSync(join(folder, "run-")), { capBytes: 1e9, segmentBytes: 5 * KV_BYTES }, () => {});
        const sizes = new Map<number, number>();
        for (const [seed, chunks] of puts) {
          if (!sizes.has(seed)) sizes.set(seed, chunks);
          store.put([entry(seed, sizes.get(seed)!)]);
        }
        for (const [seed, chunks] of sizes) expectBytes(store.read(keyOf(seed))?.kv, entry(seed, chunks).kv);
        store.close();
      }),
      { numRuns: 30 },
    ));

  it("makes all that it writes readable for its user only", () => {
    open().put([entry(1, 1)]);
    const fd = openSync(landmarkFile(), "r");
    expect(fstatSync(fd).mode & 0o777).toBe(0o600);
    closeSync(fd);
  });

  it("does not find an encoding whose writing was cut off, and fills its place when it is put again", () => {
    let writes = 0;
    const cut: Disk = {
      ...realDisk,
      write(fd, bytes, offset) {
        if (++writes === 2) throw Object.assign(new Error("the power went"), { code: "EIO" });
        realDisk.write(fd, bytes, offset);
      },
    };
    expect(() => open(roomy, cut).put([entry(1, 2)])).toThrow(/cannot be written/);
    const store = open();
    expect(store.get([keyOf(1)])).toEqual([undefined]);
    expect(store.put([entry(1, 2)])).toEqual([{ landmarkRow: 0, chunks: 2, tokens: 125, segment: 0, offset: 0 }]);
    expectBytes(store.read(keyOf(1))?.landmarks, entry(1, 2).landmarks);
  });

  it("evicts the K/V used least recently, keeps landmarks, and moves what is in use", () => {
    const store = open({ capBytes: 8 * KV_BYTES, segmentBytes: 2 * KV_BYTES });
    const before = store.facts().epoch;
    for (let seed = 0; seed < 16; seed += 2) {
      store.put([entry(seed, 1), entry(seed + 100, 1)]);
      store.get([keyOf(0)]);
    }
    store.put([entry(50, 1)]);
    const places = store.get([keyOf(0), keyOf(2), keyOf(50)]);
    expect(places.map((place) => place!.segment >= 0)).toEqual([true, false, true]);
    expectBytes(store.read(keyOf(0))?.kv, entry(0, 1).kv);
    expect(store.facts().epoch).toBeGreaterThan(before);
    const kept = readdirSync(folder).filter((name) => name.startsWith("kv-"));
    expect(kept.length * 2 * KV_BYTES).toBeLessThanOrEqual(10 * KV_BYTES);
  });

  it("takes K/V that was evicted again for the same landmarks", () => {
    const store = open({ capBytes: 4 * KV_BYTES, segmentBytes: KV_BYTES });
    for (let seed = 0; seed < 8; seed++) store.put([entry(seed, 1)]);
    const [evicted] = store.get([keyOf(0)]);
    expect(evicted!.segment).toBe(-1);
    const [back] = store.put([entry(0, 1)]);
    expect(back!.landmarkRow).toBe(evicted!.landmarkRow);
    expectBytes(store.read(keyOf(0))?.kv, entry(0, 1).kv);
  });

  it("clears without touching files that are mapped, and starts anew under other names", () => {
    const store = open();
    store.put([entry(1, 2)]);
    const fd = openSync(landmarkFile(), "r");
    const before = store.facts();
    expect(store.clear()).toBe(2 * (LANDMARK_BYTES + KV_BYTES));
    const still = new Uint8Array(2 * LANDMARK_BYTES);
    expect(readSync(fd, still, 0, still.length, 0)).toBe(still.length);
    expect(still).toEqual(entry(1, 2).landmarks);
    closeSync(fd);
    expect(store.facts().generation).not.toBe(before.generation);
    expect(store.get([keyOf(1)])).toEqual([undefined]);
    expect(store.put([entry(1, 2)])[0]!.segment).toBe(1);
    expect(existsSync(segmentPath(folder, 0))).toBe(false);
  });

  it("follows a clear by another program in the middle of a put", () => {
    const other = open();
    let writes = 0;
    const store = open(roomy, {
      ...realDisk,
      write(fd, bytes, offset) {
        if (++writes === 1) other.clear();
        realDisk.write(fd, bytes, offset);
      },
    });
    store.put([entry(1, 2)]);
    expectBytes(other.read(keyOf(1))?.kv, entry(1, 2).kv);
    expectBytes(store.read(keyOf(1))?.landmarks, entry(1, 2).landmarks);
  });

  it("says that the disk is full, loses nothing, and goes on when there is space", () => {
    let full = true;
    const store = open(roomy, {
      ...realDisk,
      write(fd, bytes, offset) {
        if (full) throw Object.assign(new Error("no space left"), { code: "ENOSPC" });
        realDisk.write(fd, bytes, offset);
      },
    });
    expect(() => store.put([entry(1, 1)])).toThrow(expect.objectContaining({ code: "full", message: expect.stringContaining(folder) }));
    full = false;
    store.put([entry(1, 1)]);
    expectBytes(store.read(keyOf(1))?.kv, entry(1, 1).kv);
  });

  it("sets a damaged database aside, says so, and starts anew", () => {
    open().put([entry(1, 1)]);
    for (const store of opened.splice(0)) store.close();
    writeFileSync(join(folder, "cache.db"), "not a database at all, but long enough to be looked at".repeat(100));
    const store = open();
    expect(warnings).toEqual([expect.stringContaining("cache.db was damaged")]);
    expect(store.get([keyOf(1)])).toEqual([undefined]);
    store.put([entry(1, 1)]);
    expectBytes(store.read(keyOf(1))?.kv, entry(1, 1).kv);
  });

  it("sets a database of an unknown version aside", () => {
    open().close();
    opened.splice(0);
    const database = new DatabaseSync(join(folder, "cache.db"));
    database.exec("PRAGMA user_version = 77");
    database.close();
    open();
    expect(warnings).toEqual([expect.stringContaining("set aside")]);
  });

  it("forgets what lay in a file that is shorter than recorded, and no more", () => {
    const store = open({ capBytes: 1e9, segmentBytes: KV_BYTES });
    store.put([entry(1, 1), entry(2, 1)]);
    truncateSync(segmentPath(folder, 1), 100);
    truncateSync(landmarkFile(), 2 * LANDMARK_BYTES);
    const again = open();
    expect(warnings).toEqual([expect.stringContaining("shorter than recorded")]);
    expect(again.get([keyOf(1), keyOf(2)]).map((place) => place?.segment)).toEqual([0, -1]);
    truncateSync(landmarkFile(), LANDMARK_BYTES);
    expect(
      open()
        .get([keyOf(1), keyOf(2)])
        .map((place) => place?.chunks),
    ).toEqual([1, undefined]);
  });

  it("forgets an encoding whose landmarks were overwritten", () => {
    const store = open();
    store.put([entry(1, 1), entry(2, 1)]);
    const fd = openSync(landmarkFile(), "r+");
    realDisk.write(fd, new Uint8Array(8).fill(7), LANDMARK_BYTES + 3);
    closeSync(fd);
    const before = store.facts().epoch;
    store.get([keyOf(1), keyOf(2)]);
    expect(store.check()).toBe(false);
    expect(store.get([keyOf(1), keyOf(2)]).map((place) => place?.chunks)).toEqual([1, undefined]);
    expect(store.facts().epoch).toBeGreaterThan(before);
    expect(warnings).toEqual([expect.stringContaining("damaged")]);
  });

  it("is shared by processes that put at the same time", async () => {
    const script = join(import.meta.dirname, "testing", "put-many.ts");
    const children = [0, 1, 2].map((part) => fork(script, [folder, String(part * 40), "60"], { stdio: "inherit" }));
    const codes = await Promise.all(children.map(async (child) => (await once(child, "exit"))[0]));
    expect(codes).toEqual([0, 0, 0]);
    const store = open();
    for (let seed = 0; seed < 140; seed++) expectBytes(store.read(keyOf(seed))?.kv, entry(seed, 1 + (seed % 3)).kv);
    expect(warnings).toEqual([]);
  });

  it("survives a process that is killed while it puts", async () => {
    const script = join(import.meta.dirname, "testing", "put-many.ts");
    for (let round = 0; round < 3; round++) {
      const child = fork(script, [folder, "0", "100000"], { stdio: ["ignore", "ignore", "inherit", "ipc"] });
      await once(child, "message");
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const store = open();
    const found = store.get(Array.from({ length: 200 }, (_, seed) => keyOf(seed)));
    expect(found[0]).toBeDefined();
    for (const [seed, place] of found.entries()) {
      if (place) expectBytes(store.read(keyOf(seed))?.kv, entry(seed, 1 + (seed % 3)).kv);
    }
    store.put([entry(100001, 2)]);
    expectBytes(store.read(keyOf(100001))?.kv, entry(100001, 2).kv);
    expect(warnings).toEqual([]);
  });
});
