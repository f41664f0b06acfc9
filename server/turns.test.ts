import { describe, expect, it } from "vitest";
import { atOnce, inTurns, type Steps } from "./turns.ts";

/** Busy for `ms` in each of `steps` steps; counts those that are done. */
function* busy(steps: number, ms: number, done: { steps: number } = { steps: 0 }): Steps<string> {
  for (; done.steps < steps; done.steps++) {
    const end = performance.now() + ms;
    while (performance.now() < end);
    yield;
  }
  return "done";
}

describe("work in steps", () => {
  it("is done at once where nobody waits", () => {
    expect(atOnce(busy(3, 0))).toBe("done");
  });

  it("lets others have their turn", async () => {
    const done = { steps: 0 };
    const work = inTurns(busy(20, 1, done), new AbortController().signal);
    const seen = await new Promise((resolve) => setImmediate(() => resolve(done.steps)));
    expect(seen).toBeLessThan(20);
    expect(await work).toBe("done");
  });

  it("ends where it is once it is cancelled", async () => {
    const controller = new AbortController();
    const done = { steps: 0 };
    const work = inTurns(busy(20, 1, done), controller.signal);
    setImmediate(() => controller.abort(new Error("enough")));
    await expect(work).rejects.toThrow("enough");
    expect(done.steps).toBeLessThan(20);
  });
});
