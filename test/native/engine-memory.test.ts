import { readFileSync } from "node:fs";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { CHUNK, KV_BYTES, LANDMARK_BYTES, type NativeEngine, type SearchScores, type Step, unwrap } from "../../native/addon.ts";
import {
  type Attached,
  attach,
  attachApart,
  encode,
  isas,
  largestDifference,
  loadEngine,
  none,
  remember,
  someIds,
} from "./engine-files.ts";

async function begin(engine: NativeEngine, ids: Int32Array, hidden: Int32Array = none): Promise<Step> {
  return unwrap(await unwrap(engine.session()).begin(ids, hidden));
}

async function search(engine: NativeEngine, ids: Int32Array, layers: 1 | 2 = 2): Promise<SearchScores> {
  return unwrap(await engine.search(ids, layers));
}

const question = someIds(12, 99);

/** What of the mapped files below `folder` this process holds, as the system counts. */
function residentBytes(folder: string): number {
  let bytes = 0;
  let within = false;
  for (const line of readFileSync("/proc/self/smaps", "utf8").split("\n")) {
    if (/^[0-9a-f]+-[0-9a-f]+ /.test(line)) within = line.includes(folder);
    else if (within && line.startsWith("Rss:")) bytes += 1024 * Number.parseInt(line.slice(4), 10);
  }
  return bytes;
}

describe.each(isas)("the memory on %s", (isa) => {
  let engine: NativeEngine;
  beforeAll(async () => {
    engine = await loadEngine({ isa });
  });
  afterAll(() => engine.close());

  it("may be empty", async () => {
    expect(await search(engine, question)).toMatchObject({ scores: new Float32Array(), firsts: Int32Array.of(0) });
    const step = await begin(engine, question);
    expect(step.attended).toEqual([]);
    expect(step.logits.every(Number.isFinite)).toBe(true);
  });

  it("may hold one chunk, which is then certain", async () => {
    const memory = await remember(engine, [someIds(30)]);
    const { scores } = await search(engine, question);
    expect(scores.length).toBe(1);
    expect(Math.abs(scores[0]!)).toBeLessThan(0.05);
    const { attended, chosen } = await begin(engine, question);
    expect(attended.map(({ document, chunk }) => [document, chunk])).toEqual([[1, 0]]);
    expect([...chosen!.subarray(0, 3)]).toEqual([0, -1, -1]);
    engine.removeDocuments(Int32Array.of(1));
    memory.dispose();
  });

  it("takes the first 16 of equal chunks, each scored as one of them all", async () => {
    const ids = someIds(CHUNK);
    const count = 300;
    const [encoded] = await encode(engine, [ids]);
    const { places, dispose } = attach(engine, [ids], [encoded!]);
    unwrap(engine.addDocuments(Array.from({ length: count }, (_, i) => ({ ...places[0]!, document: i + 1 }))));
    const { scores } = await search(engine, question);
    expect(new Set(scores).size).toBe(1);
    expect(Math.abs(scores[0]! + Math.log(count))).toBeLessThan(0.05);
    const { chosen } = await begin(engine, question);
    expect([...chosen!.subarray(0, 16)]).toEqual(Array.from({ length: 16 }, (_, i) => i));
    dispose();
  });

  it.each([1, 5])("chooses exactly the best 16 of the stored scores, for %i tokens", async (tokens) => {
    const documents = Array.from({ length: 24 }, (_, i) => someIds(1 + 2 * i, i + 7));
    const ids = someIds(tokens, 3);
    const memory = await remember(engine, documents);
    const { chosen } = await begin(engine, ids);
    for (const head of [0, 1]) {
      const best = [...chosen!.subarray(head * 16, head * 16 + 16)];
      const last = best[15]!;
      for (let other = 0; other < documents.length; other++) {
        if (best.includes(other)) continue;
        // With two documents both are scored in full, and the better one comes first.
        unwrap(engine.removeDocuments(Int32Array.from(memory.places, (p) => p.document)));
        unwrap(engine.addDocuments([memory.places[last]!, memory.places[other]!]));
        expect((await begin(engine, ids)).chosen![head * 16]).toBe(0);
      }
    }
    memory.dispose();
  });
});

