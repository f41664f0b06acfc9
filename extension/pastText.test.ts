import { describe, expect, it } from "vitest";
import { changeTitle, linesText, originsText } from "./pastText.ts";

const commit = "0123456789abcdef0123456789abcdef01234567";

describe("words for the past", () => {
  it("name a change by its file, and by what the file was called", () => {
    expect(changeTitle({ path: "src/a.ts", oldPath: "src/a.ts", commit })).toBe("a.ts in 0123456789");
    expect(changeTitle({ path: "src/b.ts", oldPath: "old/a.ts", commit })).toBe("b.ts (was old/a.ts) in 0123456789");
  });

  it("join lines to ranges", () => {
    expect([linesText([4]), linesText([4, 5, 6, 9])]).toEqual(["line 4", "lines 4–6, 9"]);
  });

  it("tell a model each commit with its reason, and when there is none", () => {
    const origin = { commit, author: "Ada", date: 1_700_000_000, subject: "Limit retries", path: "a.ts", line: 3, lines: [4, 5] };
    expect(originsText([origin])).toBe(`commit ${commit}  2023-11-14  Ada  lines 4–5 (then in a.ts)\n\tLimit retries`);
    expect(originsText([])).toMatch(/^These lines are not committed yet/);
  });
});
