import { describe, expect, it } from "vitest";
import type { PassageHit } from "../index/api.ts";
import type { FileRole } from "../index/types.ts";
import type { Candidate } from "./candidates.ts";
import { literalMatch } from "./literals.ts";
import { readQuery } from "./query.ts";
import { rank } from "./rank.ts";

function candidate(path: string, more: Partial<Candidate> = {}): Candidate {
  return {
    path,
    document: undefined,
    role: "source",
    passages: [],
    meaning: undefined,
    symbols: [],
    pathCoverage: 0,
    nameMatch: 0,
    named: 0,
    frameLine: 0,
    literal: 0,
    literalLine: 0,
    uses: 0,
    ...more,
  };
}

function hits(...scores: number[]): PassageHit[] {
  return scores.map((score, at) => ({ id: at, document: 1, path: "", startLine: 1, endLine: 2, score, coverage: 0.5, unsaved: false }));
}

function order(question: string, ...candidates: Candidate[]): string[] {
  return rank(candidates, readQuery(question)).map((it) => it.candidate.path);
}

const symbol = { document: 1, name: "Router", kind: "class", startLine: 1, endLine: 9, container: "", signature: "" };

describe("rank", () => {
  it("lifts a file with several good passages over one with a single one as good", () => {
    expect(order("request routing", candidate("one", { passages: hits(10) }), candidate("many", { passages: hits(10, 9, 9) }))).toEqual([
      "many",
      "one",
    ]);
  });

  it("puts the definition of an asked name before files that use it", () => {
    const uses = candidate("uses", { passages: hits(10, 10, 10) });
    const defines = candidate("defines", { passages: hits(6), symbols: [{ symbol, name: "Router", strength: 1, whole: false }] });
    expect(order("Router", uses, defines)).toEqual(["defines", "uses"]);
  });

  it.each<FileRole>(["test", "example", "documentation", "configuration", "generated", "vendored"])(
    "ranks %s below source as good",
    (role) => {
      expect(order("request routing", candidate("a", { role, passages: hits(10) }), candidate("b", { passages: hits(10) }))).toEqual([
        "b",
        "a",
      ]);
    },
  );

  it("lifts the penalty of a role that is asked for", () => {
    const test = candidate("a", { role: "test", passages: hits(10) });
    expect(order("tests of request routing", test, candidate("b", { passages: hits(9) }))).toEqual(["a", "b"]);
  });

  it("puts the innermost frame of a stack trace first", () => {
    const trace = "at f (src/inner.ts:3:1)\nat g (src/outer.ts:5:1)";
    expect(
      order(
        trace,
        candidate("src/outer.ts", { frameLine: 5, passages: hits(10) }),
        candidate("src/inner.ts", { frameLine: 3, passages: hits(10) }),
      ),
    ).toEqual(["src/inner.ts", "src/outer.ts"]);
  });

  it("orders equals by path", () => {
    expect(order("x", candidate("b"), candidate("a"))).toEqual(["a", "b"]);
  });
});

describe("literalMatch", () => {
  it("finds the line of the first text, and counts another case half", () => {
    expect(literalMatch("a\nb c\nd", ["b c", "nowhere"])).toEqual({ literal: 0.5, literalLine: 2 });
    expect(literalMatch("a\nB C", ["b c"])).toEqual({ literal: 0.5, literalLine: 2 });
    expect(literalMatch("a", ["b"])).toEqual({ literal: 0, literalLine: 0 });
  });
});
