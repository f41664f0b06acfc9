import { describe, expect, it } from "vitest";
import { type Ranker, rankChances } from "./ranker.ts";

describe("rankChances", () => {
  const ranker: Ranker = {
    weights: { a: [1, 1, 5], b: [0, 0, 5] },
    begin: [-7.5],
    worth: [3],
  };

  const rankOf = (candidates: Parameters<typeof rankChances>[0]["candidates"], used: Ranker, common = {}) =>
    rankChances({ candidates, common }, used);

  it("gives probabilities, likeliest first", () => {
    const chances = rankOf(
      [
        { text: "none", features: [{}] },
        { text: "one", features: [{ a: 1 }] },
      ],
      ranker,
    );
    expect([...chances.keys()]).toEqual(["one", "none"]);
    expect([...chances.values()].reduce((sum, one) => sum + one, 0)).toBeCloseTo(1, 9);
  });

  it("lets a hidden unit say what two features mean together", () => {
    const score = (features: Record<string, number>) =>
      Math.log(
        rankOf(
          [
            { text: "x", features: [features] },
            { text: "", features: [{}] },
          ],
          ranker,
        ).get("x") as number,
      );
    const [both, a, b] = [score({ a: 1, b: 1 }), score({ a: 1 }), score({ b: 1 })];
    expect(both).toBeGreaterThan(a);
    expect(a).toBeGreaterThan(b);
    expect(
      rankOf(
        [
          { text: "both", features: [{ a: 1, b: 1 }] },
          { text: "a", features: [{ a: 1 }] },
        ],
        ranker,
      ).get("both"),
    ).toBeGreaterThan(0.99);
  });

  it("takes what is the same for all into the hidden units", () => {
    const candidates = [
      { text: "a", features: [{ a: 1 }] },
      { text: "", features: [{}] },
    ];
    expect(rankOf(candidates, ranker, { b: 1 }).get("a")).toBeGreaterThan(rankOf(candidates, ranker).get("a") as number);
  });

  it("is empty without candidates, and leaves out what it does not know", () => {
    expect(rankOf([], ranker).size).toBe(0);
    expect([
      ...rankOf(
        [
          { text: "x", features: [{ other: 3 }] },
          { text: "y", features: [{}] },
        ],
        ranker,
      ).values(),
    ]).toEqual([0.5, 0.5]);
  });
});
