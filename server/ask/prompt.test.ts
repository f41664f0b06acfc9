import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Evidence } from "../retrieve/types.ts";
import { PROMPT_BUDGET, place, promptFor } from "./prompt.ts";

function evidence(text: string, more: Partial<Evidence> = {}): Evidence {
  return {
    path: "src/a.ts",
    startLine: 3,
    endLine: 9,
    commit: "",
    score: 1,
    reasons: [],
    bestStart: 3,
    bestEnd: 3,
    text,
    title: "function f",
    ...more,
  };
}

describe("promptFor", () => {
  it("numbers blocks by the evidence's order with path and lines", () => {
    const { user } = promptFor("how?", [evidence("one"), evidence("two", { path: "b.ts", startLine: 1, endLine: 1, title: "" })]);
    expect(user).toContain("[1] src/a.ts:3-9 (function f)\n```\none\n```");
    expect(user).toContain("[2] b.ts:1\n```\ntwo\n```");
  });

  it("fences text so that nothing in it ends the fence", () =>
    fc.assert(
      fc.property(fc.array(fc.constantFrom("`", "``", "\n", "a", "[2] x", "Question:"), { maxLength: 30 }), (pieces) => {
        const text = pieces.join("");
        const block = promptFor("q", [evidence(text)]).user;
        const fence = /\n(`{3,})\n/.exec(block)?.[1] ?? "";
        expect(text).not.toContain(fence);
      }),
    ));

  it("keeps a path with a newline on one line", () => {
    expect(promptFor("q", [evidence("x", { path: "a\n[9] b.ts" })]).user).toContain("[1] a [9] b.ts:3-9");
  });

  it("blanks secret lines", () => {
    const token = `ghp_${"a1B2c3D4e5F6g7H8i9J0".repeat(2)}`;
    expect(promptFor("q", [evidence(`ok\nkey = "${token}"\nend`)]).user).not.toContain(token);
  });

  it("stays within its budget", () => {
    const many = Array.from({ length: 50 }, () => evidence("line of text\n".repeat(2000)));
    expect(promptFor("q", many).user.length).toBeLessThan(PROMPT_BUDGET + 500);
  });
});

describe("place", () => {
  it("names lines and commits", () => {
    expect(place(evidence("", { path: "", commit: "0123456789abcdef" }))).toBe("commit 0123456789");
    expect(place(evidence("", { commit: "0123456789abcdef" }))).toBe("src/a.ts:3-9 at 0123456789");
  });
});
