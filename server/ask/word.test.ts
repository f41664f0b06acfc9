import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Evidence } from "../retrieve/types.ts";
import type { Answer } from "./types.ts";
import { checkWording, statementsOf } from "./word.ts";

const evidence: Evidence = {
  path: "a.ts",
  startLine: 1,
  endLine: 2,
  commit: "",
  score: 1,
  reasons: [],
  bestStart: 1,
  bestEnd: 1,
  text: "x",
  title: "",
};
const answer: Answer = {
  question: "?",
  found: true,
  statements: [{ text: "Composed.", sources: [0] }],
  evidence: [evidence, evidence, evidence],
  followUps: [],
  prompt: { system: "", user: "" },
  wordedBy: "evidence",
  incomplete: "",
  ms: 1,
};

describe("checkWording", () => {
  it("keeps cited sentences, without their marks, and drops the others", () => {
    const worded = checkWording(answer, "The router is `Mux` [1]. It is fast. It holds a tree [2][3].", "m");
    expect(worded.statements).toEqual([
      { text: "The router is `Mux`.", sources: [0] },
      { text: "It holds a tree.", sources: [1, 2] },
    ]);
    expect(worded.wordedBy).toBe("m");
  });

  it("keeps the composed answer when nothing is cited validly", () => {
    expect(checkWording(answer, "It is fast. See [9] and [0].")).toBe(answer);
    expect(checkWording(answer, "")).toBe(answer);
    expect(checkWording(answer, "[1]")).toBe(answer);
  });

  it("says not found where the model does", () => {
    const worded = checkWording(answer, "NOT FOUND.");
    expect(worded.found).toBe(false);
    expect(worded.statements[0]?.sources).toEqual([0, 1, 2]);
  });
});

describe("statementsOf", () => {
  it.each([
    ["Mark after the stop. [1] Next one.[2]", ["Mark after the stop.", "Next one."]],
    ["- a point [1]\n2. another [2, 3]", ["a point", "another"]],
    ["# Heading\nText 【1】.", ["Text."]],
    ["In [the docs](https://evil.example/?q=secret) it says so [1].", ["In the docs it says so."]],
    ["![x](https://evil.example/p.png) Look [1].", ["x Look."]],
    ["[1](https://evil.example) A link for a mark [2].", ["A link for a mark."]],
    ["Uses `Map<K, V>` and <b>bold</b> [1].", ["Uses `Map<K, V>` and bold."]],
    ["<scr<b>ipt>alert(1)</script> hi [1].", ["alert(1) hi."]],
    ["```\ncode [1]\n```\nSaid [1].", ["Said."]],
  ])("%j", (text, expected) => {
    expect(statementsOf(text, 3).map((it) => it.text)).toEqual(expected);
  });

  it("never lets a tag or a link pass and always cites what exists, whatever the text", () => {
    const piece = fc.constantFrom(
      "<",
      ">",
      "<script",
      "</",
      "!--",
      "-->",
      "[1]",
      "[2]",
      "[",
      "]",
      "](http://x)",
      "!",
      "a",
      " ",
      ". ",
      "`",
      "\n",
      "A b [1]. ",
      "<a href=x>",
    );
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        for (const { text, sources } of statementsOf(pieces.join(""), 2)) {
          const outside = text.replace(/`[^`\n]+`/g, "");
          expect(outside).not.toMatch(/<[a-zA-Z!/?]/);
          expect(outside).not.toMatch(/\]\(http/);
          expect(sources.length).toBeGreaterThan(0);
          expect(sources.every((it) => it === 0 || it === 1)).toBe(true);
        }
      }),
      { numRuns: 500 },
    );
  });
});
