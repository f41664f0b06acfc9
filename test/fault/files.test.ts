/** Files that no memory wants, beside one that it does: each is named with its reason, and nothing else is lost. */
import { closeSync, ftruncateSync, openSync } from "node:fs";
import { mkdir, rm, symlink } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Memory } from "../../server/memory/memory.ts";
import { eventually, found, Memories, meant, notBuilt, until } from "../../server/memory/testing/memories.ts";
import { type Repository, repository } from "../unit/repository.ts";

const missing = notBuilt();
if (missing) console.warn(`\n  test/fault/files.test.ts ${missing}\n`);

const odd = {
  spaces: "a folder/with spaces.py",
  unicode: "übung/日本語 🎉.py",
  newline: "new\nline.py",
  quote: `quo"te'd.py`,
  dash: "-rf.py",
  backslash: "back\\slash.py",
};

describe.skipIf(missing !== "")("bad files", () => {
  let memories: Memories;
  let repo: Repository;
  let memory: Memory;
  let messages: string[];

  beforeAll(async () => {
    memories = await Memories.create();
    repo = await repository({
      "good.py": "def pangolin():\n    return 1\n",
      "line.json": `{"data": "${"x".repeat(5_000_000)}"}`,
      "minified.js": `var a="${"y".repeat(6000)}";\n`,
      "latin1.py": Buffer.from("# caf\xe9 wombat\nvalue = 1\n", "latin1"),
      "binary.dat": Buffer.from([0, 1, 2, 3, 0, 255]),
      "empty.py": "",
      ".env": "TOKEN=quagga",
      "nul.py": "a = 1\0\n",
    });
    for (const [name, path] of Object.entries(odd)) await repo.write({ [path]: `def ${name}marker():\n    return "${name}"\n` });
    sparse(join(repo.path, "huge.py"), 200_000_000);
    await symlink("/etc/passwd", join(repo.path, "outside.txt"));
    await symlink("nowhere", join(repo.path, "dangling.py"));
    await mkdir(join(repo.path, "folder.py"));
    await repo.git("config", "core.quotePath", "true");
    await repo.commit("Everything odd");
    ({ memory, messages } = await memories.ready(repo.path));
  });

  afterAll(async () => {
    await memories.dispose();
    await repo.dispose();
  });

  it("keeps the good file, by words and by meaning", async () => {
    expect(await found(memory, "pangolin")).toEqual(["good.py"]);
    expect(await meant(memory, "pangolin")).toContain("good.py");
  });

  it("leaves out a file of 200 MB, one line of 5 MB, binaries and secrets, and says how many for which reason", async () => {
    expect((await memory.status()).skipped).toEqual({ "too large": 2, "long line": 1, binary: 2, secret: 1 });
    expect(await found(memory, "quagga")).toEqual([]);
  });

  it("reads invalid UTF-8 with a replacement character", async () => {
    expect(await found(memory, "wombat")).toEqual(["latin1.py"]);
    expect(await memory.fileText("latin1.py")).toBe("# caf\ufffd wombat\nvalue = 1\n");
  });

  it.each(Object.entries(odd))("finds a file whose path has %s", async (name, path) => {
    expect(await found(memory, `${name}marker`)).toEqual([path]);
    expect(await meant(memory, name)).toContain(path);
    expect(await memory.fileText(path)).toContain(`${name}marker`);
  });

  it("never follows a link out of the folder", async () => {
    expect(await found(memory, "root")).not.toContain("outside.txt");
    expect(await memory.fileText("outside.txt")).toBeUndefined();
  });

  it("has told nobody of trouble: what is left out is in the status", () => {
    expect(messages).toEqual([]);
  });

  it("survives files that come and go while they are read", async () => {
    const names = Array.from({ length: 40 }, (_, i) => `vanishing${i}.py`);
    await repo.write(Object.fromEntries(names.map((name, i) => [name, `def ephemeral${i}():\n    pass\n`])));
    await Promise.all(names.slice(0, 39).map((name) => rm(join(repo.path, name))));
    await eventually(
      () => found(memory, "ephemeral39"),
      (paths) => paths.join() === "vanishing39.py",
    );
    await until(memory, ({ state, encoded, toEncode }) => state === "ready" && encoded === toEncode);
    expect((await memory.index.files()).filter(({ path }) => path.startsWith("vanishing")).map(({ path }) => path)).toEqual([
      "vanishing39.py",
    ]);
    expect(messages).toEqual([]);
  });
});

function sparse(path: string, bytes: number): void {
  const fd = openSync(path, "w");
  ftruncateSync(fd, bytes);
  closeSync(fd);
}
