/** What the engine does when a GPU fails, on machines without one: a driver and a library that stand for the real ones. Real faults: native/cuda/run.sh in this folder. */
import { execFile } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, statSync, truncateSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildFakeGpu } from "./fake-gpu/build.ts";

const run = promisify(execFile);
const sources = join(import.meta.dirname, "fake-gpu");
const library = () => join(folder, "everyline-cuda.so");
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), "everyline-fake-gpu-"));
  await buildFakeGpu(folder);
}, 60_000);
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Outcome {
  before: string;
  asWanted: boolean;
  backend: string;
  withoutGpu: string;
}

async function outcome(call: string, fake: string, file = library()): Promise<Outcome> {
  const env = { ...process.env, LD_LIBRARY_PATH: folder, FAKE_GPU: fake };
  const { stdout } = await run(process.execPath, [join(sources, "call.ts"), file, call], { env });
  return JSON.parse(stdout) as Outcome;
}

describe("a GPU", () => {
  it.each([
    ["encode", "gone"],
    ["search", "gone"],
    ["begin", "gone"],
    ["encode", "no-memory"],
  ])(
    "that fails in the middle of %s (%s) is let go: the CPU answers that call, and it is said",
    async (call, fake) => {
      expect(await outcome(call, fake)).toEqual({
        before: "cuda",
        asWanted: true,
        backend: "cpu",
        withoutGpu: "The fake GPU failed. The CPU serves since then.",
      });
    },
    60_000,
  );

  it("that does not start leaves the CPU, and it is said", async () => {
    expect(await outcome("search", "start")).toEqual({
      before: "cpu",
      asWanted: true,
      backend: "cpu",
      withoutGpu: "The fake GPU has no memory.",
    });
  }, 60_000);

  it("gives its memory back when nobody calls, and starts again with the next call", async () => {
    expect(await outcome("idle", "works")).toEqual({ before: "cuda", asWanted: true, backend: "cuda", withoutGpu: "" });
  }, 60_000);

  it("reads keys and values as they are stored, and maps no more for it", async () => {
    expect(await outcome("reads", "works")).toEqual({ before: "cuda", asWanted: true, backend: "cuda", withoutGpu: "" });
  }, 60_000);

  it("is not used through a library that was cut short", async () => {
    const short = join(folder, "cut-short.so");
    copyFileSync(library(), short);
    truncateSync(short, statSync(short).size - 100);
    const { before, asWanted, withoutGpu } = await outcome("search", "works", short);
    expect({ before, asWanted }).toEqual({ before: "cpu", asWanted: true });
    expect(withoutGpu).toContain(`${short} is damaged`);
  }, 60_000);
});
