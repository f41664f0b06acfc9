import { describe, expect, it } from "vitest";
import type { Answer } from "../ask/types.ts";
import type { MemoryStatus } from "../memory/types.ts";
import type { Evidence } from "../retrieve/types.ts";
import { answerForPeople, answerJson, citation, completionForPeople, completionJson, searchForPeople, statusJson } from "./shapes.ts";

const region: Evidence = {
  path: "src/a.ts",
  startLine: 3,
  endLine: 14,
  commit: "",
  score: 0.12345678,
  reasons: ["defines parse"],
  bestStart: 4,
  bestEnd: 6,
  text: "code",
  title: "function parse",
};
const commit: Evidence = {
  ...region,
  path: "",
  startLine: 0,
  endLine: 0,
  commit: "0123456789abcdef0123456789abcdef01234567",
  title: "commit 0123456789 by Ada Author, 2024-01-01",
  text: "Fix it\n\nIt was broken.",
};
const answer: Answer = {
  question: "q",
  found: true,
  statements: [{ text: "It parses.", sources: [0, 1] }],
  evidence: [region, commit],
  followUps: [],
  prompt: { system: "", user: "" },
  wordedBy: "evidence",
  incomplete: "2 of 9 files not encoded yet",
  ms: 12.6,
};

describe("JSON shapes", () => {
  it("give a region path and lines, and a commit without a hunk neither", () => {
    expect(citation(region)).toEqual({ path: "src/a.ts", startLine: 3, endLine: 14, score: 0.123457, reasons: ["defines parse"] });
    expect(citation(commit)).toEqual({ commit: commit.commit, score: 0.123457, reasons: ["defines parse"] });
  });

  it("give an answer with its citations", () => {
    const json = answerJson(answer);
    expect(Object.keys(json)).toEqual(["answer", "found", "citations", "ms"]);
    expect(json).toMatchObject({ answer: "It parses. [1] [2]", found: true, ms: 13 });
  });

  it("give a completion with its chunks, a commit's sha only where there is one", () => {
    const chunk = { path: "b.ts", startLine: 1, endLine: 2, commit: "", weight: 0.5 };
    const json = completionJson({
      text: "x",
      confidence: 0.7,
      shown: true,
      reason: "",
      chunks: [chunk, { ...chunk, commit: "ab" }],
      ms: 4.2,
    });
    expect(json).toEqual({
      text: "x",
      confidence: 0.7,
      shown: true,
      chunks: [
        { path: "b.ts", startLine: 1, endLine: 2, weight: 0.5 },
        { path: "b.ts", startLine: 1, endLine: 2, commit: "ab", weight: 0.5 },
      ],
      ms: 4,
    });
  });

  it("give a status that says so when there is no engine", () => {
    const status = { files: 9, encoded: 7, toEncode: 8, tokens: 100, commits: 3, engine: null, state: "ready" } as MemoryStatus;
    expect(statusJson(status)).toEqual({ files: 9, encoded: 7, total: 8, tokens: 100, commits: 3, backend: "none", state: "ready" });
  });
});

describe("text for people", () => {
  it("numbers sources as the answer cites them and says what is missing", () => {
    expect(answerForPeople(answer).split("\n")).toEqual([
      "It parses. [1] [2]",
      "",
      "Sources:",
      "  [1] src/a.ts:3-14  function parse  (defines parse)",
      "  [2] commit 0123456789 by Ada Author, 2024-01-01  “Fix it”  (defines parse)",
      "",
      "Note: 2 of 9 files not encoded yet.",
    ]);
  });

  it("names the lines that a commit changed, those before where it only removed some", () => {
    const place = { path: "src/a.ts", oldPath: "src/b.ts", oldStart: 3, oldEnd: 4, newStart: 5, newEnd: 9, text: "" };
    const gone = { ...place, newStart: 0, newEnd: 0 };
    const evidence = [place, gone].map((change) => ({ ...commit, reasons: [], change }));
    expect(searchForPeople({ evidence, confidence: 1, ms: 1, stages: {}, incomplete: "" }).split("\n")).toEqual([
      "commit 0123456789 by Ada Author, 2024-01-01  “Fix it”  src/a.ts:5-9",
      "commit 0123456789 by Ada Author, 2024-01-01  “Fix it”  src/b.ts:3-4 before",
    ]);
  });

  it("lets no control character of a path through", () => {
    const hostile = { ...region, path: "a\u001b[31m\nb", title: "" };
    const text = searchForPeople({ evidence: [hostile], confidence: 1, ms: 1, stages: {}, incomplete: "" });
    expect(text).toBe("a\ufffd[31m\ufffdb:3-14  (defines parse)");
  });

  it("says why a completion is empty or not shown", () => {
    const blank = { text: "", confidence: 0, shown: false, reason: "secret file", chunks: [], ms: 0 };
    expect(completionForPeople(blank)).toBe("No completion: secret file.");
    expect(completionForPeople({ ...blank, text: "foo()", confidence: 0.2, reason: "low confidence", ms: 40 })).toBe(
      "foo()\n\nConfidence 20 %, not shown in the editor: low confidence; 40 ms",
    );
  });
});
