import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { withBlock } from "./body.ts";
import type { CompletionRequest, Unmeasured } from "./types.ts";

const request: CompletionRequest = { path: "a.ts", language: "typescript", prefix: "if ", suffix: "\n" };

function line(text: string): Unmeasured {
  return { text, confidence: 0.9, shown: true, reason: "", chunks: [] };
}

/** Rejects when it is told to end. */
function endless(_: CompletionRequest, signal: AbortSignal): Promise<Unmeasured> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
}

describe("a block", () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it("is given up for its first line when its time is over, also in the middle of a line", async () => {
    const made = withBlock(request, line("(a) {"), endless, performance.now());
    const settled = vi.fn();
    void made.then(settled);
    await vi.advanceTimersByTimeAsync(399);
    expect(settled).not.toHaveBeenCalled();
    await vi.advanceTimersByTimeAsync(1);
    expect(await made).toMatchObject({ text: "(a) {" });
  });

  it("has less time after a first line that took long", async () => {
    const made = withBlock(request, line("(a) {"), endless, performance.now() - 550);
    await vi.advanceTimersByTimeAsync(50);
    expect(await made).toMatchObject({ text: "(a) {" });
  });

  it("fails as its lines do", async () => {
    const broken = () => Promise.reject(new Error("the engine failed"));
    await expect(withBlock(request, line("(a) {"), broken, performance.now())).rejects.toThrow("the engine failed");
  });

  it("asks for no line after the first where no body is missing", async () => {
    expect(await withBlock(request, line("(a) b();"), endless, performance.now())).toMatchObject({ text: "(a) b();" });
  });
});
