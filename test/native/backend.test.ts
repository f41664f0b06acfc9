import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { isFailure, type NativeEngine, unwrap } from "../../native/addon.ts";
import { addon, encode, modelFolder, someIds } from "./engine-files.ts";

/** No machine has this library, so these rules hold with and without a GPU. */
const options = { model: modelFolder, threads: 1, isa: "", cudaLibrary: "/nonexistent/everyline-cuda.so" };

async function works(engine: NativeEngine): Promise<void> {
  const [encoded] = await encode(engine, [someIds(100)]);
  expect(encoded!.chunks).toBe(2);
}

describe("the backend", () => {
  it("is the CPU where no GPU can serve, and says why", async () => {
    const engine = unwrap(await addon.loadEngine(options));
    expect(engine.stats()).toMatchObject({ backend: "cpu", detail: addon.isa() });
    expect(engine.stats().withoutGpu).toMatch(/^No GPU is used: .*(driver|nonexistent)/);
    await works(engine);
    engine.close();
  });

  it("is the CPU when it is asked for, or an instruction set or float precision", async () => {
    for (const asked of [{ backend: "cpu" }, { isa: addon.isa() }, { precision: "float" }] as const) {
      const engine = unwrap(await addon.loadEngine({ ...options, ...asked }));
      expect(engine.stats().backend).toBe("cpu");
      expect(engine.stats().withoutGpu).toMatch(/asked for/);
      engine.close();
    }
  });

  it("fails to load as cuda where no GPU can serve", async () => {
    const failed = await addon.loadEngine({ ...options, backend: "cuda" });
    expect(failed).toMatchObject({ failed: true, code: "internal" });
    expect(isFailure(failed) && failed.message).toMatch(/^No GPU is used: /);
  });

  it("does not fall over a damaged library", async () => {
    const folder = mkdtempSync(join(tmpdir(), "everyline-backend-"));
    const cudaLibrary = join(folder, "everyline-cuda.so");
    writeFileSync(cudaLibrary, "not a library");
    const engine = unwrap(await addon.loadEngine({ ...options, cudaLibrary }));
    expect(engine.stats().backend).toBe("cpu");
    await works(engine);
    engine.close();
    rmSync(folder, { recursive: true });
  });

  it("is refused by an unknown name", async () => {
    expect(await addon.loadEngine({ ...options, backend: "metal" as "cuda" })).toMatchObject({ failed: true, code: "bad-argument" });
  });
});
