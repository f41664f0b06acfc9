import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chmod, mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { disposed } from "../../test/unit/disposed.ts";
import type { Repository } from "../../test/unit/repository.ts";
import { discover, rediscover } from "../workspace/discover.ts";
import { watchFolder } from "../workspace/watch.ts";
import { newCommits } from "./commits.ts";
import { GitError, gitTopLevel, headCommit, isRepository, runGit, splitRecords, streamGit } from "./git.ts";

const { repository, folder } = disposed();
async function all<T>(items: AsyncIterable<T>): Promise<T[]> {
  const list: T[] = [];
  for await (const item of items) list.push(item);
  return list;
}
const problemOf = (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error) => (error instanceof GitError ? error.problem : `not a GitError: ${error}`),
  );

describe("runGit", () => {
  it("passes arguments as they are, never through a shell", async () => {
    const { path } = await repository();
    const output = await runGit(path, ["rev-parse", "--sq-quote", "$(touch x); `touch y` && *"]);
    expect(output.toString()).toContain("$(touch x); `touch y` && *");
    expect(existsSync(join(path, "x"))).toBe(false);
  });

  it("takes paths that begin with a dash or look like a pattern literally", async () => {
    const { path, git } = await repository({ "-rf": "a", ":(top)x": "b", "*": "c", "z.ts": "d" });
    await git("add", "--all");
    for (const name of ["-rf", ":(top)x", "*"]) {
      const output = await runGit(path, ["ls-files", "-z", "--", name]);
      expect(output.toString()).toBe(`${name}\0`);
    }
  });

  it("ignores an environment that steers git", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    const sha = await commit("first");
    const before = { ...process.env };
    Object.assign(process.env, {
      GIT_DIR: "/nowhere",
      GIT_WORK_TREE: "/",
      GIT_CONFIG_COUNT: "1",
      GIT_CONFIG_KEY_0: "alias.x",
      GIT_CONFIG_VALUE_0: "!x",
      GIT_INDEX_FILE: "/x",
    });
    try {
      expect(await headCommit(path)).toBe(sha);
      expect(await gitTopLevel(path)).toBe(path);
    } finally {
      for (const name of Object.keys(process.env)) if (name.startsWith("GIT_")) delete process.env[name];
      Object.assign(process.env, before);
    }
  });

  it("stops at the limit of bytes and when the signal is aborted", async () => {
    const { path, commit } = await repository({ "a.ts": "x".repeat(10_000) });
    await commit("first");
    expect(await problemOf(runGit(path, ["show", "HEAD:a.ts"], { maxBytes: 100 }))).toBe("too much output");
    const aborted = AbortSignal.abort(new Error("enough"));
    await expect(runGit(path, ["show", "HEAD:a.ts"], { signal: aborted })).rejects.toThrow("enough");
  });

  it("ends git when it waits for something that never comes", async () => {
    const { path, git } = await repository({ "a.ts": "" });
    await promisify(execFile)("mkfifo", [join(path, ".git/pipe")]);
    await git("config", "core.excludesFile", join(path, ".git/pipe"));
    await expect(runGit(path, ["ls-files", "--others", "--exclude-standard"], { silenceMs: 500 })).rejects.toThrow(/did not answer/);
  });

  it("ends git when the loop over its output is left", async () => {
    const { path } = await repository();
    for await (const piece of streamGit(path, ["cat-file", "--batch"], { input: "x\n".repeat(100_000) })) {
      expect(piece.length).toBeGreaterThan(0);
      break;
    }
  });
});

describe("splitRecords", () => {
  it("gives the same records however the bytes are cut", () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(fc.string({ maxLength: 6 }).filter((text) => !text.includes("\0"))),
        fc.array(fc.nat({ max: 40 })),
        async (records, cuts) => {
          const whole = Buffer.from(records.map((record) => `${record}\0`).join(""));
          const at = [0, ...cuts.filter((cut) => cut < whole.length).sort((a, b) => a - b), whole.length];
          const pieces = at.slice(1).map((end, index) => whole.subarray(at[index], end));
          const got = (await all(splitRecords(asyncOf(pieces)))).flat().map((record) => record.toString());
          expect(got).toEqual(records);
        },
      ),
    ));
});

