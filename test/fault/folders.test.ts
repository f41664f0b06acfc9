/** Folders that are empty, broken or gone: a clear message naming the folder, and whatever can be read is read. */
import { execFile } from "node:child_process";
import { chmod, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { eventually, found, Memories, notBuilt, until } from "../../server/memory/testing/memories.ts";
import { type Folder, folder, repository } from "../unit/repository.ts";

const missing = notBuilt();
if (missing) console.warn(`\n  test/fault/folders.test.ts ${missing}\n`);
const root = process.getuid?.() === 0;

describe.skipIf(missing !== "")("bad folders", () => {
  let memories: Memories;
  const folders: Folder[] = [];

  beforeEach(async () => {
    memories = await Memories.create();
  });

  afterEach(async () => {
    await memories.dispose();
    for (const one of folders.splice(0)) await one.dispose();
  });

  async function made<T extends Folder>(making: Promise<T>): Promise<T> {
    const one = await making;
    folders.push(one);
    return one;
  }

  it("is ready at once in an empty folder, and takes in its first file", async () => {
    const empty = await made(folder());
    const { memory, messages } = await memories.ready(empty.path);
    expect(await memory.status()).toMatchObject({ state: "ready", files: 0, commits: 0, problem: "" });
    await empty.write({ "first.py": "def aardvark():\n    pass\n" });
    await eventually(
      () => found(memory, "aardvark"),
      (paths) => paths.length === 1,
    );
    expect(messages).toEqual([]);
  });

  it("reads a repository without a commit", async () => {
    const unborn = await made(repository({ "a.py": "def bandicoot():\n    pass\n" }));
    const { memory, messages } = await memories.ready(unborn.path);
    expect(await found(memory, "bandicoot")).toEqual(["a.py"]);
    expect(messages).toEqual([]);
  });

  it("reads the files of a repository whose git folder is broken", async () => {
    const broken = await made(repository({ "a.py": "def capybara():\n    pass\n" }));
    await broken.commit("One");
    await rm(join(broken.path, ".git/HEAD"));
    const { memory } = await memories.ready(broken.path);
    expect(await found(memory, "capybara")).toEqual(["a.py"]);
    expect((await memory.status()).commits).toBe(0);
  });

  it("reads files, and the commits it can, where objects are damaged, and says so", async () => {
    const damaged = await made(repository({ "a.py": "def dugong():\n    pass\n" }));
    const first = await damaged.commit("One");
    await damaged.write({ "b.py": "def echidna():\n    pass\n" });
    await damaged.commit("Two");
    const object = join(damaged.path, ".git/objects", first.slice(0, 2), first.slice(2));
    await chmod(object, 0o600);
    await writeFile(object, "garbage");
    const { memory, messages } = await memories.ready(damaged.path);
    expect([await found(memory, "dugong"), await found(memory, "echidna")]).toEqual([["a.py"], ["b.py"]]);
    expect(messages.join()).toContain(damaged.path);
  });

  it("reads on without git's index", async () => {
    const damaged = await made(repository({ "a.py": "def fossa():\n    pass\n" }));
    await damaged.commit("One");
    await writeFile(join(damaged.path, ".git/index"), "garbage");
    const { memory } = await memories.ready(damaged.path);
    expect(await found(memory, "fossa")).toEqual(["a.py"]);
  });

  it("says that the folder is gone when it vanishes, and keeps what it knows", async () => {
    const gone = await made(folder({ "a.py": "def gharial():\n    pass\n" }));
    const { memory, messages } = await memories.ready(gone.path);
    await rm(gone.path, { recursive: true });
    await eventually(
      () => messages.join(),
      (text) => text.includes(gone.path),
    );
    expect((await memory.status()).folder).toBe(gone.path);
  });

  it.skipIf(root)("names a folder and a file that may not be read", async () => {
    const closed = await made(folder({ "secret/a.py": "x = 1\n", "open.py": "def hoatzin():\n    pass\n", "closed.py": "y = 1\n" }));
    await chmod(join(closed.path, "secret"), 0);
    await chmod(join(closed.path, "closed.py"), 0);
    const { memory } = await memories.ready(closed.path);
    expect(await found(memory, "hoatzin")).toEqual(["open.py"]);
    expect((await memory.status()).skipped).toEqual({ unreadable: 2 });
    await chmod(join(closed.path, "secret"), 0o700);
    await chmod(closed.path, 0);
    await expect(memories.open(closed.path)).rejects.toThrow(`The folder ${closed.path} cannot be read: permission denied`);
    await chmod(closed.path, 0o700);
  });

  it.runIf(root)("names a folder that its user may not read", async () => {
    const closed = await made(folder({ "a.py": "x = 1\n" }));
    await chmod(closed.path, 0);
    const script = join(import.meta.dirname, "open-as-nobody.ts");
    const { stdout } = await promisify(execFile)(process.execPath, [script, closed.path, memories.home]);
    expect(stdout.trim()).toBe(`FolderError: The folder ${closed.path} cannot be read: permission denied`);
  });

  it("names the home folder when it cannot be made", async () => {
    const here = await made(folder({ "a.py": "x = 1\n", occupied: "a file" }));
    const home = join(here.path, "occupied", "home");
    await expect(memories.open(here.path, { home })).rejects.toThrow(`${home} cannot be made`);
  });

  it("works on when the files it watches are replaced by a folder and back", async () => {
    const turning = await made(folder({ thing: "ibex one\n" }));
    const { memory } = await memories.ready(turning.path);
    await rm(join(turning.path, "thing"));
    await turning.write({ "thing/inner.py": "def jerboa():\n    pass\n" });
    await eventually(
      () => found(memory, "jerboa"),
      (paths) => paths.join() === "thing/inner.py",
    );
    await rm(join(turning.path, "thing"), { recursive: true });
    await turning.write({ thing: "kinkajou two\n" });
    await eventually(
      () => found(memory, "kinkajou"),
      (paths) => paths.join() === "thing",
    );
    await until(memory, ({ state, files }) => state === "ready" && files === 1);
  });
});
