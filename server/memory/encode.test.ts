import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { DocumentRow } from "../index/types.ts";
import { Cache } from "./cache.ts";
import { CacheError } from "./cache-store.ts";
import { Encoder, type EncoderParts } from "./encode.ts";
import { EngineDocuments } from "./engine-documents.ts";
import { Rate } from "./progress.ts";
import { encodeOne, TestEngine } from "./testing/engine.ts";

/** An index of documents whose text is their token ids. */
class TestIndex {
  readonly rows = new Map<number, DocumentRow>();
  readonly ids = new Map<number, number[]>();

  put(id: number, ids: number[]): void {
    this.ids.set(id, ids);
    const text = {
      path: `${id}.ts`,
      blob: String(id),
      role: "source" as const,
      language: "",
      lines: 1,
      bytes: ids.length * 4,
      modified: id,
    };
    this.rows.set(id, { id, kind: "file", ...text, commit: "", encode: true, encoding: "", tokens: 0, chunks: 0 });
  }

  async documents(ids: readonly number[]): Promise<DocumentRow[]> {
    return ids.flatMap((id) => this.rows.get(id) ?? []);
  }

  async toEncode(limit: number): Promise<DocumentRow[]> {
    const pending = [...this.rows.values()].filter((row) => row.encoding === "");
    return pending.sort((a, b) => (a.kind < b.kind ? -1 : a.kind > b.kind ? 1 : b.modified - a.modified)).slice(0, limit);
  }

  async markEncoded(rows: { document: number; encoding: string; tokens: number; chunkLines: Int32Array }[]): Promise<void> {
    for (const { document, encoding, tokens, chunkLines } of rows) {
      const row = this.rows.get(document);
      if (row) this.rows.set(document, { ...row, encoding, tokens, chunks: chunkLines.length / 2 });
    }
  }
}

let folder: string;
let cache: Cache;
let engine: TestEngine;
let index: TestIndex;
let held: EngineDocuments;
let problems: string[];

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "everyline-encode-"));
  cache = await Cache.open(folder, { capBytes: 1e9, segmentBytes: 64e6 }, () => {});
  engine = new TestEngine();
  index = new TestIndex();
  held = new EngineDocuments(engine, cache);
  problems = [];
});

afterEach(async () => {
  held.close();
  await cache.close();
  rmSync(folder, { recursive: true, force: true });
});

function encoder(parts: Partial<EncoderParts> = {}): Encoder {
  return new Encoder({
    index,
    cache,
    engine,
    modelId: "test",
    held,
    frame: async (rows) => {
      const ids = rows.map(({ id }) => [id, Int32Array.from(index.ids.get(id) ?? [])] as const).filter(([, of]) => of.length > 0);
      return new Map(ids.map(([id, of]) => [id, { ids: of, chunkLines: new Int32Array(2 * Math.ceil(of.length / 64)) }]));
    },
    rate: new Rate(),
    onProgress: () => {},
    onProblem: (text) => problems.push(text),
    ...parts,
  });
}

function tokens(length: number, seed = 0): number[] {
  return Array.from({ length }, (_, i) => 8 + ((i * 7 + seed) % 1000));
}

/** What the cache holds of a document is what the engine gives for it. */
async function expectEncoded(document: number): Promise<void> {
  const whole = encodeOne({ ids: Int32Array.from(index.ids.get(document)!), firstChunk: 0 });
  const stored = await cache.read(index.rows.get(document)!.encoding);
  expect(Buffer.compare(stored!.landmarks, whole.landmarks)).toBe(0);
  expect(Buffer.compare(stored!.kv, whole.kv)).toBe(0);
  expect(engine.documents.get(document)?.chunks).toBe(whole.chunks);
}

