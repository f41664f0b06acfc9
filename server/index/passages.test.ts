import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { definedIn, linesOf, longest, shortest, splitPassages } from "./passages.ts";

const line = fc.constantFrom("", "  ", "a", "  b", "\tc", "}", "def f():", "// comment", "    deep(1)");

describe("splitPassages", () => {
  it("puts every line in exactly one passage, of 12 to 40 lines where the file has so many", () =>
    fc.assert(
      fc.property(fc.array(line, { maxLength: 300 }), fc.array(fc.nat(300), { maxLength: 20 }), (lines, starts) => {
        const passages = splitPassages(
          lines,
          starts.map((start) => ({ startLine: start + 1 })).filter(({ startLine }) => startLine <= lines.length),
        );
        let next = 1;
        for (const { startLine, endLine } of passages) {
          expect(startLine).toBe(next);
          const length = endLine - startLine + 1;
          expect(length).toBeLessThanOrEqual(longest);
          expect(length).toBeGreaterThanOrEqual(Math.min(shortest, lines.length));
          next = endLine + 1;
        }
        expect(next).toBe(lines.length + 1);
      }),
    ));

  it("begins a passage at a definition, with the comment above it", () => {
    const body = Array.from({ length: 18 }, (_, i) => `  line ${i};`);
    const lines = ["function a() {", ...body, "}", "", "// about b", "function b() {", ...body, "}"];
    expect(splitPassages(lines, [{ startLine: 1 }, { startLine: 23 }])).toEqual([
      { startLine: 1, endLine: 21 },
      { startLine: 22, endLine: 42 },
    ]);
  });

  it("ends at blank lines where no definition is known", () => {
    const paragraph = Array.from({ length: 14 }, () => "text");
    const lines = [...paragraph, "", ...paragraph, "", ...paragraph];
    expect(splitPassages(lines, []).map(({ startLine }) => startLine)).toEqual([1, 16, 31]);
  });
});

describe("linesOf", () => {
  it("ends lines at LF and CRLF; the end of the last one makes none", () => {
    expect([linesOf(""), linesOf("a\r\nb\n"), linesOf("a\n\nb"), linesOf("a\rb")]).toEqual([[], ["a", "b"], ["a", "", "b"], ["a\rb"]]);
  });
});

describe("definedIn", () => {
  it("names what begins in the range", () => {
    const symbols = [1, 5, 9].map((startLine) => ({ name: `n${startLine}`, startLine }));
    expect(definedIn(symbols, { startLine: 1, endLine: 5 })).toBe("n1 n5");
  });
});
