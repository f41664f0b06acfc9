import { execFile } from "node:child_process";
import { writeFileSync } from "node:fs";
import { appendFile, mkdir, rename, rm, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, describe, expect, it } from "vitest";
import {
  type Files,
  type Folder,
  repository as makeRepository,
  folder as plainFolder,
  type Repository,
} from "../../test/unit/repository.ts";
import { Batch } from "./batch.ts";
import { rediscover } from "./discover.ts";
import { type FolderWatch, watchFolder } from "./watch.ts";

const made: { dispose(): Promise<void> }[] = [];
afterEach(async () => {
  for (const one of made.splice(0).reverse()) await one.dispose();
});
async function repository(files: Files = {}): Promise<Repository> {
  const repository = await makeRepository(files);
  made.push(repository);
  return repository;
}
async function folder(files: Files = {}): Promise<Folder> {
  const folder = await plainFolder(files);
  made.push(folder);
  return folder;
}

/** What a watch has told so far, and a wait for what it will tell. */
class Told {
  readonly paths = new Set<string>();
  readonly git: string[] = [];
  readonly problems: string[] = [];
  reconciles = 0;
  watch!: FolderWatch;
  #wake: () => void = () => {};

  static async of(root: string, ignored?: (path: string) => boolean): Promise<Told> {
    const told = new Told();
    const changed = (): void => told.#wake();
    told.watch = await watchFolder(root, {
      ...(ignored ? { ignored } : {}),
      onChange(paths) {
        for (const path of paths) told.paths.add(path);
        changed();
      },
      onGitChange(what) {
        told.git.push(what);
        changed();
      },
      onReconcile() {
        told.reconciles++;
        changed();
      },
      onProblem(message) {
        told.problems.push(message);
        changed();
      },
    });
    made.push({ dispose: () => told.watch.close() });
    return told;
  }

