/** Programs that are killed, and two programs on one folder: nothing is lost but the document in hand. */
import { type ChildProcess, fork } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, found, Memories, meant, notBuilt, tokensEncoded, until } from "../../server/memory/testing/memories.ts";
import { type Repository, repository } from "../unit/repository.ts";

const missing = notBuilt();
if (missing) console.warn(`\n  test/fault/processes.test.ts ${missing}\n`);

const files = Object.fromEntries(
  Array.from({ length: 24 }, (_, i) => [`file${i}.js`, `export function tapir${i}(value) {\n  return value + ${i};\n}\n`.repeat(3)]),
);

describe.skipIf(missing !== "")("several processes", () => {
  let memories: Memories;
  let repo: Repository;
  const children: ChildProcess[] = [];

  beforeEach(async () => {
    memories = await Memories.create();
    repo = await repository(files);
    await repo.commit("Tapirs");
  });

  afterEach(async () => {
    for (const child of children.splice(0)) child.kill("SIGKILL");
    await memories.dispose();
    await repo.dispose();
  });

  /** Another program that keeps the memory of the folder; says each new state and how many files are encoded. */
  function keeper(): ChildProcess {
    const child = fork(join(import.meta.dirname, "keep-memory.ts"), [repo.path, memories.home], {
      stdio: ["ignore", "inherit", "inherit", "ipc"],
    });
    children.push(child);
    return child;
  }

  async function said(child: ChildProcess, test: (status: { state: string; encoded: number; files: number }) => boolean): Promise<void> {
    for (;;) {
      const [status] = await once(child, "message");
      if (test(status)) return;
    }
  }

  async function kill(child: ChildProcess): Promise<void> {
    const gone = once(child, "exit");
    child.kill("SIGKILL");
    await gone;
  }

  it.each([
    ["it starts", ({ state }: { state: string }) => state === "starting"],
    ["it reads words", ({ files }: { files: number }) => files > 0],
    ["it encodes", ({ encoded }: { encoded: number }) => encoded > 0],
    ["it is done", ({ state }: { state: string }) => state === "ready"],
  ])("goes on where a program was killed while %s", async (_when, test) => {
    const child = keeper();
    await said(child, test);
    await kill(child);
    const { memory, messages } = await memories.ready(repo.path);
    expect(await memory.status()).toMatchObject({ files: 24, encoded: 24, commits: 1 });
    for (const i of [0, 11, 23]) expect((await found(memory, `tapir${i}`))[0]).toBe(`file${i}.js`);
    expect((await meant(memory, "tapir")).length).toBe(24);
    expect(messages).toEqual([]);
  });

  it("survives being killed again and again at any moment", async () => {
    for (const delay of [40, 130, 260, 410, 700]) {
      const child = keeper();
      await new Promise((resolve) => setTimeout(resolve, delay));
      await kill(child);
    }
    const { memory, messages } = await memories.ready(repo.path);
    expect(await memory.status()).toMatchObject({ files: 24, encoded: 24, commits: 1 });
    expect((await meant(memory, "tapir")).length).toBe(24);
    expect(messages).toEqual([]);
  });

  it("follows another program, and takes its place when it is killed", async () => {
    const child = keeper();
    await said(child, ({ state }) => state === "ready");
    const { memory, messages } = await memories.open(repo.path);
    memory.start();
    expect(memory.index.writable).toBe(false);
    expect((await meant(memory, "tapir")).length).toBe(24);
    await repo.write({ "new.js": "export const uakari = 1;\n" });
    await eventually(
      () => found(memory, "uakari"),
      (paths) => paths.length === 1,
    );
    await eventually(
      () => meant(memory, "uakari"),
      (paths) => paths.includes("new.js"),
    );
    expect(tokensEncoded(memory)).toBe(0);
    await kill(child);
    await eventually(
      () => memory.index.writable,
      (writable) => writable,
    );
    await repo.write({ "later.js": "export const vaquita = 1;\n" });
    await eventually(
      () => found(memory, "vaquita"),
      (paths) => paths.length === 1,
    );
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 26);
    expect(messages).toEqual([]);
  });

  it("shares what was encoded between folders and programs, and survives one of them clearing the cache", async () => {
    const child = keeper();
    await said(child, ({ state }) => state === "ready");
    const other = await repository(files);
    const { memory } = await memories.ready(other.path);
    expect(tokensEncoded(memory)).toBe(0);
    await memory.clearCache();
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 24);
    expect((await meant(memory, "tapir")).length).toBe(24);
    expect(child.exitCode).toBeNull();
    await other.dispose();
  });
});
