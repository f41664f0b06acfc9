import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { EncodedChunks, NativeEngine, Step } from "../../native/addon.ts";
import { unwrap } from "../../native/addon.ts";
import {
  type Attached,
  cosine,
  type FixtureCase,
  type FixtureDocument,
  fixtures,
  floatsOf,
  greatest,
  isas,
  landmarkOf,
  largestDifference,
  loadEngine,
  none,
  remember,
  withoutPads,
} from "./engine-files.ts";

/** The tolerances are those of shared/design.md §4. */
const files = ["fixtures", "large"] as const;
/** Encoding the large file in floats takes ten seconds of two idle cores. */
const patience = 300_000;

/** Reference landmarks of a document, by chunk. */
function* referenceLandmarks(d: FixtureDocument): Generator<[chunk: number, landmark: number[]]> {
  const last = d.ids.length / 64 - 1;
  if (d.landmarks) for (let c = 0; c <= last; c++) yield [c, d.landmarks.slice(c * 256, (c + 1) * 256)];
  if (d.landmarks_first) yield [0, d.landmarks_first];
  if (d.landmarks_last) yield [last, d.landmarks_last];
}

/** Per layer and head: the chosen memory chunks beside the reference's best. */
function* heads(step: Step, c: FixtureCase): Generator<{ chosen: number[]; best: number[]; scores: number[] }> {
  for (let layer = 0; layer < 2; layer++) {
    for (let head = 0; head < 2; head++) {
      const best = c.best[layer]![head]!;
      const scores = c.best_scores[layer]!.slice(head * best.length, (head + 1) * best.length);
      const at = (layer * 2 + head) * 16;
      yield { chosen: [...step.chosen!.subarray(at, at + 16)], best, scores };
    }
  }
}

async function greedy(engine: NativeEngine, c: FixtureCase): Promise<number[]> {
  const session = unwrap(engine.session());
  let step = unwrap(await session.begin(Int32Array.from(c.ids), none));
  const out: number[] = [];
  for (;;) {
    out.push(greatest(step.logits));
    if (out.length === c.greedy.length) return out;
    step = unwrap(await session.next(out.at(-1)!));
  }
}

async function first(engine: NativeEngine, c: FixtureCase): Promise<Step> {
  return unwrap(await unwrap(engine.session()).begin(Int32Array.from(c.ids), none));
}

/** Floats are AVX2's there. */
const ownFloats = isas.filter((isa) => isa !== "avxvnni");

describe.each(ownFloats)("the float path on %s", (isa) => {
  // The slow sets see the small file only.
  describe.each(isa === isas[0] ? files : (["fixtures"] as const))("%s.json", (file) => {
    const { documents, cases } = fixtures(file);
    let engine: NativeEngine;
    let memory: Attached & { encoded: EncodedChunks[] };

    beforeAll(async () => {
      engine = await loadEngine({ isa, precision: "float" });
      memory = await remember(
        engine,
        documents.map((d) => withoutPads(d.ids)),
      );
    }, patience);
    afterAll(() => {
      engine.close();
      memory.dispose();
    });

    it("gives the reference's landmarks within 2e-3", () => {
      documents.forEach((d, i) => {
        for (const [chunk, landmark] of referenceLandmarks(d))
          expect(largestDifference(landmarkOf(memory.encoded[i]!, chunk), landmark)).toBeLessThan(2e-3);
      });
    });

    it("gives the reference's keys and values within 2e-3", () => {
      documents.forEach((d, i) => {
        if (!d.k || !d.v) return;
        const e = memory.encoded[i]!;
        const keys = [...floatsOf(e, 0, "keys"), ...floatsOf(e, e.chunks - 1, "keys")];
        const values = [...floatsOf(e, 0, "values"), ...floatsOf(e, e.chunks - 1, "values")];
        expect(largestDifference(keys, d.k)).toBeLessThan(2e-3);
        expect(largestDifference(values, d.v)).toBeLessThan(2e-3);
      });
    });

    it("chooses every chunk that scores clearly above the 17th", async () => {
      for (const c of cases) {
        for (const { chosen, best, scores } of heads(await first(engine, c), c)) {
          const clear = best.slice(0, 16).filter((_, i) => best.length <= 16 || scores[i]! > scores[16]! + 5e-3);
          expect(chosen).toEqual(expect.arrayContaining(clear));
        }
      }
    });

    it("gives the reference's logits and greedy tokens", async () => {
      for (const c of cases) {
        const { logits } = await first(engine, c);
        expect(
          largestDifference(
            c.top_ids.map((id) => logits[id]!),
            c.top_logits,
          ),
        ).toBeLessThan(2e-2);
        expect(await greedy(engine, c)).toEqual(c.greedy);
      }
    });
  });
});

describe.each(isas)("the stored path on %s", (isa) => {
  describe.each(isa === isas[0] ? files : (["fixtures"] as const))("%s.json", (file) => {
    const { documents, cases } = fixtures(file);
    let engine: NativeEngine;
    let memory: Attached & { encoded: EncodedChunks[] };

    beforeAll(async () => {
      engine = await loadEngine({ isa });
      memory = await remember(
        engine,
        documents.map((d) => withoutPads(d.ids)),
      );
    }, patience);
    afterAll(() => {
      engine.close();
      memory.dispose();
    });

    it("gives landmarks with a cosine of at least 0.997", () => {
      documents.forEach((d, i) => {
        for (const [chunk, landmark] of referenceLandmarks(d)) {
          const stored = landmarkOf(memory.encoded[i]!, chunk);
          for (const head of [0, 128])
            expect(cosine(stored.slice(head, head + 128), landmark.slice(head, head + 128))).toBeGreaterThan(0.997);
        }
      });
    });

    it("chooses at least 95 % of the reference's best 16, and its first token", async () => {
      let same = 0;
      let all = 0;
      for (const c of cases) {
        const step = await first(engine, c);
        expect(greatest(step.logits)).toBe(c.top_ids[0]);
        for (const { chosen, best } of heads(step, c)) {
          const expected = best.slice(0, 16);
          all += expected.length;
          same += expected.filter((chunk) => chosen.includes(chunk)).length;
        }
      }
      expect(same / all).toBeGreaterThanOrEqual(0.95);
    });

    it("ranks by search as the reference's heads do", async () => {
      for (const c of cases.filter((c) => (c.name ?? "question") !== "completion" && c.text !== "completion")) {
        const { scores } = unwrap(await engine.search(Int32Array.from(c.ids), 2));
        expect(scores.length).toBe(memory.encoded.reduce((sum, e) => sum + e.chunks, 0));
        // The question's own last token prefers best[..][0]; the mean over tokens must hold it high.
        const wanted = scores[c.best[0]![0]![0]!]!;
        expect(scores.filter((s) => s > wanted).length).toBeLessThan(Math.max(8, scores.length * 0.05));
      }
    });
  });
});
