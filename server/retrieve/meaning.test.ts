import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { SearchScores } from "../../native/addon.ts";
import { Past } from "../history/past.ts";
import { foldScores, NEUTRAL_QUESTION, scoreMeaning } from "./meaning.ts";
import type { SearchSources } from "./sources.ts";

/** Documents 10, 11, ... with these chunk scores. */
function scores(...documents: number[][]): SearchScores {
  const firsts = [0];
  for (const chunks of documents) firsts.push((firsts.at(-1) ?? 0) + chunks.length);
  return {
    documents: Int32Array.from(documents, (_, at) => 10 + at),
    firsts: Int32Array.from(firsts),
    scores: Float32Array.from(documents.flat()),
  };
}

function order(found: SearchScores, neutral?: number[]): number[] {
  const folded = foldScores(found, neutral && { ...found, scores: Float32Array.from(neutral) });
  return folded?.best(99).map((it) => it.document) ?? [];
}

describe("foldScores", () => {
  it("lets several good chunks outweigh a single one as good", () => {
    expect(order(scores([-5, -5], [-5, -9], [-9, -9]))).toEqual([10, 11, 12]);
  });

  it("subtracts what chunks score for a question about nothing", () => {
    expect(order(scores([-3], [-4]))).toEqual([10, 11]);
    expect(order(scores([-3], [-4]), [-2, -5])).toEqual([11, 10]);
  });

  it("names the best chunks, best first", () => {
    const folded = foldScores(scores([-9, -3, -8, -5, -7], [-9]));
    expect(
      folded
        ?.of(10)
        ?.chunks()
        .map((it) => it.chunk),
    ).toEqual([1, 3, 4]);
  });

  it("has nothing to say without chunks, and leaves out documents without any", () => {
    expect(foldScores(scores())).toBeUndefined();
    const folded = foldScores(scores([], [-1], [-2]));
    expect(folded?.best(9).map((it) => it.document)).toEqual([11, 12]);
    expect([folded?.of(10), folded?.of(13)]).toEqual([undefined, undefined]);
  });

  it("gives finite standard scores, whatever the scores", () =>
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.double({ min: -100, max: 0, noNaN: true }), { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 8 }),
        (documents) => {
          const folded = foldScores(scores(...documents))?.best(99) ?? [];
          expect(folded).toHaveLength(documents.length);
          for (const it of folded) expect([it.sum, it.best, ...it.chunks().map((chunk) => chunk.score)].every(Number.isFinite)).toBe(true);
        },
      ),
    ));
});

describe("scoreMeaning", () => {
  /** Sources whose engine counts how often the neutral question was asked, over documents that `layout` gives. */
  function counting(layout: () => SearchScores): { sources: SearchSources; asked: string[] } {
    const asked: string[] = [];
    const texts: string[] = [];
    const tokenizer = { frameQuestion: (text: string) => Int32Array.of(texts.push(text) - 1) };
    const engine = {
      search: async (ids: Int32Array) => {
        asked.push(texts[ids[0] ?? 0] ?? "");
        return layout();
      },
    };
    return {
      sources: {
        index: undefined as never,
        engine,
        tokenizer,
        past: new Past(""),
        fileText: async () => undefined,
        commitOf: () => undefined,
        headerPath: (path) => path,
      },
      asked,
    };
  }

  it("scores the neutral question once while the documents stay, and anew when one comes", async () => {
    let layout = scores([-1, -2], [-3]);
    const { sources, asked } = counting(() => layout);
    for (const text of ["a", "b"]) await scoreMeaning(sources, text);
    expect(asked).toEqual(["a", NEUTRAL_QUESTION, "b"]);
    layout = scores([-1, -2], [-3], [-4]);
    expect((await scoreMeaning(sources, "c"))?.best(9)).toHaveLength(3);
    expect(asked.slice(3)).toEqual(["c", NEUTRAL_QUESTION]);
  });

  it("does without the neutral question where a document came between the two", async () => {
    const layouts = [scores([-1], [-3]), scores([-1], [-3], [-2])];
    const { sources } = counting(() => layouts.shift() ?? scores([-1]));
    expect((await scoreMeaning(sources, "a"))?.best(9).map((it) => it.document)).toEqual([10, 11]);
  });
});
