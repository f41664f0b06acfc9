import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { documentDiffs, documentHead, longestDocument } from "./commit-document.ts";
import type { Hunk } from "./patch-parser.ts";

function hunk(path: string, lines: string, context = "", oldPath = path): Hunk {
  return { path, oldPath, oldStart: 1, oldLines: 1, newStart: 1, newLines: 1, context, lines };
}

describe("documentDiffs", () => {
  it("writes a line a file and a line a hunk, renames with both names", () => {
    const hunks = [hunk("a.ts", "-x\n+y\n", "function f() {"), hunk("a.ts", "+z\n"), hunk("new.ts", " k\n+l\n", "", "old.ts")];
    expect(documentDiffs({ hunks })).toEqual(["@@ a.ts\n@@ function f() {\n-x\n+y\n@@ \n+z\n@@ old.ts -> new.ts\n@@ \n k\n+l\n"]);
    expect(documentDiffs({ hunks: [] })).toEqual([]);
  });

  it("cuts between files, else between hunks, else between lines, each part under its file's name", () => {
    const line = `+${"x".repeat(98)}\n`;
    const [small, middle, large] = [line.repeat(20), line.repeat(40), line.repeat(120)];
    const parts = documentDiffs({
      hunks: [
        hunk("a.ts", middle),
        hunk("b.ts", small),
        hunk("b.ts", small),
        hunk("c.ts", small),
        hunk("c.ts", middle),
        hunk("d.ts", large),
      ],
    });
    expect(parts.map((part) => part.match(/^@@ \w\.ts$/gm)?.join())).toEqual([
      "@@ a.ts",
      "@@ b.ts",
      "@@ c.ts",
      "@@ c.ts",
      "@@ d.ts",
      "@@ d.ts",
      "@@ d.ts",
    ]);
  });

  it("loses no line and keeps to the limit, whatever was changed", () =>
    fc.assert(
      fc.property(
        fc.array(
          fc.record({
            path: fc.constantFrom("a.ts", "b.ts", "c.ts"),
            lines: fc.array(fc.string({ maxLength: 300 }), { minLength: 1, maxLength: 60 }),
          }),
          { maxLength: 8 },
        ),
        (changes) => {
          const hunks = changes.map(({ path, lines }) => hunk(path, lines.map((line) => `+${line.replaceAll("\n", "")}\n`).join("")));
          const parts = documentDiffs({ hunks });
          const all = parts.join("").replace(/^@@ .*\n/gm, "");
          expect(all).toBe(
            hunks
              .map(({ lines }) => lines)
              .join("")
              .replace(/^@@ .*\n/gm, ""),
          );
          for (const part of parts) expect(part.length).toBeLessThanOrEqual(longestDocument);
        },
      ),
    ));
});

describe("documentHead", () => {
  it("has the body in the first part alone, cut where it is long", () => {
    const message = { subject: "Fix it", body: `${"w".repeat(700)}\n` };
    expect(documentHead(message, 0)).toBe(`Fix it\n${"w".repeat(600)}\n`);
    expect(documentHead(message, 1)).toBe("Fix it\n");
    expect(documentHead({ subject: "Fix it", body: "" }, 0)).toBe("Fix it\n");
  });
});
