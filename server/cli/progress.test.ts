import { describe, expect, it } from "vitest";
import { Progress, progressLine } from "./progress.ts";

function terminal(isTTY: boolean) {
  const written: string[] = [];
  return { isTTY, columns: 60, written, write: (text: string) => written.push(text) > 0 };
}

describe("Progress", () => {
  it("says how far it is and how long it takes", () => {
    expect(progressLine({ phase: "encoding", done: 6, total: 24, etaMs: 34_200 })).toBe(
      "encoding [######------------------] 6/24, 35 s left",
    );
    expect(progressLine({ phase: "words", done: 0, total: 0, etaMs: 0 })).toBe("words [------------------------] 0/0");
    expect(progressLine({ phase: "encoding", done: 1, total: 2, etaMs: 1_200_000 })).toMatch(/, 20 min left$/);
  });

  it("draws on a terminal, not too often, and leaves nothing behind", () => {
    const stream = terminal(true);
    const progress = new Progress(stream);
    for (const [done, now] of [
      [1, 0],
      [2, 50],
      [3, 150],
    ] as const)
      progress.update({ phase: "words", done, total: 3, etaMs: 0 }, now);
    progress.clear();
    progress.clear();
    expect(stream.written).toHaveLength(3);
    expect(stream.written[1]).toContain("3/3");
    expect(stream.written[2]).toBe("\r\u001b[K");
    for (const line of stream.written) expect(line.length).toBeLessThan(60 + 5);
  });

  it("writes nothing elsewhere", () => {
    const stream = terminal(false);
    const progress = new Progress(stream);
    progress.update({ phase: "words", done: 1, total: 3, etaMs: 0 });
    progress.clear();
    expect(stream.written).toEqual([]);
  });
});