describe("Encoder", () => {
  it("encodes every document once, and a known content never again", async () => {
    for (let id = 1; id <= 150; id++) index.put(id, tokens(40 + id, id));
    await encoder().run();
    for (const id of [1, 77, 150]) await expectEncoded(id);
    const calls = engine.calls.length;
    index.put(1000, tokens(41, 1));
    await encoder().run();
    expect(engine.calls.length).toBe(calls);
    expect(engine.documents.size).toBe(151);
  });

  it("gives the engine batches of bounded size, and long documents in slices", async () => {
    index.put(1, tokens(20_000));
    for (let id = 2; id <= 9; id++) index.put(id, tokens(3000, id));
    await encoder().run();
    for (let id = 1; id <= 9; id++) await expectEncoded(id);
    const sizes = engine.calls.map((call) => call.reduce((sum, { tokens, firstChunk }) => sum + tokens - firstChunk * 64, 0));
    expect(Math.max(...sizes)).toBeLessThanOrEqual(8192);
  });

  it("gives an engine that takes more at once larger batches", async () => {
    engine.batchTokens = 100_000;
    for (let id = 1; id <= 90; id++) index.put(id, tokens(2000, id));
    index.put(91, tokens(150_000));
    await encoder().run();
    for (const id of [1, 90, 91]) await expectEncoded(id);
    const sizes = engine.calls.map((call) => call.reduce((sum, { tokens, firstChunk }) => sum + tokens - firstChunk * 64, 0));
    expect(sizes.length).toBeLessThanOrEqual(5);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(100_000);
  });

  it("computes only from the edited chunk on when a file is saved", async () => {
    index.put(1, tokens(1000));
    const one = encoder();
    await one.run();
    const before = index.rows.get(1)!.encoding;
    index.rows.delete(1);
    held.remove([1]);
    const edited = tokens(1010);
    edited[700] = 5;
    index.put(2, edited);
    one.saved(2, before);
    await one.run();
    expect(engine.calls.at(-1)).toEqual([{ tokens: 1010, firstChunk: 10 }]);
    await expectEncoded(2);
  });

  it("interrupts what is under way for a saved file, and comes back to it", async () => {
    for (let id = 1; id <= 4; id++) index.put(id, tokens(6000, id));
    const one = encoder();
    engine.hold = new Promise(() => {});
    const run = one.run();
    while (engine.calls.length === 0) await new Promise(setImmediate);
    index.put(99, tokens(70, 99));
    index.rows.get(99)!.modified = 0;
    engine.hold = Promise.resolve();
    one.saved(99, "");
    void one.run();
    await run;
    expect(engine.calls[1]).toEqual([{ tokens: 70, firstChunk: 0 }]);
    for (const id of [1, 2, 3, 4, 99]) await expectEncoded(id);
  });

  it("takes open files before the others", async () => {
    for (let id = 1; id <= 5; id++) index.put(id, tokens(5000 + id, id));
    const one = encoder();
    one.prefer([2]);
    await one.run();
    expect(engine.calls[0]).toEqual([{ tokens: 5002, firstChunk: 0 }]);
  });

  it("leaves out the one document that the engine fails on, and names it", async () => {
    for (let id = 1; id <= 5; id++) index.put(id, tokens(100, id));
    index.put(3, [...tokens(100, 3), 4321]);
    engine.bad.add(4321);
    const one = encoder();
    await one.run();
    expect(problems).toEqual([expect.stringContaining("3.ts")]);
    expect([one.left, engine.documents.size]).toEqual([1, 4]);
    for (const id of [1, 2, 4, 5]) await expectEncoded(id);
  });

  it("reads parts of commits after all files, keeps their landmarks alone, and not when files alone are asked for", async () => {
    for (let id = 1; id <= 3; id++) index.put(id, tokens(70 + id, id));
    for (let id = 10; id <= 12; id++) {
      index.put(id, tokens(70 + id, id));
      index.rows.set(id, { ...index.rows.get(id)!, kind: "part", path: "", commit: `sha${id}` });
    }
    const turns: string[] = [];
    const held: number[] = [];
    const parts = {
      onTurn: (to: string) => turns.push(to),
      onCommits: (rows: readonly DocumentRow[]) => held.push(...rows.map(({ id }) => id)),
    };
    await encoder(parts).run("files");
    expect([...engine.documents.keys()].sort()).toEqual([1, 2, 3]);
    expect(turns).toEqual([]);
    await encoder(parts).run();
    expect(held.sort()).toEqual([10, 11, 12]);
    expect(turns).toEqual(["history"]);
    expect(engine.documents.get(11)).toMatchObject({ segment: -2, chunks: 2 });
    expect(await cache.read(index.rows.get(11)!.encoding)).toBeUndefined();
    expect(await cache.get([index.rows.get(11)!.encoding])).toMatchObject([{ segment: -1, chunks: 2 }]);
  });

  it("leaves out a file that is not what was indexed", async () => {
    index.put(1, tokens(100));
    index.put(2, []);
    await encoder().run();
    expect([...engine.documents.keys()]).toEqual([1]);
  });

  it("stops within a batch and goes on where it was", async () => {
    for (let id = 1; id <= 3; id++) index.put(id, tokens(6000, id));
    const one = encoder();
    engine.hold = new Promise(() => {});
    const run = one.run();
    while (engine.calls.length === 0) await new Promise(setImmediate);
    await one.stop();
    await run;
    expect(engine.documents.size).toBe(0);
    engine.hold = Promise.resolve();
    await one.run();
    expect(engine.documents.size).toBe(3);
  });

  it("says that the disk is full and keeps what is left queued", async () => {
    for (let id = 1; id <= 3; id++) index.put(id, tokens(100, id));
    const full: EncoderParts["cache"] = {
      get: (keys) => cache.get(keys),
      read: (key) => cache.read(key),
      put: () => Promise.reject(new CacheError("full", "The disk is full")),
    };
    await expect(encoder({ cache: full }).run()).rejects.toThrow("The disk is full");
    expect((await index.toEncode(9)).length).toBe(3);
    await encoder().run();
    expect(engine.documents.size).toBe(3);
  });

  it("encodes again what was encoded but has lost its keys and values", async () => {
    await cache.setLimits({ capBytes: 1, segmentBytes: 1 });
    index.put(1, tokens(300));
    const one = encoder();
    await one.run();
    expect(engine.documents.get(1)?.segment).toBe(-1);
    await cache.setLimits({ capBytes: 1e9, segmentBytes: 1e9 });
    one.again([1]);
    await one.run();
    expect(engine.documents.get(1)?.segment).toBeGreaterThanOrEqual(0);
    await expectEncoded(1);
  });

  it("does not give the engine a document that was replaced meanwhile", async () => {
    index.put(1, tokens(100));
    const one = encoder();
    engine.hold = new Promise<void>((resolve) =>
      setImmediate(() => {
        index.rows.delete(1);
        resolve();
      }),
    );
    await one.run();
    expect(engine.documents.size).toBe(0);
  });
});

describe("EngineDocuments", () => {
  it("drops everything and starts anew when another program clears the cache", async () => {
    index.put(1, tokens(100));
    await encoder().run();
    const other = await Cache.open(folder, { capBytes: 1e9, segmentBytes: 64e6 }, () => {});
    await other.clear();
    await other.close();
    const gone = await held.refresh();
    expect(gone.map(({ document }) => document)).toEqual([1]);
    expect(engine.documents.size).toBe(0);
    expect(await held.refresh()).toEqual([]);
  });
});
