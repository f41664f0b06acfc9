import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { disposed } from "../../test/unit/disposed.ts";
import type { PreparedCommit } from "../index/types.ts";
import { type CommitOptions, newCommits, reachableCommits, readCommits } from "./commits.ts";

const { repository, folder } = disposed();
async function commitsOf(path: string, known: Set<string> = new Set(), options: CommitOptions = {}): Promise<PreparedCommit[]> {
  const commits: PreparedCommit[] = [];
  for await (const batch of newCommits(path, known, options)) commits.push(...batch);
  return commits;
}
const removeObject = (path: string, sha: string): Promise<void> => rm(join(path, ".git/objects", sha.slice(0, 2), sha.slice(2)));

describe("newCommits", () => {
  it("reads message, author, date and changed paths, newest first", async () => {
    const { path, commit, write } = await repository({ "a.ts": "1", "lib/b.ts": "2" });
    const first = await commit("Begin\n\nWith a body\nof two lines.\n");
    await write({ "a.ts": "3" });
    const second = await commit("Go on: ünï\u{1F600}");
    const commits = await commitsOf(path);
    expect(commits.map(({ sha, subject, body, paths }) => ({ sha, subject, body, paths }))).toEqual([
      { sha: second, subject: "Go on: ünï\u{1F600}", body: "", paths: ["a.ts"] },
      { sha: first, subject: "Begin", body: "With a body\nof two lines.", paths: ["a.ts", "lib/b.ts"] },
    ]);
    expect(commits[0]).toMatchObject({ author: "Ada Author", email: "ada@example.org" });
    expect(Math.abs(commits[0]!.date - Date.now() / 1000)).toBeLessThan(3600);
  });

  it("names both sides of a rename and paths with blanks, line feeds and a leading dash", async () => {
    const { path, git, commit, write } = await repository({ "old name.ts": "same content\n".repeat(20) });
    await commit("first");
    await git("mv", "old name.ts", "new\nname.ts");
    await write({ "-x": "", "\nfirst": "" });
    await commit("second");
    expect((await commitsOf(path))[0]!.paths.sort()).toEqual(["\nfirst", "-x", "new\nname.ts", "old name.ts"]);
  });

  it("is empty before the first commit and reads nothing where nothing is new", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    expect(await commitsOf(path)).toEqual([]);
    const sha = await commit("first");
    expect(await commitsOf(path, new Set([sha]))).toEqual([]);
  });

  it("reads only what is new after a commit is amended", async () => {
    const { path, git, commit } = await repository({ "a.ts": "" });
    const first = await commit("first");
    const second = await commit("second");
    await git("commit", "--quiet", "--amend", "--allow-empty", "--message", "second, better");
    const known = new Set([first, second]);
    expect((await commitsOf(path, known)).map((commit) => commit.subject)).toEqual(["second, better"]);
    const reachable = await reachableCommits(path);
    expect(reachable.has(second)).toBe(false);
    expect(reachable.size).toBe(2);
  });

  it("gives a merge no paths of its own and reads both sides", async () => {
    const { path, git, commit, write } = await repository({ "a.ts": "" });
    await commit("base");
    await git("checkout", "--quiet", "-b", "side");
    await write({ "side.ts": "" });
    await commit("side");
    await git("checkout", "--quiet", "main");
    await write({ "main.ts": "" });
    await commit("main");
    await git("merge", "--quiet", "--no-edit", "side");
    const bySubject = Object.fromEntries((await commitsOf(path)).map((commit) => [commit.subject, commit.paths]));
    expect(bySubject).toEqual({ "Merge branch 'side'": [], side: ["side.ts"], main: ["main.ts"], base: ["a.ts"] });
  });

  it("works on a detached HEAD, in a subfolder (paths stay relative to the top) and up to a limit", async () => {
    const { path, git, commit, write } = await repository({ "sub/a.ts": "" });
    await commit("first");
    await write({ "sub/b.ts": "" });
    await commit("second");
    await git("checkout", "--quiet", "--detach");
    expect((await commitsOf(join(path, "sub"), new Set(), { limit: 1 })).map((commit) => commit.paths)).toEqual([["sub/b.ts"]]);
  });

  it("reads a shallow clone as far as it goes", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    await commit("first");
    await commit("second");
    const clone = await folder();
    await promisify(execFile)("git", ["clone", "--quiet", "--depth", "1", `file://${path}`, join(clone.path, "clone")]);
    expect((await commitsOf(join(clone.path, "clone"))).map((commit) => commit.subject)).toEqual(["second"]);
  });

  it("takes a message that begins as its own output does for what it is", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    const sha = await commit("//subject\n\n//body");
    expect(await commitsOf(path)).toMatchObject([{ sha, subject: "//subject", body: "//body", paths: ["a.ts"] }]);
  });

  it("keeps message bytes that are not UTF-8 from breaking the rest", async () => {
    const { path, git, commit, write } = await repository({ "a.ts": "" });
    const first = await commit("first");
    await write({
      ".git/raw": Buffer.concat([
        Buffer.from(`tree ${(await git("write-tree")).trim()}\nparent ${first}\nauthor A <a@b> 5 +0000\ncommitter A <a@b> 5 +0000\n\nb`),
        Buffer.from([0xe4, 0xff]),
        Buffer.from("d\n"),
      ]),
    });
    const sha = (await git("hash-object", "-t", "commit", "-w", ".git/raw")).trim();
    await git("update-ref", "HEAD", sha);
    const commits = await commitsOf(path);
    expect(commits.map((commit) => commit.sha)).toEqual([sha, first]);
    expect(commits[0]!.subject).toMatch(/^b.+d$/);
  });
});

