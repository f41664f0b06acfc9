import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { CHUNK, isFailure, KV_BYTES, LANDMARK_BYTES, type NativeEngine } from "../../native/addon.ts";
import { encode, isas, loadEngine, someIds } from "./engine-files.ts";

describe.each(isas)("encode on %s", (isa) => {
  let engine: NativeEngine;
  beforeAll(async () => {
    engine = await loadEngine({ isa });
  });
  afterAll(() => engine.close());

  it("returns chunks of the stored sizes, the last one padded", async () => {
    const [encoded] = await encode(engine, [someIds(CHUNK + 1)]);
    expect(encoded).toMatchObject({ chunks: 2 });
    expect([encoded!.landmarks.length, encoded!.kv.length]).toEqual([2 * LANDMARK_BYTES, 2 * KV_BYTES]);
  });

  it("is bit-equal when it restarts for an edit", async () => {
    const ids = someIds(18 * CHUNK + 7);
    const [whole] = await encode(engine, [ids]);
    for (const firstChunk of [1, 17, 18]) {
      const [part] = await encode(engine, [ids], firstChunk);
      expect(part!.chunks).toBe(19 - firstChunk);
      expect(Buffer.compare(part!.landmarks, whole!.landmarks.subarray(firstChunk * LANDMARK_BYTES))).toBe(0);
      expect(Buffer.compare(part!.kv, whole!.kv.subarray(firstChunk * KV_BYTES))).toBe(0);
    }
  });

  it("gives nothing for an empty document and for firstChunk at the end", async () => {
    expect((await encode(engine, [new Int32Array()]))[0]).toMatchObject({ chunks: 0 });
    expect((await encode(engine, [someIds(CHUNK)], 1))[0]).toMatchObject({ chunks: 0 });
  });
});

describe("encode", () => {
  let engine: NativeEngine;
  beforeAll(async () => {
    engine = await loadEngine();
  });
  afterAll(() => engine.close());

  it("does not depend on what else is encoded, nor on threads", async () => {
    const single = await loadEngine({ threads: 1 });
    const lengths = fc.array(fc.integer({ min: 1, max: 9 * CHUNK }), { minLength: 1, maxLength: 8 });
    await fc.assert(
      fc.asyncProperty(lengths, async (list) => {
        const documents = list.map((length, i) => someIds(length, i + 1));
        const together = await encode(engine, documents);
        for (const [i, ids] of documents.entries()) {
          const [alone] = await encode(single, [ids]);
          expect(Buffer.compare(alone!.landmarks, together[i]!.landmarks)).toBe(0);
          expect(Buffer.compare(alone!.kv, together[i]!.kv)).toBe(0);
        }
      }),
      { numRuns: 6 },
    );
    single.close();
  });

  it("leaves the chunks before an edit as they were, so that they and a restart make the edited document", async () => {
    const ids = someIds(20 * CHUNK + 3);
    const edited = Int32Array.from(ids);
    edited[17 * CHUNK + 5] = 77;
    const [before] = await encode(engine, [ids]);
    const [after] = await encode(engine, [edited]);
    const [part] = await encode(engine, [edited], 17);
    for (const [which, bytes] of [["landmarks", LANDMARK_BYTES] as const, ["kv", KV_BYTES] as const]) {
      const joined = Buffer.concat([before![which].subarray(0, 17 * bytes), part![which]]);
      expect(Buffer.compare(joined, after![which])).toBe(0);
      expect(Buffer.compare(joined, before![which])).not.toBe(0);
    }
  });

  it("ends as cancelled, and encodes again afterwards", async () => {
    const pending = engine.encode([{ ids: someIds(400 * CHUNK), firstChunk: 0 }]);
    engine.cancelEncode();
    expect(await pending).toMatchObject({ failed: true, code: "cancelled" });
    expect((await encode(engine, [someIds(10)]))[0]).toMatchObject({ chunks: 1 });
  });

  it("goes on at any pace", async () => {
    engine.setPace(0.5);
    const [slow] = await encode(engine, [someIds(3 * CHUNK)]);
    engine.setPace(1);
    const [fast] = await encode(engine, [someIds(3 * CHUNK)]);
    expect(Buffer.compare(slow!.kv, fast!.kv)).toBe(0);
  });

  it("answers a search while it encodes", async () => {
    const pending = engine.encode([{ ids: someIds(64 * CHUNK), firstChunk: 0 }]);
    expect(isFailure(await engine.search(someIds(8), 2))).toBe(false);
    expect(isFailure(await pending)).toBe(false);
  });

  it("refuses wrong arguments", async () => {
    const bad = { failed: true, code: "bad-argument" };
    expect(await engine.encode([{ ids: Int32Array.of(40000), firstChunk: 0 }])).toMatchObject(bad);
    expect(await engine.encode([{ ids: Int32Array.of(8), firstChunk: 2 }])).toMatchObject(bad);
    expect(await engine.encode([{ ids: [8] as unknown as Int32Array, firstChunk: 0 }])).toMatchObject(bad);
  });
});
