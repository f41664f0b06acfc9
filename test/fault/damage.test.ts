/** Damaged stores and a damaged model: set aside or left out with a message naming the file, and everything else works. */
import { appendFile, cp, mkdir, readdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { modelFolder } from "../../server/home.ts";
import { found, Memories, meant, notBuilt, tokensEncoded, until } from "../../server/memory/testing/memories.ts";
import { type Repository, repository } from "../unit/repository.ts";

const missing = notBuilt();
if (missing) console.warn(`\n  test/fault/damage.test.ts ${missing}\n`);

describe.skipIf(missing !== "")("damage", () => {
  let memories: Memories;
  let repo: Repository;

  beforeEach(async () => {
    memories = await Memories.create();
    repo = await repository({ "a.py": "def lemur():\n    return 1\n", "b.py": "def meerkat():\n    return 2\n" });
    await repo.commit("Two animals");
  });

  afterEach(async () => {
    await memories.dispose();
    await repo.dispose();
  });

  /** Fills index and cache and closes them. */
  async function filled(): Promise<void> {
    const { memory } = await memories.ready(repo.path);
    await memories.close(memory);
  }

  async function inHome(folder: string, test: (name: string) => boolean): Promise<string> {
    const names = await readdir(join(memories.home, folder), { recursive: true });
    return join(memories.home, folder, names.find(test)!);
  }

  async function works(messages: string[], told: string | RegExp): Promise<void> {
    expect(messages.join("\n")).toMatch(told);
    expect(messages.length).toBe(1);
  }

  it.each([
    ["garbage", (path: string) => writeFile(path, "garbage ".repeat(1000))],
    ["cut off", (path: string) => truncate(path, 5000)],
    ["overwritten in the middle", (path: string) => overwrite(path, 4096, 3000)],
  ])("rebuilds an index whose database is %s", async (_how, damage) => {
    await filled();
    await damage(await inHome("index", (name) => name.endsWith("index.db")));
    const { memory, messages } = await memories.ready(repo.path);
    await works(messages, /index\.db/);
    expect([await found(memory, "lemur"), await found(memory, "meerkat")]).toEqual([["a.py"], ["b.py"]]);
    expect((await memory.status()).commits).toBe(1);
    // The encodings were in the cache.
    expect(tokensEncoded(memory)).toBe(0);
  });

  it("reads the words again when their file is damaged", async () => {
    await filled();
    await overwrite(await inHome("index", (name) => name.endsWith("words-files.bin")), 100, 200);
    const { memory } = await memories.ready(repo.path);
    expect([await found(memory, "lemur"), await found(memory, "meerkat")]).toEqual([["a.py"], ["b.py"]]);
    expect(tokensEncoded(memory)).toBe(0);
  });

  it("encodes anew when the cache's database is damaged", async () => {
    await filled();
    await writeFile(await inHome("cache", (name) => name === "cache.db"), "garbage ".repeat(1000));
    const { memory, messages } = await memories.ready(repo.path);
    await works(messages, /cache\.db was damaged/);
    expect(await meant(memory, "animals")).toEqual(["a.py", "b.py"]);
    expect(tokensEncoded(memory)).toBeGreaterThan(0);
  });

  it("encodes anew what was in a cut landmark file, and drops cut keys and values", async () => {
    await filled();
    await truncate(await inHome("cache", (name) => name.startsWith("landmarks-")), 264);
    await truncate(await inHome("cache", (name) => name.startsWith("kv-")), 10);
    const { memory, messages } = await memories.ready(repo.path);
    expect(messages.join("\n")).toMatch(/landmarks-\d+\.bin is shorter than recorded[\s\S]*kv-00000\.bin is shorter than recorded/);
    expect(await meant(memory, "animals")).toEqual(["a.py", "b.py"]);
    expect((await memory.status()).problem).toBe("");
  });

  it("encodes anew when the cache was deleted while nothing ran", async () => {
    await filled();
    await rm(join(memories.home, "cache"), { recursive: true });
    const { memory } = await memories.ready(repo.path);
    expect(await meant(memory, "animals")).toEqual(["a.py", "b.py"]);
  });

  it.each([
    ["cut off", (path: string) => truncate(path, 1_000_000), /model\.safetensors/],
    ["changed by a bit", (path: string) => overwrite(path, 30_000_000, 1), /model\.safetensors is damaged/],
    ["missing", (path: string) => rm(path), /model\.safetensors/],
  ])("works by words, and says why, when the model is %s", async (_how, damage, told) => {
    const copy = join(memories.home, "model");
    await mkdir(copy);
    for (const name of ["model.safetensors", "tokenizer.json", "config.json"]) await cp(join(modelFolder, name), join(copy, name));
    await damage(join(copy, "model.safetensors"));
    const { memory, messages } = await memories.ready(repo.path, { modelFolder: copy });
    await works(messages, told);
    expect(memory.engine).toBeNull();
    expect(await found(memory, "lemur")).toEqual(["a.py"]);
    expect(await memory.status()).toMatchObject({
      state: "ready",
      encoded: 0,
      toEncode: 2,
      problem: expect.stringMatching(told),
      engine: null,
    });
  });

  it("names an addon that is missing or none", async () => {
    await expect(memories.open(repo.path, { addonFile: join(memories.home, "no.node") })).rejects.toThrow(/no\.node/);
    const fake = join(memories.home, "fake.node");
    await writeFile(fake, "not a library");
    await expect(memories.open(repo.path, { addonFile: fake })).rejects.toThrow(/fake\.node could not be loaded/);
    const { memory } = await memories.ready(repo.path);
    expect(await found(memory, "lemur")).toEqual(["a.py"]);
  });

  it("rebuilds while it runs when the index is damaged under it", async () => {
    const { memory, messages } = await memories.ready(repo.path);
    const path = await inHome("index", (name) => name.endsWith("index.db"));
    await appendFile(join(repo.path, "a.py"), "\ndef numbat():\n    return 3\n");
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 2);
    await overwrite(path, 0, (await readFile(path)).length);
    await appendFile(join(repo.path, "b.py"), "\ndef okapi():\n    return 4\n");
    const seen = async () => (await found(memory, "okapi").catch(() => [])).join();
    while ((await seen()) !== "b.py") await new Promise((resolve) => setTimeout(resolve, 20));
    expect(await found(memory, "numbat")).toEqual(["a.py"]);
    expect(messages.length).toBeLessThanOrEqual(2);
  });
});

async function overwrite(path: string, from: number, bytes: number): Promise<void> {
  const content = await readFile(path);
  for (let at = from; at < Math.min(content.length, from + bytes); at++) content[at] = content[at]! ^ 0x5a;
  await writeFile(path, content);
}
