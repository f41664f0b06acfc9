import { describe, expect, it } from "vitest";
import { confidence, figures, firstStop } from "./confidence.ts";
import type { Decoded } from "./decode.ts";

function decoded(text: string, tokens: [number, number][], stopLogProb = -0.1): Decoded {
  return { text, tokens: tokens.map(([end, logProb]) => ({ end, logProb })), stopLogProb, stop: "line end", attended: [] };
}

describe("firstStop", () => {
  it.each([
    ["getUser(id)", "getUser"],
    ["db.users.find(id)", "db.users.find"],
    ["(a, b)", "(a"],
    ["= value;", "= value"],
    ["name", "name"],
    [");", ");"],
  ])("of %j is the end of %j", (text, head) => {
    expect(text.slice(0, firstStop(text))).toBe(head);
  });
});

describe("confidence", () => {
  it("looks at the tokens up to the first stop only", () => {
    expect(
      figures(
        decoded("foo(bar)", [
          [3, -0.5],
          [4, -1],
          [8, -9],
        ]),
      ),
    ).toEqual({ sum: -0.5, least: -0.5 });
    expect(figures(decoded("foo", [[3, -0.5]], -2))).toEqual({ sum: -2.5, least: -2 });
  });

  it("grows with the tokens' probability", () => {
    const of = (logProb: number) => confidence(decoded("foo(bar)", [[3, logProb]]));
    expect(of(-0.01)).toBeGreaterThan(of(-0.5));
    expect(of(-0.5)).toBeGreaterThan(of(-3));
    for (const value of [of(-1e6), of(0)]) expect(value >= 0 && value <= 1).toBe(true);
  });
});