describe("documents", () => {
  let engine: NativeEngine;
  let memory: Attached;
  const documents = [someIds(3 * CHUNK, 1), someIds(2 * CHUNK + 5, 2), someIds(CHUNK, 3)];

  beforeAll(async () => {
    engine = await loadEngine();
    memory = await remember(engine, documents);
  });
  afterAll(() => {
    engine.close();
    memory.dispose();
  });

  it("are counted, scored by chunk, and attended", async () => {
    expect(engine.stats()).toMatchObject({ documents: 3, chunks: 7 });
    const { documents: list, firsts, scores } = await search(engine, question);
    expect([[...list], [...firsts], scores.length]).toEqual([[1, 2, 3], [0, 3, 6, 7], 7]);
    const { attended } = await begin(engine, question);
    expect(attended.length).toBe(7);
    expect(attended.map((a) => a.weight)).toEqual(attended.map((a) => a.weight).sort((a, b) => b - a));
    expect(attended.reduce((sum, a) => sum + a.weight, 0)).toBeLessThanOrEqual(1 + 1e-5);
  });

  it("have log-softmax scores: for one token they sum to at most 1", async () => {
    for (const layers of [1, 2] as const) {
      const { scores } = await search(engine, Int32Array.of(3), layers);
      expect(scores.reduce((sum, s) => sum + Math.exp(s), 0)).toBeLessThanOrEqual(1.02);
    }
  });

  it("that are hidden are not attended", async () => {
    const { attended } = await begin(engine, question, Int32Array.of(1, 3));
    expect(new Set(attended.map((a) => a.document))).toEqual(new Set([2]));
  });

  it("whose K/V was evicted score, are not attended, and are reported missing once", async () => {
    unwrap(engine.addDocuments([{ ...memory.places[1]!, segment: -1, offset: 0 }]));
    const { documents: list } = await search(engine, question);
    expect([...list].sort()).toEqual([1, 2, 3]);
    const { attended } = await begin(engine, question);
    expect(new Set(attended.map((a) => a.document))).toEqual(new Set([1, 3]));
    expect([...engine.missing()]).toEqual([2]);
    expect([...engine.missing()]).toEqual([]);
    unwrap(engine.addDocuments([memory.places[1]!]));
    expect((await begin(engine, question)).attended.length).toBe(7);
  });

  it("whose K/V is not kept score, are not attended, and are never missing", async () => {
    unwrap(engine.addDocuments([{ ...memory.places[1]!, segment: -2, offset: 0 }]));
    expect([...(await search(engine, question)).documents].sort()).toEqual([1, 2, 3]);
    const { attended } = await begin(engine, question);
    expect(new Set(attended.map((a) => a.document))).toEqual(new Set([1, 3]));
    expect([...engine.missing()]).toEqual([]);
    unwrap(engine.addDocuments([memory.places[1]!]));
    expect((await begin(engine, question)).attended.length).toBe(7);
  });

  it("can be removed and come back", async () => {
    unwrap(engine.removeDocuments(Int32Array.of(1, 77)));
    expect([...(await search(engine, question)).documents].sort()).toEqual([2, 3]);
    unwrap(engine.addDocuments([memory.places[0]!]));
    expect(engine.stats()).toMatchObject({ documents: 3, chunks: 7 });
  });

  it("that do not fit the files are refused, all or none", async () => {
    const beyond = { ...memory.places[0]!, document: 9, landmarkRow: 6, chunks: 3 };
    expect(engine.addDocuments([{ ...memory.places[0]!, document: 8 }, beyond])).toMatchObject({ failed: true, code: "io" });
    expect(engine.addDocuments([{ ...memory.places[0]!, segment: 5 }])).toMatchObject({ failed: true, code: "bad-argument" });
    expect(engine.addDocuments([{ ...memory.places[0]!, tokens: 9 * CHUNK }])).toMatchObject({ failed: true, code: "bad-argument" });
    expect(engine.addDocuments([{ ...memory.places[0]!, offset: 2 ** 40 }])).toMatchObject({ failed: true, code: "io" });
    expect(engine.stats()).toMatchObject({ documents: 3 });
  });

  it("of a detached segment are no longer attended", async () => {
    unwrap(engine.detachSegment(0));
    expect((await begin(engine, question)).attended).toEqual([]);
    expect((await search(engine, question)).scores.length).toBe(7);
    expect([...engine.missing()]).toEqual([1, 2, 3]);
  });
});

