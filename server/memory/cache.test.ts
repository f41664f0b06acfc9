import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";

describe("closing the cache", () => {
  it("keeps the program alive until it is closed, also while an answer is on its way", async () => {
    const folder = mkdtempSync(join(tmpdir(), "everyline-cache-"));
    const program = join(folder, "program.mjs");
    writeFileSync(
      program,
      `
      const { Cache, cacheLimits } = await import(${JSON.stringify(join(import.meta.dirname, "cache.ts"))});
      const cache = await Cache.open(${JSON.stringify(join(folder, "cache"))}, cacheLimits(1), console.error);
      void cache.bytes();
      await cache.close();
      console.log("closed");`,
    );
    const { stdout } = await promisify(execFile)(process.execPath, [program], { timeout: 100_000 });
    expect(stdout.trim()).toBe("closed");
    rmSync(folder, { recursive: true });
  });
});
