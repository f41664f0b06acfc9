import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { labelOf, type Source, snippetOf } from "./source.ts";

const place: Source = {
  uri: "file:///repo/src/router.ts",
  path: "src/router.ts",
  startLine: 10,
  endLine: 14,
  commit: "",
  title: "class Router",
  reasons: [],
  text: "  a\n\n  b\n    c\n  d",
  bestStart: 12,
  bestEnd: 13,
  folder: "file:///repo",
};

describe("labelOf", () => {
  it("is the file's name with its lines", () => {
    expect(labelOf(place)).toBe("router.ts:10–14");
    expect(labelOf({ ...place, path: "a.ts", endLine: 10 })).toBe("a.ts:10");
  });

  it("is the short sha for a commit without a hunk", () => {
    expect(labelOf({ ...place, path: "", startLine: 0, endLine: 0, commit: "0123456789abcdef" })).toBe("commit 01234567");
  });
});

describe("snippetOf", () => {
  it("shows of a commit's change what went and came, under the file's name", () => {
    const lines = { oldStart: 1, oldEnd: 3, newStart: 1, newEnd: 2 };
    const change = { path: "a.ts", oldPath: "a.ts", ...lines, text: " kept\n-gone\n+come\n kept" };
    const commit = { ...place, uri: "", path: "", commit: "0".repeat(40), text: "Subject\n\na.ts", change };
    expect(snippetOf(commit, 3)).toEqual({ text: "a.ts\n-gone\n+come", firstLine: 0 });
  });

  it("begins at the best lines and drops the common indentation", () => {
    expect(snippetOf(place, 3)).toEqual({ text: "b\n  c\nd", firstLine: 12 });
  });

  it("shows the region's end rather than fewer lines", () => {
    expect(snippetOf({ ...place, bestStart: 14 }, 3)).toEqual({ text: "b\n  c\nd", firstLine: 12 });
  });

  it("never shows more than it was asked for, whatever the text", () =>
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 0, max: 100 }), fc.integer({ min: 1, max: 9 }), (text, bestStart, count) => {
        expect(snippetOf({ ...place, text, bestStart }, count).text.split("\n").length).toBeLessThanOrEqual(count);
      }),
    ));
});
