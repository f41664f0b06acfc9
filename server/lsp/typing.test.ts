import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { TypingRhythm } from "./typing.ts";

/** The wait after the last of keys with these gaps. */
function waitAfter(gaps: readonly number[], most = 120): number {
  const rhythm = new TypingRhythm();
  let now = 0;
  let wait = rhythm.wait(now, most);
  for (const gap of gaps) {
    now += gap;
    wait = rhythm.wait(now, most);
  }
  return wait;
}

describe("TypingRhythm", () => {
  it("outlasts the gaps of a burst", () => {
    expect(waitAfter(Array(10).fill(60))).toBeGreaterThan(60);
    expect(waitAfter(Array(10).fill(90))).toBeGreaterThan(90);
  });

  it("is short where a completion fits between two keys, and after a pause", () => {
    expect(waitAfter(Array(20).fill(300))).toBeLessThan(30);
    expect(waitAfter([...Array(10).fill(60), 3000])).toBeLessThan(30);
    expect(waitAfter([])).toBeLessThan(30);
  });

  it("is never longer than the user's setting", () =>
    fc.assert(
      fc.property(fc.array(fc.nat(5000)), fc.nat(500), (gaps, most) => {
        const wait = waitAfter(gaps, most);
        expect(wait).toBeGreaterThanOrEqual(0);
        expect(wait).toBeLessThanOrEqual(most);
      }),
    ));
});
