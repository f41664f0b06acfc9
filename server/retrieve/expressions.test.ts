import { describe, expect, it } from "vitest";
import { matchingLines } from "./expressions.ts";

const texts = ["one\ntwo three\nthree two\n", "nothing", "TWO and Three"];

describe("matchingLines", () => {
  it("tells the first line of each text", () => {
    expect(matchingLines({ source: "two.*three|^three", flags: "" }, texts)).toEqual([2, 0, 0]);
    expect(matchingLines({ source: "two.*three", flags: "i" }, texts)).toEqual([2, 0, 1]);
    expect(matchingLines({ source: "e$", flags: "g" }, texts)).toEqual([1, 0, 1]);
  });

  it("takes no notice of what it cannot read", () => {
    expect(matchingLines({ source: "(", flags: "" }, texts)).toBeUndefined();
    expect(matchingLines({ source: "a", flags: "zz" }, texts)).toBeUndefined();
  });

  it("gives up an expression without end, and keeps what it found before", () => {
    expect(matchingLines({ source: "^(a+)+$", flags: "" }, ["aaa", `${"a".repeat(60)}!`, "aaa"])).toEqual([1, 0, 0]);
  });

  it("looks at the beginning of a very long line only", () => {
    expect(matchingLines({ source: "x{3}", flags: "" }, [`${"y".repeat(1_000_000)}xxx`])).toEqual([0]);
  });
});
