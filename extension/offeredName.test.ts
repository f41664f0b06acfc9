import { describe, expect, it } from "vitest";
import { offeredName } from "./offeredName.ts";

describe("offeredName", () => {
  it.each([
    ["digest", undefined, "digest"],
    ["digest(int size) : String", undefined, "digest"],
    ["digest(int size) : String", "digest", "digest"],
    [" •digest(int size)", undefined, "digest"],
    ["digest", "?.digest", "digest"],
    ["$el", ".$el", "$el"],
    ["größe", undefined, "größe"],
  ])("of %j with the filter text %j is %j", (label, filterText, name) => expect(offeredName(label, filterText)).toBe(name));

  it("is none where no name is inserted", () => {
    for (const label of ["", "[0]", '"quoted key"', "()"]) expect(offeredName(label, undefined)).toBeUndefined();
  });
});
