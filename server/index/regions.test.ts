import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { regionAround } from "./regions.ts";
import type { SymbolDefinition } from "./types.ts";

function symbol(kind: string, name: string, startLine: number, endLine: number, container = ""): SymbolDefinition {
  return { name, kind, startLine, endLine, container, signature: "" };
}

/** Lines "1", "2", ... but for those given. */
function lines(count: number, given: Record<number, string> = {}): string[] {
  return Array.from({ length: count }, (_, i) => given[i + 1] ?? `${i + 1}`);
}

describe("regionAround", () => {
  it("is the smallest definition around the lines, with its comment and decorators", () => {
    const symbols = [symbol("class", "Router", 1, 60), symbol("method", "add", 20, 30, "Router")];
    const text = lines(60, { 18: "  // Adds a route.", 19: "  @cached" });
    expect(regionAround(symbols, text, 24, 26)).toEqual({ startLine: 18, endLine: 30, title: "method Router.add" });
  });

  it("is the class where the lines lie between its members", () => {
    const symbols = [symbol("class", "A", 1, 40), symbol("method", "x", 2, 5, "A"), symbol("method", "y", 30, 39, "A")];
    expect(regionAround(symbols, lines(40), 10, 20)).toEqual({ startLine: 1, endLine: 40, title: "class A" });
  });

  it("is the member that holds most of the lines where the class is too long", () => {
    const symbols = [symbol("class", "A", 1, 500), symbol("method", "x", 101, 110, "A")];
    expect(regionAround(symbols, lines(500), 99, 110)).toMatchObject({ startLine: 101, endLine: 110 });
  });

  it("shows a long definition from its start when the lines fit in, else around them", () => {
    const symbols = [symbol("function", "long", 1, 500)];
    expect(regionAround(symbols, lines(500), 60, 70)).toMatchObject({ startLine: 1, endLine: 80 });
    const far = regionAround(symbols, lines(500), 300, 309);
    expect(far).toMatchObject({ startLine: 265, endLine: 344 });
  });

  it("takes in the definitions in which the lines begin and end when they lie across several", () => {
    const symbols = [symbol("function", "a", 1, 10), symbol("function", "b", 12, 30)];
    expect(regionAround(symbols, lines(40), 6, 16)).toEqual({ startLine: 1, endLine: 30, title: "function a" });
  });

  it("does not take a short constant for a region", () => {
    const symbols = [symbol("constant", "A", 5, 5)];
    expect(regionAround(symbols, lines(20, { 3: "", 9: "" }), 5, 5)).toMatchObject({ startLine: 4, endLine: 8 });
  });

  it("is the block between blank lines where nothing is defined", () => {
    expect(regionAround([], lines(30, { 8: "", 20: " " }), 10, 12)).toEqual({ startLine: 9, endLine: 19, title: "" });
  });

  it("lies in the file, has at most the lines asked for, and some of those found", () =>
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 200 }),
        fc.array(fc.tuple(fc.nat(220), fc.nat(60), fc.constantFrom("function", "class", "constant"))),
        fc.nat(220),
        fc.nat(60),
        fc.integer({ min: 1, max: 90 }),
        (count, definitions, from, length, maxLines) => {
          const symbols = definitions
            .map(([start, size, kind]) => symbol(kind, "x", start + 1, start + 1 + size))
            .filter((each) => each.startLine <= count);
          const text = lines(count, { 10: "", 11: "// c", 50: "" });
          const { startLine, endLine } = regionAround(symbols, text, from + 1, from + 1 + length, maxLines);
          expect(1 <= startLine && startLine <= endLine && endLine <= count).toBe(true);
          expect(endLine - startLine + 1).toBeLessThanOrEqual(maxLines);
          const first = Math.min(from + 1, count);
          expect(startLine <= Math.min(from + 1 + length, count) && endLine >= first).toBe(true);
        },
      ),
    ));
});
