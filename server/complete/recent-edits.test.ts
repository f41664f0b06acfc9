import { describe, expect, it } from "vitest";
import { RecentEdits } from "./recent-edits.ts";

const lines = (count: number, change: Record<number, string> = {}) =>
  Array.from({ length: count }, (_, at) => change[at] ?? `line ${at}`).join("\n");

describe("RecentEdits", () => {
  it("keeps the edited lines with three around them", () => {
    const edits = new RecentEdits();
    edits.note("a.ts", lines(40), lines(40, { 20: "edited" }));
    expect(edits.regions()).toMatchObject([{ path: "a.ts", text: ["line 17", "line 18", "line 19", "edited", "line 21", "line 22", "line 23"].join("\n") }]); // biome-ignore format: one line
  });

  it("joins what is written near by, key by key, and puts the newest first", () => {
    const edits = new RecentEdits();
    edits.note("a.ts", lines(40), lines(40, { 20: "e" }));
    edits.note("b.ts", lines(9), lines(9, { 4: "other" }));
    edits.note("a.ts", lines(40, { 20: "e" }), lines(40, { 20: "ed" }));
    edits.note("a.ts", lines(40, { 20: "ed" }), lines(40, { 20: "ed", 22: "more" }));
    expect(edits.regions().map(({ path }) => path)).toEqual(["a.ts", "b.ts"]);
    expect(edits.regions()[0]?.text).toContain("ed\nline 21\nmore");
  });

  it("follows lines that move, so that a place is not kept twice", () => {
    const edits = new RecentEdits();
    const first = lines(40, { 30: "edited" });
    edits.note("a.ts", lines(40), first);
    edits.note("a.ts", first, `${"new\n".repeat(9)}${first}`);
    edits.note("a.ts", `${"new\n".repeat(9)}${first}`, `${"new\n".repeat(9)}${lines(40, { 30: "edited again" })}`);
    expect(edits.regions().map(({ text }) => text.includes("edited"))).toEqual([true, false]);
  });

  it("takes no rewritten file, no secret file and no secret line", () => {
    const edits = new RecentEdits();
    edits.note("a.ts", lines(100), lines(100).toUpperCase());
    edits.note(".env", "A=1", "A=2");
    expect(edits.regions()).toEqual([]);
    const secret = `ghp_${"a1B2c3D4e5F6g7H8i9".repeat(2)}`;
    edits.note("b.ts", "x\n", `x\nconst token = "${secret}";\n`);
    expect(edits.regions().map(({ text }) => text.includes(secret))).toEqual([false]);
  });

  it("keeps the last eight places", () => {
    const edits = new RecentEdits();
    for (let at = 0; at < 12; at++) edits.note(`${at}.ts`, "a", "b");
    expect(edits.regions().map(({ path }) => path)).toEqual([11, 10, 9, 8, 7, 6, 5, 4].map((at) => `${at}.ts`));
  });
});
