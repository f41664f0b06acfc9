/** A full disk, on a file system of 24 MB: said once, nothing lost, and everything goes on when there is space. */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { found, Memories, meant, notBuilt, until } from "../../server/memory/testing/memories.ts";
import { type Repository, repository } from "../unit/repository.ts";

let missing = notBuilt();
if (!missing && !canMount()) missing = "skipped: mounting a small file system needs root";
if (missing) console.warn(`\n  test/fault/disk.test.ts ${missing}\n`);

describe.skipIf(missing !== "")("a full disk", () => {
  let memories: Memories;
  let repo: Repository;
  let home: string;

  beforeEach(async () => {
    memories = await Memories.create();
    home = mkdtempSync(join(tmpdir(), "everyline-disk-"));
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=24m", "none", home]);
    const text = Array.from({ length: 60 }, (_, i) => `export function pika${i}(value) {\n  return value * ${i};\n}\n`).join("\n");
    repo = await repository({ "a.js": text, "b.js": text.replaceAll("pika", "quokka"), "c.js": "export const saola = 1;\n" });
    await repo.commit("Three");
  });

  afterEach(async () => {
    await memories.dispose();
    execFileSync("umount", ["--lazy", home]);
    rmSync(home, { recursive: true });
    await repo.dispose();
  });

  it("stops encoding with a message, keeps words, and goes on when there is space", async () => {
    const { memory, messages } = await memories.open(repo.path, { home, retryMs: 100 });
    await memory.bringUpToDate({ words: true, history: true, encodings: false });
    const ballast = join(home, "ballast");
    fill(home, ballast, 300_000);
    memory.start();
    const waiting = await until(memory, ({ state }) => state === "waiting");
    expect(waiting.message).toMatch(/disk is full: the cache in .* cannot grow/);
    expect(messages.filter((text) => text.includes("disk is full")).length).toBe(1);
    expect(await found(memory, "saola")).toEqual(["c.js"]);
    rmSync(ballast);
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 3);
    expect(await meant(memory, "numbers")).toEqual(["a.js", "b.js", "c.js"]);
  });

  it("says which folder cannot be written when there is no space at all, and works once there is", async () => {
    const ballast = join(home, "ballast");
    fill(home, ballast, 0);
    await expect(memories.open(repo.path, { home })).rejects.toThrow(home);
    rmSync(ballast);
    const { memory } = await memories.ready(repo.path, { home });
    expect(await found(memory, "saola")).toEqual(["c.js"]);
  });
});

/** Leaves about `left` bytes. */
function fill(home: string, path: string, left: number): void {
  const { bavail, bsize } = statfsSync(home);
  writeFileSync(path, Buffer.alloc(Math.max(0, bavail * bsize - left)));
}

function canMount(): boolean {
  const point = mkdtempSync(join(tmpdir(), "everyline-mount-"));
  try {
    execFileSync("mount", ["-t", "tmpfs", "-o", "size=1m", "none", point], { stdio: "ignore" });
    execFileSync("umount", [point]);
    return true;
  } catch {
    return false;
  } finally {
    rmSync(point, { recursive: true, force: true });
  }
}
