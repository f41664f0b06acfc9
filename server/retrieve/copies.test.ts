import { describe, expect, it } from "vitest";
import { Collapsing } from "./copies.ts";
import type { Evidence } from "./types.ts";

const body = Array.from({ length: 10 }, (_, at) => `    value_${at} = compute(${at})`);

function region(path: string, lines: readonly string[]): Evidence {
  const text = lines.join("\n");
  return {
    path,
    startLine: 1,
    endLine: lines.length,
    commit: "",
    score: 1,
    reasons: ["meaning"],
    bestStart: 1,
    bestEnd: 1,
    text,
    title: "",
  };
}

function collapsed(...regions: Evidence[]): Evidence[] {
  const collapsing = new Collapsing();
  for (const each of regions) collapsing.add(each);
  return collapsing.evidence();
}

describe("near-duplicate regions", () => {
  it("collapse into the first, which counts them among its reasons", () => {
    const found = collapsed(region("v1.py", body), region("v2.py", body), region("fork/v1.py", body));
    expect(found.map((it) => [it.path, it.copies])).toEqual([["v1.py", 2]]);
    expect(found[0]?.reasons).toEqual(["meaning", "2 copies elsewhere"]);
  });

  it("are recognised with another indentation and with a line changed in ten", () => {
    const changed = body.map((line, at) => (at === 4 ? "value_4 = other()" : `    ${line}`));
    expect(collapsed(region("a.py", body), region("b.py", changed))[0]?.copies).toBe(1);
  });

  it("are not those that share half of their lines, nor short ones, nor two of one file", () => {
    const half = body.map((line, at) => (at < 5 ? line : `    other_${at}()`));
    expect(collapsed(region("a.py", body), region("b.py", half))).toHaveLength(2);
    expect(collapsed(region("a.py", body.slice(0, 7)), region("b.py", body.slice(0, 7)))).toHaveLength(2);
    expect(collapsed(region("a.py", body), region("a.py", body))).toHaveLength(2);
  });

  it("leave regions without copies as they are", () => {
    expect(collapsed(region("a.py", body))).toEqual([region("a.py", body)]);
  });
});
