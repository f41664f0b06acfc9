import { describe, expect, it } from "vitest";
import type { CommitHead } from "../index/types.ts";
import { factorOf, fused, isMerge, phrasesIn, recencyOf } from "./commit-signals.ts";
import { readQuery } from "./query.ts";
import { BROKE } from "./suspects.ts";

function head(values: Partial<CommitHead>): CommitHead {
  return { document: 1, sha: "", parents: 1, author: "Ada Author", date: 0, subject: "", body: "", ...values };
}

describe("phrasesIn", () => {
  it("counts what stands word for word, and hardly what shares a pair", () => {
    const question = "The pool was never emptied, so connections were kept forever.";
    const quoted = head({ subject: "Empty it", body: `Because.\n${question}` });
    const near = head({ body: "connections were kept" });
    const [whole, pair, none] = phrasesIn(question, [quoted, near, head({ body: "emptied never kept" })]);
    expect(whole).toBeCloseTo(1);
    expect(pair).toBeGreaterThan(0);
    expect(pair).toBeLessThan(0.2);
    expect(none).toBe(0);
  });

  it("has nothing to count in a question of one word", () => {
    expect(phrasesIn("pool", [head({ body: "pool" })])).toEqual([0]);
  });
});

describe("recencyOf", () => {
  const span = { oldest: 0, newest: 1_000 * 86_400 };
  const of = (question: string, day: number) => recencyOf(day * 86_400, span, readQuery(question));

  it("is higher for what is newer, unless the first is asked for", () => {
    expect(of("when was the pool changed", 1_000)).toBeGreaterThan(of("when was the pool changed", 500));
    expect(of("when did the pool first appear", 0)).toBeGreaterThan(of("when did the pool first appear", 500));
  });

  it("counts more where the latest or a culprit is asked for", () => {
    for (const question of ["the latest change of the pool", "which commit broke the pool test"])
      expect(of(question, 1_000)).toBeGreaterThan(of("when was the pool changed", 1_000));
  });
});

describe("factorOf", () => {
  it("knows co-authors by name", () => {
    const pair = head({ body: "Why.\n\nCo-authored-by: Bob Builder <b@c.d>" });
    expect(factorOf(pair, readQuery("what did Bob Builder change"))).toBeGreaterThan(factorOf(pair, readQuery("what did Eve change")));
  });
});

describe("isMerge", () => {
  it("goes by parents, and by the subjects that squashed merges keep", () => {
    expect(
      [head({ parents: 2 }), head({ subject: "Merge pull request #1 from a/b" }), head({ subject: "Merge sort" })].map(isMerge),
    ).toEqual([true, true, false]);
  });
});

describe("BROKE", () => {
  it("is asked in many ways, and not by those who describe what is broken", () => {
    for (const asked of [
      "which commit broke test_pool",
      "what change made the pool test fail",
      "when did test_pool start failing, who broke it",
    ])
      expect(BROKE.test(asked)).toBe(true);
    for (const told of ["how are broken pipes handled", "when was the pool removed"]) expect(BROKE.test(told)).toBe(false);
  });
});

describe("fused", () => {
  it("keeps the first five and lifts what is first in another list over what is in the middle of all", () => {
    const ranked = ["a", "b", "c", "d", "e", "f", "g", "h"];
    const places: Record<string, (number | undefined)[]> = { h: [1, undefined], g: [90, 90] };
    expect(fused(ranked, (it) => places[it] ?? [])).toEqual(["a", "b", "c", "d", "e", "h", "g", "f"]);
  });

  it("changes nothing where no other list knows any of them", () => {
    const ranked = Array.from({ length: 12 }, (_, i) => i);
    expect(fused(ranked, () => [undefined])).toEqual(ranked);
  });
});
