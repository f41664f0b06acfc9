import { describe, expect, it } from "vitest";
import type { MemoryStatus } from "../server/memory/types.ts";
import { stripOf } from "./askMessages.ts";
import { detailsOf, duration, size } from "./statusText.ts";

const ready: MemoryStatus = {
  folder: "/work",
  state: "ready",
  message: "Ready.",
  files: 1200,
  toEncode: 1100,
  encoded: 1100,
  commits: 1,
  tokens: 2_000_000,
  chunks: 31_250,
  skipped: { binary: 3, secret: 0 },
  history: { diffs: 40, passages: 90, leftOut: 7, toEncode: 50, encoded: 20, tokens: 9_000 },
  etaMs: 0,
  tokensPerSecond: 0,
  engine: null,
  problem: "",
  indexBytes: 12_000_000,
  cacheBytes: 1_500_000_000,
  rssBytes: 300_000_000,
};

describe("detailsOf", () => {
  it("tells what is in memory, what was left out and what it takes", () => {
    expect(detailsOf(ready)).toEqual([
      "1,200 files, 1 commit, 2,000,000 tokens",
      "Read by the model: 1,100 files of 1,100",
      "Left out: 3 binary",
      "Changes of 40 commits; 7 changed files left out",
      "Read by the model: 20 parts of commits of 50, newest first",
      "Memory 300 MB, index 12 MB, cache 1.5 GB",
    ]);
  });
});

describe("the engine", () => {
  const engine = {
    backend: "cpu" as const,
    detail: "avx2",
    modelId: "m",
    threads: 2,
    documents: 1,
    chunks: 1,
    tokensEncoded: 0,
    encodeMs: 0,
  };

  it("stands in the details with the reason why no GPU serves", () => {
    const withoutGpu = "The CPU was asked for (everyline.gpuGigabytes: 0).";
    expect(detailsOf({ ...ready, engine })).toContain("Engine: cpu (avx2), 2 threads");
    expect(detailsOf({ ...ready, engine: { ...engine, withoutGpu } })).toContain(withoutGpu);
  });
});

describe("suggestions", () => {
  it("stand in the details once there are some", () => {
    expect(detailsOf({ ...ready, suggestions: { offered: 0, accepted: 0 } })).toEqual(detailsOf(ready));
    expect(detailsOf({ ...ready, suggestions: { offered: 12, accepted: 5 } })).toContain(
      "Suggestions since the window opened: 12 offered, 5 accepted",
    );
  });
});

describe("stripOf", () => {
  it("counts what is in memory when all is ready", () => {
    expect(stripOf("running", [ready], true)).toMatchObject({ tone: "ready", line: "1,200 files and 1 commit in memory", percent: -1 });
  });

  it("shows the share of files read while encoding, over all folders", () => {
    const busy = { ...ready, state: "encoding" as const, encoded: 550, message: "Reading." };
    expect(stripOf("running", [busy], true)).toMatchObject({ tone: "busy", line: "Reading.", percent: 50 });
    expect(stripOf("running", [busy, ready], true).percent).toBe(75);
  });

  it("puts what needs a person first, with what to do", () => {
    expect(stripOf("failed", [], true).action?.command).toBe("everyline.restart");
    expect(stripOf("running", [ready, { ...ready, state: "failed", message: "No." }], true)).toMatchObject({
      tone: "problem",
      line: "No.",
    });
    expect(stripOf("running", [{ ...ready, state: "asking", message: "Large." }], true).action?.command).toBe("everyline.allowEncoding");
    expect(stripOf("running", [{ ...ready, state: "paused", message: "Paused." }], true).action?.command).toBe("everyline.resumeMemory");
    expect(stripOf("running", [], false).action?.command).toBe("workbench.action.files.openFolder");
  });
});

describe("duration and size", () => {
  it("are short", () => {
    expect([0, 89_000, 90_000, 5_400_000, 7_200_000, 7_800_000].map(duration)).toEqual([
      "0 s",
      "89 s",
      "2 min",
      "1 h 30 min",
      "2 h",
      "2 h 10 min",
    ]);
    expect([0, 999, 1000, 9_960, 999_600, 8e9].map(size)).toEqual(["0 B", "999 B", "1.0 kB", "10 kB", "1.0 MB", "8.0 GB"]);
  });
});
