import { describe, expect, it } from "vitest";
import { parseCommand, UsageError } from "./args.ts";

describe("parseCommand", () => {
  it("reads every command of the contract", () => {
    expect(parseCommand(["index", "repo"])).toEqual({ name: "index", folder: "repo", history: "all", json: false });
    expect(parseCommand(["index", "repo", "--history", "200", "--json"])).toEqual({
      name: "index",
      folder: "repo",
      history: 200,
      json: true,
    });
    expect(parseCommand(["ask", "repo", "where is it?", "-k", "3"])).toEqual({
      name: "ask",
      folder: "repo",
      question: "where is it?",
      k: 3,
      json: false,
    });
    expect(parseCommand(["search", "--commits", "repo", "a query", "--json"])).toMatchObject({
      name: "search",
      commits: true,
      k: 10,
      json: true,
    });
    expect(parseCommand(["complete", ".", "a:b.ts:3:14"])).toEqual({
      name: "complete",
      folder: ".",
      file: "a:b.ts",
      line: 3,
      column: 14,
      json: false,
    });
    expect(parseCommand(["status", "."])).toEqual({ name: "status", folder: ".", json: false });
    expect(parseCommand(["doctor", "--json"])).toEqual({ name: "doctor", json: true });
    expect(parseCommand(["mcp", "."])).toEqual({ name: "mcp", folder: "." });
  });

  it("takes history for commits only, unless told", () => {
    const batch = (...more: string[]) => parseCommand(["batch", "--repo", "r", "--queries", "q", "--out", "o", ...more]);
    expect(batch("--kind", "commits")).toMatchObject({ history: "all" });
    expect(batch("--kind", "files")).toMatchObject({ history: "none" });
    expect(batch("--kind", "files", "--history", "50")).toMatchObject({ history: 50 });
  });

  it.each([
    [[]],
    [["frobnicate"]],
    [["index"]],
    [["index", ""]],
    [["index", "a", "b"]],
    [["index", "a", "--histroy", "all"]],
    [["index", "a", "--history", "some"]],
    [["index", "a", "--history", "-1"]],
    [["ask", "a"]],
    [["ask", "a", "  "]],
    [["ask", "a", "q", "-k", "0"]],
    [["ask", "a", "q", "-k", "many"]],
    [["complete", "a", "b.ts"]],
    [["complete", "a", "b.ts:0:1"]],
    [["complete", "a", "b.ts:1:x"]],
    [["doctor", "now"]],
    [["batch", "--repo", "r", "--kind", "tests", "--queries", "q", "--out", "o"]],
    [["batch", "--kind", "files", "--queries", "q", "--out", "o"]],
  ])("refuses %j", (argv) => {
    expect(() => parseCommand(argv)).toThrow(UsageError);
  });

  it("names what is wrong in one line", () => {
    expect(() => parseCommand(["search", "."])).toThrow('search needs "query"');
    expect(() => parseCommand(["index", ".", "--jsn"])).toThrow(/^index: Unknown option '--jsn'$/);
  });
});