describe("keys and values", () => {
  const budget = 2 << 20;
  const block = 64 << 10; // what is mapped and let go together
  const documents = Array.from({ length: 60 }, () => someIds(8 * CHUNK, 21));

  /** Attends the documents two by two, and returns what is mapped then: as the engine counts, and as the system does. */
  async function attendAll(ram: number): Promise<{ counted: number; mapped: number }> {
    const engine = await loadEngine({ ram });
    const [encoded] = await encode(engine, [documents[0]!]);
    const { places, folder, dispose } = attach(
      engine,
      documents,
      documents.map(() => encoded!),
    );
    for (let i = 0; i < places.length; i += 2) {
      unwrap(engine.addDocuments(places.slice(i, i + 2)));
      expect((await begin(engine, question)).attended.length).toBe(16);
      unwrap(engine.removeDocuments(Int32Array.from(places, (p) => p.document)));
      expect(engine.stats().resident).toBeLessThanOrEqual(2 * ram);
    }
    await rested(engine, ram);
    const result = { counted: engine.stats().resident!, mapped: residentBytes(folder) };
    engine.close();
    dispose();
    return result;
  }

  /** The engine lets go once it rests. */
  function rested(engine: NativeEngine, ram: number): Promise<void> {
    return vi.waitFor(() => expect(engine.stats().resident).toBeLessThanOrEqual(ram));
  }

  it("that are mapped stay within the budget, within twice as much while calls follow one another", async () => {
    const bounded = await attendAll(budget);
    expect(bounded.counted).toBeLessThanOrEqual(budget);
    expect(bounded.mapped).toBeLessThanOrEqual(budget);
    const all = 60 * 8 * KV_BYTES;
    const free = await attendAll(1 << 30);
    expect(free.counted).toBeGreaterThan(all);
    expect(free.mapped).toBeGreaterThan(0.9 * all);
  });

  it("that were read longest ago make room, and come back with the same results, bit for bit", async () => {
    const texts = [1, 2, 3, 4, 5].map((seed) => someIds(16 * CHUNK, seed));
    const blocks = Math.ceil((16 * KV_BYTES) / block) * block; // of a document
    const free = await loadEngine();
    const encoded = await encode(free, texts);
    const expected: Float32Array[] = [];
    for (const [i, ids] of texts.entries()) {
      const { places, dispose } = attach(free, [ids], [encoded[i]!]);
      unwrap(free.addDocuments(places));
      expected.push((await begin(free, question)).logits);
      dispose();
    }
    free.close();

    const ram = texts.length * 16 * LANDMARK_BYTES + 4 * blocks;
    const engine = await loadEngine({ ram });
    const { places, files, dispose } = attachApart(engine, texts, encoded);
    const read = async (i: number) => {
      unwrap(engine.addDocuments([{ ...places[i]!, document: 1 }]));
      expect((await begin(engine, question)).logits).toEqual(expected[i]);
      await rested(engine, ram);
      return files.flatMap((file, other) => (residentBytes(file) > 0 ? [other] : []));
    };
    for (const i of [0, 1, 2, 3]) await read(i);
    expect(await read(0)).toEqual([0, 1, 2, 3]);
    expect(await read(4)).toEqual([0, 3, 4]); // an eighth of the room is freed, so two have gone
    expect(await read(1)).toEqual([0, 1, 3, 4]);
    expect(engine.stats().resident).toBe(ram);
    engine.close();
    dispose();
  });

  it("are all let go after each call where the budget has no room for them", async () => {
    const engine = await loadEngine({ ram: 0 });
    const memory = await remember(engine, [someIds(8 * CHUNK, 3)]);
    const first = await begin(engine, question);
    expect(engine.stats().resident).toBe(8 * LANDMARK_BYTES);
    expect((await begin(engine, question)).logits).toEqual(first.logits);
    engine.close();
    memory.dispose();
  });
});