async function* asyncOf<T>(items: T[]): AsyncGenerator<T> {
  yield* items;
}

describe("repositories that git cannot read", () => {
  it("names the problem: no repository, a bare one, a broken one, no folder", async () => {
    const plain = await folder({ "a.ts": "" });
    expect(await problemOf(gitTopLevel(plain.path))).toBe("not a repository");
    const bare = await folder();
    await promisify(execFile)("git", ["init", "--quiet", "--bare", bare.path]);
    expect(await problemOf(gitTopLevel(bare.path))).toBe("no work tree");
    const broken = await folder({ "a.ts": "", ".git/HEAD": "nonsense" });
    expect(await problemOf(gitTopLevel(broken.path))).toBe("not a repository");
    const link = await folder({ "a.ts": "", ".git": "gitdir: /nowhere/at/all\n" });
    expect(await problemOf(gitTopLevel(link.path))).toBe("not a repository");
    expect(await problemOf(gitTopLevel(join(plain.path, "gone")))).toBe("no folder");
    expect(await Promise.all([plain, bare, broken, link].map(({ path }) => isRepository(path)))).toEqual([false, false, false, false]);
  });

  it("says what to do when another user owns the repository", async () => {
    if (process.getuid?.() !== 0) return; // only root can give a folder away
    const { path, commit } = await repository({ "a.ts": "" });
    await commit("first");
    await promisify(execFile)("chown", ["-R", "12345", path]);
    await expect(gitTopLevel(path)).rejects.toThrow(/safe\.directory/);
    expect(await problemOf(gitTopLevel(path))).toBe("dubious ownership");
    expect((await all(discover(path))).map((file) => file.path)).toEqual(["a.ts"]);
  });

  it("says that git is missing", async () => {
    const { path } = await folder();
    const before = process.env.PATH;
    process.env.PATH = path;
    try {
      expect(await problemOf(runGit(path, ["version"]))).toBe("git is missing");
      expect(await isRepository(path)).toBe(false);
    } finally {
      process.env.PATH = before;
    }
  });

  it("does not believe a work tree that lies elsewhere", async () => {
    const other = await folder({ "secret.txt": "" });
    const { path, git } = await repository({ "a.ts": "" });
    await git("config", "core.worktree", other.path);
    expect(await problemOf(gitTopLevel(path))).toBe("no work tree");
    expect((await all(discover(path))).map((file) => file.path)).toEqual(["a.ts"]);
  });

  it("has no head commit before the first one", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    expect(await headCommit(path)).toBeUndefined();
    expect(await headCommit(path)).not.toBe(await commit("first"));
  });
});

