import { describe, expect, it } from "vitest";
import type { IndexReader } from "../index/api.ts";
import { FakeWords } from "../index/testing/fake-words.ts";
import type { SymbolDefinition } from "../index/types.ts";
import { Asked } from "./asked.ts";
import { readQuery } from "./query.ts";
import { BEST_LINES, OpenFile, REGION_LINES, shownOf } from "./shown.ts";

/** Words as they stand, all equally rare: enough of an index to choose lines. */
const index = new FakeWords() as unknown as IndexReader;

function method(name: string, startLine: number, endLine: number): SymbolDefinition {
  return { name, kind: "function", startLine, endLine, container: "", signature: name };
}

function file(lines: string[], symbols: SymbolDefinition[], question: string): OpenFile {
  return new OpenFile(Asked.of(index, readQuery(question)), lines, symbols);
}

function place(startLine: number, endLine: number) {
  return { startLine, endLine, score: 1, symbol: undefined };
}

function filler(count: number): string[] {
  return Array.from({ length: count }, (_, at) => `x${at}()`);
}

describe("the lines shown", () => {
  it("join regions that touch", () => {
    const of = file([...filler(9), "", ...filler(9)], [method("first", 1, 9), method("second", 11, 19)], "x");
    expect(shownOf(of, place(2, 3), [place(12, 13)])).toMatchObject({ startLine: 1, endLine: 19, title: "function first" });
  });

  it("leave apart what is apart, and what would be too long", () => {
    const apart = file(filler(40), [method("first", 1, 9), method("second", 20, 29)], "x");
    expect(shownOf(apart, place(2, 3), [place(21, 22)])).toMatchObject({ startLine: 1, endLine: 9 });
    const long = file(filler(100), [method("first", 1, 50), method("second", 51, 100)], "x");
    expect(shownOf(long, place(2, 3), [place(60, 61)])).toMatchObject({ startLine: 1, endLine: 50 });
  });

  it("are at most 80, with the found ones among them", () => {
    const { startLine, endLine, bestStart, bestEnd } = shownOf(file(filler(500), [method("huge", 1, 500)], "x"), place(300, 310), []);
    expect(endLine - startLine + 1).toBeLessThanOrEqual(REGION_LINES);
    expect([startLine <= bestStart, bestEnd <= endLine, bestStart >= 300]).toEqual([true, true, true]);
  });

  it("are the member that holds the rest of the question, where a definition it names is too long", () => {
    const lines = filler(300);
    lines[149] = "forget channel";
    const symbols = [{ ...method("Manager", 1, 300), kind: "class" }, method("get", 20, 40), method("forget", 150, 170)];
    const named = (question: string, whole: boolean) => {
      const manager = { ...place(1, 300), symbol: { symbol: { ...symbols[0]!, document: 1 }, name: "manager", strength: 1, whole } };
      return shownOf(file(lines, symbols, question), manager, []);
    };
    expect(named("manager forget channel", false)).toMatchObject({ startLine: 150, endLine: 170 });
    expect(named("manager elsewhere", false).startLine).toBe(1);
    expect(named("manager", true).startLine).toBe(1);
  });

  it("are marked where most of the question's words stand together", () => {
    const lines = filler(40);
    lines[24] = "retry(after)";
    lines[26] = "backoff(delay)";
    const { bestStart, bestEnd } = shownOf(file(lines, [method("send", 1, 40)], "retry with backoff delay"), place(1, 40), []);
    expect([bestStart, bestEnd]).toEqual([25, 27]);
  });

  it("mark few lines also where no word of the question stands", () => {
    const { bestStart, bestEnd } = shownOf(file(filler(60), [method("send", 1, 60)], "nothing"), place(1, 60), []);
    expect([bestStart, bestEnd]).toEqual([1, BEST_LINES]);
  });

  it("begin with the first definition where only the path matched", () => {
    const of = file(["// licence", "", ...filler(10)], [method("first", 3, 12)], "x");
    expect(shownOf(of, undefined, [])).toMatchObject({ startLine: 3, endLine: 12 });
  });
});
