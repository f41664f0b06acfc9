import { copyFileSync, mkdtempSync, readFileSync, rmSync, truncateSync, unlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { isFailure, type NativeEngine } from "../../native/addon.ts";
import { Engine } from "../../native/engine.ts";
import { loadAddon, platformProblem, probeAddon } from "../../native/load.ts";
import { addon, loadEngine, modelFolder, none, someIds } from "./engine-files.ts";

describe("a damaged model", () => {
  let folder: string;
  const weights = () => join(folder, "model.safetensors");
  const load = () => addon.loadEngine({ model: folder, threads: 1, isa: "" });

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), "everyline-model-"));
    copyFileSync(join(modelFolder, "config.json"), join(folder, "config.json"));
    copyFileSync(join(modelFolder, "model.safetensors"), weights());
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  /** Replaces a text of the header by one of the same length. */
  function replaceInHeader(from: string, to: string): void {
    const bytes = readFileSync(weights());
    bytes.write(to, bytes.indexOf(from), "latin1");
    writeFileSync(weights(), bytes);
  }

  async function problem(): Promise<string> {
    const result = await load();
    if (!isFailure(result)) throw new Error("the model was accepted");
    expect(result.code).toBe("bad-model");
    return result.message;
  }

  it("is named when it is missing", async () => {
    unlinkSync(weights());
    expect(await problem()).toContain(weights());
  });

  it("is named when it is cut short", async () => {
    truncateSync(weights(), 1_000_000);
    expect(await problem()).toMatch(/damaged: tensor \S+ .*outside the file/);
    truncateSync(weights(), 4);
    expect(await problem()).toContain("too short");
  });

  it("is named when its header is not one", async () => {
    replaceInHeader('{"', "!!");
    expect(await problem()).toContain("header is not JSON");
  });

  it("is named when a tensor has another name or shape", async () => {
    replaceInHeader('"lower.2.o.weight"', '"lower.2.x.weight"');
    expect(await problem()).toContain("tensor lower.2.o.weight is missing");
  });

  it("is named when it is another model's", async () => {
    replaceInHeader("everyline-hsa-54m-1", "everyline-hsa-54m-9");
    expect(await problem()).toContain("everyline-hsa-54m-9");
  });

  it("is named when config.json does not fit", async () => {
    writeFileSync(join(folder, "config.json"), '{"V": 5}');
    expect(await problem()).toContain(join(folder, "config.json"));
    writeFileSync(join(folder, "config.json"), "{");
    expect(await problem()).toContain("not JSON");
  });

  it("is refused by its checksum when a single byte differs", async () => {
    const bytes = readFileSync(weights());
    bytes[bytes.length - 1]! ^= 1;
    writeFileSync(weights(), bytes);
    await expect(Engine.load(addon, { model: folder, threads: 1, isa: "" })).rejects.toThrow(/model\.safetensors is damaged: its checksum/);
  });
});

describe("the addon", () => {
  it("answers a probe from a process of its own", async () => {
    expect(await probeAddon()).toMatchObject({ ok: true, isa: addon.isa() });
  });

  it("is reported, not thrown, when a probe cannot load it", async () => {
    const folder = mkdtempSync(join(tmpdir(), "everyline-addon-"));
    const file = join(folder, "everyline.node");
    writeFileSync(file, "not a library");
    const probe = await probeAddon(file);
    expect(probe.ok).toBe(false);
    expect(probe.message).toContain(file);
    expect(() => loadAddon(file)).toThrow(file);
    expect(() => loadAddon(join(folder, "none.node"))).toThrow(/is missing/);
    rmSync(folder, { recursive: true });
  });

  it("says plainly where it does not run", () => {
    expect(platformProblem("linux", "x64", "2.28")).toBe("");
    expect(platformProblem("linux", "x64", "2.27")).toContain("glibc 2.27");
    expect(platformProblem("linux", "x64", "")).toContain("another C library");
    expect(platformProblem("darwin", "arm64", "")).toContain("darwin arm64");
  });

  it("refuses an instruction set or options that it does not know", async () => {
    const bad = { failed: true, code: "bad-argument" };
    expect(await addon.loadEngine({ model: modelFolder, threads: 0, isa: "sparc" })).toMatchObject(bad);
    expect(await addon.loadEngine({ model: modelFolder, threads: -1, isa: "" })).toMatchObject(bad);
    expect(await addon.loadEngine({} as never)).toMatchObject(bad);
  });
});

describe("closing", () => {
  it("ends what is in flight as cancelled, and what comes later", async () => {
    const engine: NativeEngine = await loadEngine();
    const session = engine.session();
    if (isFailure(session)) throw new Error(session.message);
    const calls = [
      engine.encode([{ ids: someIds(30_000), firstChunk: 0 }]),
      engine.encode([{ ids: someIds(100), firstChunk: 0 }]),
      session.begin(someIds(4000), none),
      engine.search(someIds(10), 2),
    ];
    engine.close();
    engine.close();
    for (const result of await Promise.all(calls)) expect(result).toMatchObject({ failed: true, code: "cancelled" });
    expect(await engine.search(someIds(10), 1)).toMatchObject({ code: "cancelled" });
    expect(await session.next(8)).toMatchObject({ code: "cancelled" });
    expect(engine.session()).toMatchObject({ code: "cancelled" });
  });
});
