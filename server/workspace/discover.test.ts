import { execFile } from "node:child_process";
import { mkdir, rename, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { disposed } from "../../test/unit/disposed.ts";
import { type DiscoverOptions, discover, FolderError, rediscover } from "./discover.ts";

const { repository, folder } = disposed();
async function paths(root: string, options?: DiscoverOptions): Promise<string[]> {
  const found: string[] = [];
  for await (const file of discover(root, options)) found.push(file.path);
  return found.sort();
}
const again = async (root: string, changed: string[], options?: DiscoverOptions): Promise<string[]> =>
  (await rediscover(root, changed, options)).map((file) => file.path).sort();

describe("discover", () => {
  it("finds tracked files and untracked ones that git does not ignore", async () => {
    const { path, git, write } = await repository({ "a.ts": "", ".gitignore": "*.log\nout/\n", "forced.log": "" });
    await git("add", "--all");
    await git("add", "--force", "forced.log");
    await write({ "b.ts": "", "c.log": "", "out/d.ts": "" });
    expect(await paths(path)).toEqual([".gitignore", "a.ts", "b.ts", "forced.log"]);
  });

  it("gives size in bytes and whole milliseconds", async () => {
    const { path } = await repository({ "a.ts": "äb" });
    for await (const file of discover(path)) {
      expect(file).toMatchObject({ path: "a.ts", size: 3 });
      expect(Number.isInteger(file.modified)).toBe(true);
      expect(Math.abs(file.modified - Date.now())).toBeLessThan(3_600_000);
    }
  });

  it("gives paths relative to the opened folder when it is a subfolder or a linked work tree", async () => {
    const { path, git, commit } = await repository({
      "a.ts": "",
      "lib/b.ts": "",
      "lib/deep/c.ts": "",
      ".gitignore": "*.log\n",
      "lib/x.log": "",
    });
    await commit("first");
    expect(await paths(join(path, "lib"))).toEqual(["b.ts", "deep/c.ts"]);
    const tree = await folder();
    await git("worktree", "add", "--quiet", join(tree.path, "tree"));
    expect(await paths(join(tree.path, "tree"))).toEqual([".gitignore", "a.ts", "lib/b.ts", "lib/deep/c.ts"]);
  });

  it("finds names with blanks, line feeds, quotes, unicode and a leading dash, and deep ones", async () => {
    const deep = `${"d/".repeat(60)}e.ts`;
    const names = ["-x.ts", 'a "b".ts', "line\nfeed.ts", "tab\there.ts", "ünï/\u{1F600}.ts", ":(glob)*.ts", "back\\slash.ts", deep].sort();
    const { path } = await repository(Object.fromEntries(names.map((name) => [name, ""])));
    expect(await paths(path)).toEqual(names);
    const plain = await folder(Object.fromEntries(names.map((name) => [name, ""])));
    expect(await paths(plain.path)).toEqual(names);
    expect(await again(path, names)).toEqual(names);
  });

  it("counts names that are not UTF-8 and leaves them out", async () => {
    for (const made of [await repository({ "a.ts": "" }), await folder({ "a.ts": "" })]) {
      await writeFile(Buffer.concat([Buffer.from(`${made.path}/bad`), Buffer.from([0xff])]), "");
      const told: string[] = [];
      expect(await paths(made.path, { onSkipped: (_path, reason, detail) => told.push(`${reason}: ${detail}`) })).toEqual(["a.ts"]);
      expect(told).toEqual([expect.stringMatching(/^unreadable: .*not UTF-8$/)]);
    }
  });

  it("never follows a link, to a file, to a folder, or on the way to a tracked file", async () => {
    const outside = await folder({ "secret.ts": "", "sub/more.ts": "" });
    const { path, git } = await repository({ "a.ts": "", "sub/more.ts": "" });
    await git("add", "--all");
    await symlink(join(outside.path, "secret.ts"), join(path, "link.ts"));
    await symlink(outside.path, join(path, "linked"));
    await symlink(".", join(path, "loop"));
    await rm(join(path, "sub"), { recursive: true });
    await symlink(join(outside.path, "sub"), join(path, "sub"));
    expect(await paths(path)).toEqual(["a.ts"]);
    expect(await again(path, ["link.ts", "linked/secret.ts", "sub/more.ts", "sub", "loop/a.ts"])).toEqual([]);
    await rm(join(path, ".git"), { recursive: true });
    expect(await paths(path)).toEqual(["a.ts"]);
  });

  it("looks at nothing that a forged index names outside the folder or in .git", async () => {
    const { path, git } = await repository({ "lib/a.ts": "", "abc.ts": "" });
    const id = (await git("hash-object", "-w", "abc.ts")).trim();
    for (const name of ["XX/abc.ts", "lib/XX/abc.ts", "XXXX/HEAD"])
      await git("update-index", "--add", "--cacheinfo", `100644,${id},${name}`);
    const index = join(path, ".git/index");
    const { readFile } = await import("node:fs/promises");
    const { createHash } = await import("node:crypto");
    const text = (await readFile(index)).toString("latin1").replaceAll("XXXX/", ".git/").replaceAll("XX/", "../");
    const body = Buffer.from(text, "latin1").subarray(0, -20);
    await writeFile(index, Buffer.concat([body, createHash("sha1").update(body).digest()]));
    expect((await git("ls-files")).includes(".git/HEAD")).toBe(true);
    expect(await paths(path)).toEqual(["abc.ts", "lib/a.ts"]);
    expect(await paths(join(path, "lib"))).toEqual(["a.ts"]);
  });

  it("lists submodules and repositories inside by their own rules", async () => {
    const library = await repository({ "lib.ts": "", ".gitignore": "*.tmp\n" });
    await library.commit("first");
    const { path, git, write, commit } = await repository({ "a.ts": "" });
    await git("submodule", "--quiet", "add", library.path, "modules/lib");
    await commit("first");
    await write({ "modules/lib/new.ts": "", "modules/lib/x.tmp": "" });
    await promisify(execFile)("git", ["init", "--quiet", join(path, "inner")]);
    await write({ "inner/b.ts": "", "inner/.gitignore": "c.ts\n", "inner/c.ts": "" });
    const expected = [
      ".gitmodules",
      "a.ts",
      "inner/.gitignore",
      "inner/b.ts",
      "modules/lib/.gitignore",
      "modules/lib/lib.ts",
      "modules/lib/new.ts",
    ];
    expect(await paths(path)).toEqual(expected);
    expect(await again(path, ["modules/lib/new.ts", "modules/lib/x.tmp", "inner/c.ts", "inner"])).toEqual([
      "inner/.gitignore",
      "inner/b.ts",
      "modules/lib/new.ts",
    ]);
  });

  it("lists a folder of repositories, each by its own rules", async () => {
    const { path, write } = await folder({ "notes.md": "" });
    for (const name of ["one", "two"]) await promisify(execFile)("git", ["init", "--quiet", join(path, name)]);
    await write({ "one/a.ts": "", "one/.gitignore": "build/\n", "one/build/x": "", "two/b.ts": "", "two/node_modules/tracked.js": "" });
    expect(await paths(path)).toEqual(["notes.md", "one/.gitignore", "one/a.ts", "two/b.ts", "two/node_modules/tracked.js"]);
  });

  it("ends where a repository inside is broken or points back at the outer one", async () => {
    const { path } = await repository({
      "a.ts": "",
      "broken/.git/HEAD": "nonsense",
      "broken/b.ts": "",
      "back/.git": "gitdir: ../.git\n",
      "back/c.ts": "",
    });
    expect(await paths(path)).toEqual(["a.ts", "back/c.ts", "broken/b.ts"]);
  });

  it("walks a folder that its repository ignores", async () => {
    const { path } = await repository({ ".gitignore": "build/\n", "build/a.ts": "" });
    expect(await paths(join(path, "build"))).toEqual(["a.ts"]);
  });

  it("leaves out dependencies and builds where there is no git, but folders of those names only with a reason", async () => {
    const { path } = await folder({
      "a.ts": "",
      "node_modules/x/index.js": "",
      "app/Cargo.toml": "",
      "app/target/x.rs": "",
      "target/y.rs": "",
      "py/env/pyvenv.cfg": "",
      "env/settings.py": "",
    });
    expect(await paths(path)).toEqual(["a.ts", "app/Cargo.toml", "env/settings.py", "target/y.rs"]);
    expect(await again(path, ["app/target/x.rs", "node_modules", "target/y.rs", "app"])).toEqual(["app/Cargo.toml", "target/y.rs"]);
  });

  it("leaves out what everyline.exclude matches, with everything below, and says so", async () => {
    for (const made of [
      await repository({ "a.ts": "", "gen/b.ts": "", "lib/c.gen.ts": "" }),
      await folder({ "a.ts": "", "gen/b.ts": "", "lib/c.gen.ts": "" }),
    ]) {
      const told = new Set<string>();
      const options = { exclude: ["**/gen/", "*.nothing", "**/*.gen.ts"], onSkipped: (path: string) => told.add(path) };
      expect(await paths(made.path, options)).toEqual(["a.ts"]);
      expect(told).toContain("lib/c.gen.ts");
      expect(await again(made.path, ["gen/b.ts", "a.ts"], options)).toEqual(["a.ts"]);
    }
  });

  it("takes a file that vanishes between listing and stat for gone", async () => {
    const { path, git } = await repository({ "a.ts": "", "b.ts": "", "lib/c.ts": "" });
    await git("add", "--all");
    await rm(join(path, "b.ts"));
    await rm(join(path, "lib"), { recursive: true });
    await writeFile(join(path, "lib"), "now a file");
    expect(await paths(path)).toEqual(["a.ts", "lib"]);
  });

  it("survives a folder that vanishes during a walk", async () => {
    const { path } = await folder(Object.fromEntries(Array.from({ length: 50 }, (_, number) => [`d${number}/a.ts`, ""])));
    const found: string[] = [];
    for await (const file of discover(path)) {
      if (found.push(file.path) === 1)
        await Promise.all(Array.from({ length: 49 }, (_, number) => rm(join(path, `d${number}`), { recursive: true })));
    }
    expect(found.length).toBeGreaterThan(0);
  });

  it("does not wait for a pipe in place of a .gitignore", async () => {
    const { path } = await folder({ "a.ts": "" });
    await promisify(execFile)("mkfifo", [join(path, ".gitignore")]);
    expect(await paths(path)).toEqual(["a.ts"]);
  });

  it("yields nothing for an empty folder and for an empty repository", async () => {
    expect(await paths((await folder()).path)).toEqual([]);
    expect(await paths((await repository()).path)).toEqual([]);
  });

  it("throws FolderError for a folder that is not there or is a file", async () => {
    const { path } = await folder({ file: "" });
    await expect(paths(join(path, "gone"))).rejects.toThrow(FolderError);
    await expect(paths(join(path, "gone"))).rejects.toThrow(/does not exist/);
    await expect(paths(join(path, "file"))).rejects.toThrow(/not a folder/);
  });

  it("stops when it is told to", async () => {
    const { path } = await repository({ "a.ts": "" });
    await expect(paths(path, { signal: AbortSignal.abort(new Error("enough")) })).rejects.toThrow("enough");
  });
});

describe("rediscover", () => {
  it("finds what is at or below the paths, and nothing for what is gone, ignored or outside", async () => {
    const { path, write } = await repository({ "a.ts": "", "lib/b.ts": "", "lib/deep/c.ts": "", ".gitignore": "*.log\n" });
    await write({ "x.log": "" });
    expect(await again(path, ["a.ts", "lib", "gone.ts", "x.log", "../outside", "/etc/passwd", ".git/HEAD"])).toEqual([
      "a.ts",
      "lib/b.ts",
      "lib/deep/c.ts",
    ]);
    await rename(join(path, "lib"), join(path, "moved"));
    expect(await again(path, ["lib", "lib/deep", "moved"])).toEqual(["moved/b.ts", "moved/deep/c.ts"]);
  });

  it("agrees with discover when everything is asked for", async () => {
    const { path } = await repository({ "a.ts": "", "lib/b.ts": "", ".gitignore": "*.log\n", "x.log": "" });
    await mkdir(join(path, "empty"));
    expect(await again(path, [""])).toEqual(await paths(path));
    expect(await again(path, ["lib", "a.ts", ".gitignore", "empty", "x.log"])).toEqual(await paths(path));
  });
});
