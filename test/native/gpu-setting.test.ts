/**
 * everyline.gpuGigabytes from the editor's settings to the GPU, on any machine: the program as it is installed, with a driver and a library
 * beside its addon that stand for the real ones. The real limit: docs/gpu.md.
 */
import { execFile } from "node:child_process";
import { copyFileSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import { startServer } from "../unit/server-process.ts";
import { addon } from "./engine-files.ts";
import { buildFakeGpu } from "./fake-gpu/build.ts";

const root = join(import.meta.dirname, "..", "..");
const defaults = manifestDefaults();
let program: string;

beforeAll(async () => {
  program = mkdtempSync(join(tmpdir(), "everyline-gpu-setting-"));
  const dist = join(program, "dist");
  mkdirSync(dist);
  for (const name of ["server", "native"]) cpSync(join(root, name), join(program, name), { recursive: true });
  for (const name of ["model", "node_modules"]) symlinkSync(join(root, name), join(program, name));
  copyFileSync(join(root, "package.json"), join(program, "package.json"));
  copyFileSync(join(root, "dist", "everyline.node"), join(dist, "everyline.node"));
  await buildFakeGpu(dist);
}, 60_000);
afterAll(() => rmSync(program, { recursive: true, force: true }));

/** The section "everyline" as the editor gives it where nothing is set. */
function manifestDefaults(): Record<string, unknown> {
  const { contributes } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  const section: Record<string, unknown> = {};
  for (const [key, { default: value }] of contributes.configuration.flatMap((part: { properties: object }) =>
    Object.entries(part.properties),
  )) {
    const [, name, inner] = key.split(".") as [string, string, string?];
    section[name] = inner ? { ...(section[name] as object), [inner]: value } : value;
  }
  return section;
}

const environment = () => ({ LD_LIBRARY_PATH: join(program, "dist"), FAKE_GPU: "works" });

function started(gpuGigabytes?: unknown) {
  const configuration = gpuGigabytes === undefined ? { ...defaults } : { ...defaults, gpuGigabytes };
  return startServer({ files: { "a.ts": "export const a = 1;\n" }, program, env: environment(), configuration }).then((server) => ({
    ...server,
    configuration,
    engine: () =>
      vi.waitFor(async () => (await server.status())?.engine ?? Promise.reject(new Error("no engine yet")), {
        timeout: 50_000,
        interval: 50,
      }),
  }));
}

describe("everyline.gpuGigabytes", () => {
  it.each([
    [undefined, "cuda", "Fake GPU, no limit given", ""],
    ["auto", "cuda", "Fake GPU, no limit given", ""],
    [1.5, "cuda", "Fake GPU, 1500000000 bytes at most", ""],
    [0.05, "cpu", addon.isa(), "The memory allowed on the fake GPU is not enough."],
    [0, "cpu", addon.isa(), "The CPU was asked for (everyline.gpuGigabytes: 0)."],
  ])("%s: the status says that the engine runs on %s, %s", async (given, backend, detail, withoutGpu) => {
    const server = await started(given);
    expect(await server.engine()).toMatchObject({ backend, detail, withoutGpu });
    await server.dispose();
  });

  it("that cannot be used leaves the engine its own limit, and the log says so", async () => {
    const server = await started(-3);
    expect(await server.engine()).toMatchObject({ backend: "cuda", detail: "Fake GPU, no limit given" });
    expect(server.log.find((line) => line.includes("everyline.gpuGigabytes"))).toContain("its default is used");
    await server.dispose();
  });

  it("that changes takes effect with the next start, and the log says so", async () => {
    const server = await started(2);
    await server.engine();
    server.configuration.gpuGigabytes = 0;
    await server.client.sendNotification("workspace/didChangeConfiguration", { settings: null });
    await vi.waitFor(() => expect(server.log.join("\n")).toContain("everyline.gpuGigabytes takes effect when Everyline starts again."));
    expect(await server.engine()).toMatchObject({ backend: "cuda", detail: "Fake GPU, 2000000000 bytes at most" });
    await server.dispose();
  });
});

describe("the doctor", () => {
  it.each([
    ["works", "cuda (Fake GPU, no limit given)"],
    ["start", `cpu (${addon.isa()}). The fake GPU has no memory.`],
  ])("says which backend serves and why (a GPU that is said to be: %s)", async (fake, backend) => {
    const home = join(program, "home");
    const env = { ...process.env, ...environment(), FAKE_GPU: fake, EVERYLINE_HOME: home };
    const { stdout } = await promisify(execFile)(process.execPath, [join(program, "server", "cli.ts"), "doctor", "--json"], { env }).catch(
      (failed) => failed,
    );
    const { checks } = JSON.parse(stdout) as { checks: { name: string; detail: string }[] };
    expect(checks.find(({ name }) => name === "backend")?.detail).toBe(backend);
  });
});
