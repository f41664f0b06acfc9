import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { Evidence, SearchResult } from "../retrieve/types.ts";
import { batchComplete, batchSearch, readCompletionCases, readSearchQueries } from "./batch.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everyline-batch-"));
});
afterEach(() => rm(folder, { recursive: true }));

async function file(text: string): Promise<string> {
  const name = join(folder, "queries.json");
  await writeFile(name, text);
  return name;
}

function evidence(part: Partial<Evidence>): Evidence {
  return { path: "", startLine: 0, endLine: 0, commit: "", score: 1, reasons: [], bestStart: 0, bestEnd: 0, text: "", title: "", ...part };
}

function result(...found: Partial<Evidence>[]): SearchResult {
  return { evidence: found.map(evidence), confidence: 1, ms: 1, stages: {}, incomplete: "" };
}

describe("batch", () => {
  it("reads the bench's queries, with k 10 where none is given", async () => {
    expect(await readSearchQueries(await file('{"repo": "r", "queries": [{"id": "a", "query": "b", "more": 1}]}'))).toEqual({
      k: 10,
      queries: [{ id: "a", query: "b" }],
    });
    const one = { id: "c", path: "a.ts", line: 3, col: 4, prefix: "x", suffix: "y" };
    expect((await readCompletionCases(await file(JSON.stringify({ cases: [one] })))).cases).toHaveLength(1);
  });

  it("says what is wrong with a file of queries", async () => {
    await expect(readSearchQueries(join(folder, "none.json"))).rejects.toThrow(/none\.json cannot be read: ENOENT/);
    await expect(readSearchQueries(await file("{"))).rejects.toThrow(/is not JSON/);
    await expect(readSearchQueries(await file('{"queries": [{"id": 3}]}'))).rejects.toThrow(/does not fit: queries\.0\.id/);
  });

  it("answers places of files", async () => {
    const asked: unknown[] = [];
    const search = async (query: string, options: object) => {
      asked.push([query, options]);
      return result({ path: "a.ts", startLine: 1, endLine: 9, score: 2, title: "x" });
    };
    const answer = await batchSearch({ k: 5, queries: [{ id: "q", query: "words" }] }, "files", 12.4, search);
    expect(asked).toEqual([["words", { k: 5, scope: "files" }]]);
    expect(answer.results).toEqual({ q: [{ path: "a.ts", startLine: 1, endLine: 9, score: 2 }] });
    expect(answer.indexMs).toBe(12);
  });

  it("answers distinct commits, each with its best score", async () => {
    const search = async () => result({ commit: "aa", score: 3 }, { commit: "bb", score: 2 }, { commit: "aa", score: 1 });
    const answer = await batchSearch({ k: 5, queries: [{ id: "q", query: "words" }] }, "commits", 0, search);
    expect(answer.results.q).toEqual([
      { commit: "aa", score: 3 },
      { commit: "bb", score: 2 },
    ]);
  });

  it("answers every completion, whether it would be shown or not", async () => {
    const complete = async () => ({ text: "foo()", confidence: 0.1, shown: false, reason: "low confidence", chunks: [], ms: 3.14 });
    const answer = await batchComplete({ cases: [{ id: "c", path: "a", prefix: "x", suffix: "y" }] }, 1, complete);
    expect(answer).toEqual({ completions: { c: "foo()" }, ms: { c: 3.1 }, confidence: { c: 0.1 }, indexMs: 1 });
  });
});