describe("secrets in messages", () => {
  it("are blanked line by line", async () => {
    const { path, commit } = await repository({ "a.ts": "" });
    const leaked = `ghp_${"a1B2c3D4e5F6g7H8i9".repeat(2)}`;
    await commit(`Rotate the token\n\nIt was ${leaked},\nnow it is not.`);
    await commit(`Remove ${leaked}`);
    expect((await commitsOf(path)).map(({ subject, body }) => [subject, body])).toEqual([
      ["", ""],
      ["Rotate the token", "\nnow it is not."],
    ]);
  });
});

describe("damaged objects", () => {
  it("keep a commit without paths where its tree cannot be read, and all others whole", async () => {
    const { path, git, commit, write } = await repository({ "a.ts": "1" });
    await commit("first");
    await write({ "a.ts": "2" });
    await commit("broken");
    const tree = (await git("rev-parse", "HEAD^{tree}")).trim();
    await write({ "b.ts": "3" });
    await commit("third");
    await write({ "c.ts": "4" });
    await commit("fourth");
    await removeObject(path, tree);
    const commits = await commitsOf(path);
    expect(commits.map(({ subject, paths }) => [subject, paths])).toEqual([
      ["fourth", ["c.ts"]],
      ["third", []],
      ["broken", []],
      ["first", ["a.ts"]],
    ]);
  });

  it("skip a commit that is gone, say so, and read the others", async () => {
    const { path, commit } = await repository({ "a.ts": "1" });
    const shas = [await commit("first"), await commit("second"), await commit("third")];
    await removeObject(path, shas[1]!);
    const skipped: string[] = [];
    const batches = readCommits(path, shas, { onSkipped: (sha) => skipped.push(sha) });
    const subjects: string[] = [];
    for await (const batch of batches) subjects.push(...batch.map((commit) => commit.subject));
    expect(subjects).toEqual(["first", "third"]);
    expect(skipped).toEqual([shas[1]]);
  });

  it("end the list at a missing parent, and say so", async () => {
    const { path, commit } = await repository({ "a.ts": "1" });
    const first = await commit("first");
    await commit("second");
    await commit("third");
    await removeObject(path, first);
    const problems: string[] = [];
    const commits = await commitsOf(path, new Set(), { onSkipped: (_sha, reason) => problems.push(reason) });
    expect(commits.map((commit) => commit.subject)).toContain("third");
    expect(problems.length).toBeGreaterThan(0);
  });

  it("leave a clone without any tree its messages", async () => {
    const { path, git, commit, write } = await repository();
    for (let number = 0; number < 12; number++) {
      await write({ "a.ts": String(number) });
      await commit(`commit ${number}`);
    }
    const trees = new Set((await git("log", "--format=%T")).trim().split("\n"));
    for (const tree of trees) await removeObject(path, tree);
    const commits = await commitsOf(path);
    expect(commits.map((commit) => commit.subject)).toEqual(Array.from({ length: 12 }, (_, number) => `commit ${11 - number}`));
    expect(commits.every((commit) => commit.paths.length === 0)).toBe(true);
  });
});