  /** Resolves when the condition holds; the test's time limit ends a wait for nothing. */
  async until(condition: () => boolean): Promise<void> {
    while (!condition()) await new Promise<void>((resolve) => (this.#wake = resolve));
  }
}

describe("watchFolder", () => {
  it("tells of files made, changed, moved and removed", async () => {
    const { path, write } = await repository({ "a.ts": "1", "lib/b.ts": "1" });
    const told = await Told.of(path);
    await appendFile(join(path, "lib/b.ts"), "2");
    await told.until(() => told.paths.has("lib/b.ts"));
    await write({ "new.ts": "" });
    await told.until(() => told.paths.has("new.ts"));
    await rename(join(path, "new.ts"), join(path, "lib/moved.ts"));
    await told.until(() => told.paths.has("lib/moved.ts"));
    told.paths.clear();
    await rm(join(path, "a.ts"));
    await told.until(() => told.paths.has("a.ts"));
    expect(told.problems).toEqual([]);
  });

  it("tells of folders made at once with everything in them, and of folders moved away", async () => {
    const { path, write } = await repository({ "a.ts": "" });
    const outside = await folder();
    const told = await Told.of(path);
    await write({ "x/y/z/deep.ts": "" });
    const found = new Set<string>();
    while (!found.has("x/y/z/deep.ts")) {
      await told.until(() => told.paths.size > 0);
      const changed = [...told.paths];
      told.paths.clear();
      for (const file of await rediscover(path, changed)) found.add(file.path);
    }
    told.paths.clear();
    await appendFile(join(path, "x/y/z/deep.ts"), "more");
    await told.until(() => told.paths.has("x/y/z/deep.ts"));
    await rename(join(path, "x"), join(outside.path, "x"));
    await told.until(() => told.paths.has("x"));
    expect(await rediscover(path, ["x"])).toEqual([]);
  });

  it("does not look into ignored folders, nor tell of ignored files, but of tracked ones among them", async () => {
    const { path, git, write } = await repository({
      ".gitignore": "*.log\nout/\n",
      "a.ts": "",
      "kept.log": "",
      "out/x": "",
      "node_modules/y.js": "",
    });
    await git("add", "--force", "kept.log");
    const told = await Told.of(path, (name) => name === "mine");
    await write({ "noise.log": "", "out/x": "2", "node_modules/y.js": "2", mine: "" });
    await write({ "kept.log": "2", "last.ts": "" });
    await told.until(() => told.paths.has("last.ts") && told.paths.has("kept.log"));
    expect([...told.paths].filter((path) => !["kept.log", "last.ts"].includes(path))).toEqual([]);
  });

  it("does not watch a folder that appears later and is ignored", async () => {
    const { path, write } = await repository({ ".gitignore": "target/\n", "a.ts": "" });
    const told = await Told.of(path);
    await mkdir(join(path, "target"));
    await write({ "b.ts": "" });
    await told.until(() => told.paths.has("b.ts"));
    await write({ "target/c.ts": "", "d.ts": "" });
    await told.until(() => told.paths.has("d.ts"));
    expect([...told.paths].some((path) => path.startsWith("target/"))).toBe(false);
  });

  it("tells of a commit, a switch of branches and of other files tracked", async () => {
    const { path, git, commit, write } = await repository({ "a.ts": "1", "b.ts": "" });
    await commit("first");
    const told = await Told.of(path);
    await git("commit", "--quiet", "--allow-empty", "--message", "second");
    await told.until(() => told.git.includes("head"));
    told.git.length = 0;
    await git("checkout", "--quiet", "-b", "other");
    await told.until(() => told.git.includes("head"));
    told.git.length = 0;
    await write({ "a.ts": "2" });
    await git("add", "a.ts");
    await git("rm", "--quiet", "--cached", "b.ts");
    await told.until(() => told.git.includes("index"));
  });

  it("says nothing of an index that is only refreshed", async () => {
    const { path, git, commit } = await repository({ "a.ts": "1", "b.ts": "" });
    await commit("first");
    const told = await Told.of(path);
    await utimes(join(path, "a.ts"), 1, 1);
    await git("update-index", "--refresh");
    await git("commit", "--quiet", "--allow-empty", "--message", "second");
    await told.until(() => told.git.includes("head"));
    await git("rm", "--quiet", "--cached", "b.ts");
    await told.until(() => told.git.includes("index"));
    expect(told.git.filter((what) => what === "index")).toEqual(["index"]);
  });

  it("sees a commit in a linked work tree and in an opened subfolder", async () => {
    const { path, git, commit } = await repository({ "lib/a.ts": "1" });
    await commit("first");
    const tree = await folder();
    await git("worktree", "add", "--quiet", join(tree.path, "tree"));
    const [inTree, inFolder] = await Promise.all([Told.of(join(tree.path, "tree")), Told.of(join(path, "lib"))]);
    await git("commit", "--quiet", "--allow-empty", "--message", "second");
    await inFolder.until(() => inFolder.git.includes("head"));
    await git("-C", join(tree.path, "tree"), "commit", "--quiet", "--allow-empty", "--message", "third");
    await inTree.until(() => inTree.git.includes("head"));
  });

  it("works in a folder with blanks, a line feed and unicode in its path", async () => {
    const { path, write } = await folder({ "my\nfolder ü/a.ts": "" });
    const opened = join(path, "my\nfolder ü");
    const git = (...args: string[]) => promisify(execFile)("git", ["-c", "user.name=a", "-c", "user.email=b", ...args], { cwd: opened });
    await git("init", "--quiet");
    const told = await Told.of(opened);
    await write({ "my\nfolder ü/b c.ts": "" });
    await told.until(() => told.paths.has("b c.ts"));
    expect((await rediscover(opened, told.paths)).map((file) => file.path)).toContain("b c.ts");
    await git("commit", "--quiet", "--allow-empty", "--message", "first");
    await told.until(() => told.git.includes("head"));
  });

  it("asks for a comparison of the whole folder when ignore rules change, and keeps to the new ones", async () => {
    const { path, write } = await repository({ ".gitignore": "out/\n", "out/a.ts": "" });
    const told = await Told.of(path);
    await write({ ".gitignore": "" });
    await told.until(() => told.reconciles > 0);
    await write({ "out/a.ts": "2" });
    await told.until(() => told.paths.has("out/a.ts"));
  });

  it("asks for a comparison of the whole folder after a burst too large to name", async () => {
    const { path } = await folder({ "a.ts": "" });
    const told = await Told.of(path);
    for (let number = 0; number < 2500; number++) writeFileSync(join(path, `f${number}.ts`), "");
    await told.until(() => told.reconciles > 0);
  });

  it("says so when the system has no watches left, and asks for comparisons instead", async () => {
    const { path } = await folder({ "a.ts": "" });
    const told = await Told.of(path);
    told.watch.fail(Object.assign(new Error("System limit for number of file watchers reached"), { code: "ENOSPC" }));
    told.watch.fail(Object.assign(new Error("again"), { code: "ENOSPC" }));
    expect(told.watch.polling).toBe(true);
    expect(told.problems).toEqual([expect.stringMatching(/max_user_watches/)]);
    expect(told.reconciles).toBe(1);
    await told.watch.close();
    expect(told.watch.polling).toBe(false);
  });

  it("tells of other problems once each and goes on", async () => {
    const { path } = await folder({ "a.ts": "" });
    const told = await Told.of(path);
    for (let times = 0; times < 3; times++) told.watch.fail(Object.assign(new Error("EIO: reading lib"), { code: "EIO" }));
    expect(told.problems.length).toBe(1);
    await appendFile(join(path, "a.ts"), "2");
    await told.until(() => told.paths.has("a.ts"));
  });

  it("works in a broken repository, and tells nothing after it is closed", async () => {
    const { path, write } = await folder({ "a.ts": "", ".git/HEAD": "nonsense" });
    const told = await Told.of(path);
    await write({ "b.ts": "" });
    await told.until(() => told.paths.has("b.ts"));
    await told.watch.close();
    told.paths.clear();
    const other = await Told.of(path);
    await writeFile(join(path, "c.ts"), "");
    await other.until(() => other.paths.has("c.ts"));
    expect(told.paths.size).toBe(0);
  });
});

describe("Batch", () => {
  it("hands over together what came together, once, and nothing that was cleared", async () => {
    const got: string[][] = [];
    let wake: () => void = () => {};
    const batch = new Batch<string>((items) => {
      got.push([...items]);
      wake();
    });
    batch.add("dropped");
    batch.clear();
    for (const item of ["a", "b", "a"]) batch.add(item);
    await new Promise<void>((resolve) => (wake = resolve));
    expect(got).toEqual([["a", "b"]]);
  });
});
