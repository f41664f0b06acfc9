import { describe, expect, it } from "vitest";
import { repeated } from "./repeats.ts";

describe("repeated", () => {
  it("gives what followed the same end before", () => {
    expect(repeated([1, 2, 3, 4, 5, 9, 2, 3], 2)).toEqual([4, 5]);
    expect(repeated([2, 3, 4, 7, 2, 3, 5, 9, 2, 3], 1)).toEqual([5]);
    expect(repeated([1, 2, 3, 4, 7, 2, 3, 5, 9, 1, 2, 3], 1)).toEqual([4]);
  });

  it("gives none where nothing is the same", () => {
    expect(repeated([1, 2, 3, 3], 2)).toEqual([]);
    expect(repeated([1], 2)).toEqual([]);
    expect(repeated([], 2)).toEqual([]);
  });

  it("may go on into the end itself", () => {
    expect(repeated([7, 7, 7], 2)).toEqual([7]);
  });
});