describe("a session", () => {
  let engine: NativeEngine;
  let memory: Attached;
  beforeAll(async () => {
    // Exact activations: the stored path rounds a few tokens' activations more finely than many tokens'.
    engine = await loadEngine({ precision: "float" });
    memory = await remember(engine, [someIds(20 * CHUNK, 5), someIds(CHUNK + 9, 6)]);
  });
  afterAll(() => {
    engine.close();
    memory.dispose();
  });

  it("goes on from the common prefix to the same state", async () => {
    const long = someIds(700, 11);
    const edited = Int32Array.from(long);
    edited[650] = 77;
    const session = unwrap(engine.session());
    expect(unwrap(await session.begin(long, none)).computed).toBe(700);
    const reused = unwrap(await session.begin(edited, none));
    expect(reused.computed).toBe(50);
    const fresh = await begin(engine, edited);
    expect(largestDifference(reused.logits, fresh.logits)).toBeLessThan(1e-3);
    expect(unwrap(await session.begin(edited, none)).computed).toBe(1);
  });

  it("decodes token by token to what prefill gives, over its own chunks too", async () => {
    const ids = someIds(200, 12);
    const session = unwrap(engine.session());
    let step = unwrap(await session.begin(ids.subarray(0, 120), none));
    for (const id of ids.subarray(120)) step = unwrap(await session.next(id));
    const fresh = await begin(engine, ids);
    expect([...step.chosen!]).toEqual([...fresh.chosen!]);
    expect(largestDifference(step.logits, fresh.logits)).toBeLessThan(1e-3);
  });

  it("tells the states before the last token as it would each by itself", async () => {
    const ids = someIds(260, 15); // over the end of a block of the engine
    const [all, single] = [unwrap(engine.session()), unwrap(engine.session())];
    unwrap(await all.begin(ids.subarray(0, 250), none));
    const last = unwrap(await all.begin(ids, none, 7));
    expect(last.before).toHaveLength(7);
    unwrap(await single.begin(ids.subarray(0, 250), none));
    for (const id of ids.subarray(250, 252)) unwrap(await single.next(id));
    for (const [at, step] of [...last.before!, last].entries()) {
      const alone = unwrap(await single.next(ids[252 + at]!));
      expect(step.chosen).toEqual(alone.chosen);
      expect(step.attended).toEqual(alone.attended);
      expect(largestDifference(step.logits, alone.logits)).toBeLessThan(1e-4);
      const top = alone.logits.reduce((a, b) => Math.max(a, b));
      expect(
        largestDifference(
          step.powers,
          alone.logits.map((logit) => Math.exp(logit - top)),
        ),
      ).toBeLessThan(1e-5);
    }
    expect(unwrap(await all.begin(ids, none, 3)).computed).toBe(4);
    expect(unwrap(await single.begin(ids.subarray(0, 2), none, 15)).before).toHaveLength(1);
  });

  it("sees documents that come and go between calls", async () => {
    const session = unwrap(engine.session());
    unwrap(await session.begin(question, none));
    unwrap(engine.removeDocuments(Int32Array.of(1)));
    const step = unwrap(await session.next(8));
    expect(new Set(step.attended.map((a) => a.document))).toEqual(new Set([2]));
    unwrap(engine.addDocuments([memory.places[0]!]));
  });

  it("is cancelled, and begins again", async () => {
    const session = unwrap(engine.session());
    const pending = session.begin(someIds(3000, 13), none);
    session.cancel();
    expect(await pending).toMatchObject({ failed: true, code: "cancelled" });
    expect(unwrap(await session.begin(question, none)).computed).toBe(question.length);
  });

  it("refuses wrong arguments", async () => {
    const session = unwrap(engine.session());
    const bad = { failed: true, code: "bad-argument" };
    expect(await session.next(8)).toMatchObject(bad);
    expect(await session.begin(none, none)).toMatchObject(bad);
    expect(await session.begin(Int32Array.of(-1), none)).toMatchObject(bad);
    expect(await session.begin(question, none, 16)).toMatchObject(bad);
  });
});