/** A repository whose configuration, attributes and hooks name a program that leaves a mark wherever git could start one. */
async function hostile(): Promise<{ path: string; mark: string; git: Repository["git"] }> {
  const { path, git, write, commit } = await repository({ "a.ts": "export const a = 1;\n", "b.txt": "b\n", ".gitignore": "*.log\n" });
  const trap = await folder();
  const mark = join(trap.path, "mark");
  const program = join(trap.path, "program");
  await writeFile(program, `#!/bin/sh\ntouch '${mark}'\n`);
  await chmod(program, 0o755);
  await write({ ".gitattributes": "* filter=trap diff=trap merge=trap\n" });
  await commit("first");
  const signed = [
    `tree ${(await git("write-tree")).trim()}`,
    `parent ${(await git("rev-parse", "HEAD")).trim()}`,
    "author A <a@b> 1 +0000",
    "committer A <a@b> 1 +0000",
  ];
  await writeFile(
    join(path, ".git/signed"),
    `${signed.join("\n")}\ngpgsig -----BEGIN PGP SIGNATURE-----\n \n iQ==\n -----END PGP SIGNATURE-----\n\nsigned\n`,
  );
  const sha = (await git("hash-object", "-t", "commit", "-w", ".git/signed")).trim();
  await git("update-ref", "HEAD", sha);
  const settings: Record<string, string> = {
    "core.fsmonitor": program,
    "core.pager": program,
    "pager.log": program,
    "core.editor": program,
    "core.askPass": program,
    "core.sshCommand": program,
    "core.gitProxy": program,
    "core.alternateRefsCommand": program,
    "core.attributesFile": join(path, ".gitattributes"),
    "credential.helper": `!${program}`,
    "diff.external": program,
    "diff.trap.command": program,
    "diff.trap.textconv": program,
    "filter.trap.clean": program,
    "filter.trap.smudge": program,
    "filter.trap.process": program,
    "filter.trap.required": "true",
    "merge.trap.driver": program,
    "gpg.program": program,
    "gpg.ssh.program": program,
    "gpg.x509.program": program,
    "gpg.openpgp.program": program,
    "log.showSignature": "true",
    "log.diffMerges": "first-parent",
    "log.follow": "true",
    "color.ui": "always",
    "core.hooksPath": join(path, ".git/hooks"),
    "protocol.ext.allow": "always",
    "protocol.allow": "always",
    "extensions.partialClone": "origin",
    "remote.origin.promisor": "true",
    "remote.origin.url": `ext::sh -c ${program}`,
    "remote.origin.uploadpack": program,
    "uploadpack.packObjectsHook": program,
    "submodule.recurse": "true",
    "alias.ls-files": `!${program}`,
    "alias.log": `!${program}`,
    "interactive.diffFilter": program,
  };
  await git("config", "core.repositoryFormatVersion", "1");
  for (const [key, value] of Object.entries(settings)) await git("config", key, value);
  await mkdir(join(path, ".git/hooks"), { recursive: true });
  for (const hook of ["post-index-change", "fsmonitor-watchman", "query-watchman", "reference-transaction", "post-checkout"]) {
    await symlink(program, join(path, ".git/hooks", hook));
  }
  await writeFile(join(path, "b.txt"), "changed\n");
  await rm(mark, { force: true });
  return { path, mark, git };
}

describe("a hostile repository", () => {
  it("would run programs for a careless caller", async () => {
    const { path, mark } = await hostile();
    await promisify(execFile)("git", ["status"], { cwd: path }).catch(() => undefined);
    expect(existsSync(mark)).toBe(true);
    await rm(mark);
    await promisify(execFile)("git", ["-c", "core.fsmonitor=false", "log", "-1"], { cwd: path }).catch(() => undefined);
    expect(existsSync(mark)).toBe(true);
  });

  it("runs nothing while it is listed, read and watched", async () => {
    const { path, mark } = await hostile();
    const files = await all(discover(path));
    expect(files.map((file) => file.path).sort()).toEqual([".gitattributes", ".gitignore", "a.ts", "b.txt"]);
    expect((await rediscover(path, ["b.txt"])).map((file) => file.path)).toEqual(["b.txt"]);
    const commits = (await all(newCommits(path, new Set()))).flat();
    expect(commits.map((commit) => commit.subject)).toEqual(["signed", "first"]);
    const watch = await watchFolder(path, { onChange() {}, onGitChange() {}, onReconcile() {}, onProblem() {} });
    await watch.close();
    expect(existsSync(mark)).toBe(false);
  });

  it("fetches nothing for an object that is missing", async () => {
    const { path, mark, git } = await hostile();
    const tree = (await git("rev-parse", "HEAD^{tree}")).trim();
    await rm(join(path, ".git/objects", tree.slice(0, 2), tree.slice(2)));
    const commits = (await all(newCommits(path, new Set()))).flat();
    expect(commits.map((commit) => commit.subject)).toEqual(["signed", "first"]);
    expect(existsSync(mark)).toBe(false);
  });
});
