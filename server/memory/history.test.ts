import { execFile } from "node:child_process";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { repository as makeRepository, type Repository } from "../../test/unit/repository.ts";
import type { Index } from "../index/index.ts";
import { TestFolder } from "../index/testing/folder.ts";
import { History, historyBefore } from "./history.ts";
import { wholeHistory } from "./testing/history-run.ts";

/** What words of a diff are asked for. */
const anywhere = { path: 1, symbols: 1, body: 1 };
const gone = { path: 0, symbols: 1, body: 0 };
const came = { path: 0, symbols: 0, body: 1 };

describe("History", () => {
  let folder: TestFolder;
  let repo: Repository;
  let index: Index;
  let problems: string[];

  beforeEach(async () => {
    folder = await TestFolder.make();
    repo = await makeRepository({ "a.ts": "apple\n" });
    problems = [];
  });
  afterEach(async () => {
    await folder.delete();
    await repo.dispose();
  });

  async function open(root = repo.path): Promise<void> {
    Object.assign(folder, { root });
    index = await folder.open();
  }
  async function update(root = repo.path): Promise<void> {
    await new History(root, index).update({ ...wholeHistory(), onProblem: (text) => problems.push(text) });
  }
  async function changed(word: string, weights = anywhere): Promise<string[]> {
    const hits = await index.searchDiffs(word, 20, weights);
    const places = await index.diffPlaces(hits.map(({ part }) => part));
    const commits = await index.commitHeads(hits.map(({ document }) => document));
    return places.map(({ path, newStart }, i) => `${commits[i]!.subject}: ${path}:${newStart}`).sort();
  }
  async function commit(content: string, message: string): Promise<string> {
    await repo.write({ "a.ts": content });
    return repo.commit(message);
  }

  it("finds commits by the lines they added and removed, and what was deleted long ago", async () => {
    await repo.commit("first");
    await commit("banana\n", "second");
    await open();
    await update();
    expect(await changed("apple", came)).toEqual(["first: a.ts:1"]);
    expect(await changed("apple", gone)).toEqual(["second: a.ts:1"]);
    expect(await changed("banana", gone)).toEqual([]);
    expect(problems).toEqual([]);
  });

  it("reads only what is new, and keeps everything over a restart with and without its words file", async () => {
    await repo.commit("first");
    await open();
    await update();
    await commit("banana\n", "second");
    expect(await index.commitsWithoutDiff()).toEqual([]);
    await update();
    expect(await changed("banana")).toEqual(["second: a.ts:1"]);
    await index.checkpoint();
    await index.close();
    await open();
    expect(await changed("banana")).toEqual(["second: a.ts:1"]);
    await index.close();
    await rm(join(folder.index, "words-diffs.bin"));
    await open();
    expect(await changed("apple")).toEqual(["first: a.ts:1", "second: a.ts:1"]);
  });

  it("follows amend, branch switch, reset and a detached HEAD: what is unreachable vanishes", async () => {
    await repo.commit("first");
    await commit("banana\n", "second");
    await open();
    await update();
    await repo.write({ "a.ts": "cherry\n" });
    await repo.git("commit", "--quiet", "--all", "--amend", "--message", "better");
    await update();
    expect([await changed("banana"), await changed("cherry")]).toEqual([[], ["better: a.ts:1"]]);
    await repo.git("checkout", "--quiet", "-b", "side", "HEAD~1");
    await commit("damson\n", "side");
    await update();
    expect([await changed("cherry"), await changed("damson")]).toEqual([[], ["side: a.ts:1"]]);
    await repo.git("checkout", "--quiet", "--detach", "main");
    await update();
    expect([await changed("cherry"), await changed("damson")]).toEqual([["better: a.ts:1"], []]);
    await repo.git("reset", "--quiet", "--hard", "HEAD~1");
    await update();
    expect([await changed("cherry"), await changed("apple")]).toEqual([[], ["first: a.ts:1"]]);
  });

  it("follows a rebase and a force-push fetched from elsewhere", async () => {
    await repo.commit("first");
    const clone = join(folder.root, "clone");
    await promisify(execFile)("git", ["clone", "--quiet", repo.path, clone]);
    await commit("banana\n", "second");
    const git = (...args: string[]) => promisify(execFile)("git", ["-C", clone, ...args]);
    await git("pull", "--quiet");
    await open(clone);
    await update(clone);
    expect(await changed("banana")).toEqual(["second: a.ts:1"]);
    await repo.git("reset", "--quiet", "--hard", "HEAD~1");
    await commit("elder\n", "rewritten");
    await repo.git("checkout", "--quiet", "-b", "topic", "HEAD~1");
    await repo.write({ "b.ts": "fig\n" });
    await repo.commit("topic");
    await repo.git("rebase", "--quiet", "main");
    await repo.git("branch", "--quiet", "--force", "main", "topic");
    await git("fetch", "--quiet");
    await git("reset", "--quiet", "--hard", "origin/main");
    await update(clone);
    expect([await changed("banana"), await changed("elder"), await changed("fig")]).toEqual([[], ["rewritten: a.ts:1"], ["topic: b.ts:1"]]);
  });

  it("reads the history of a worktree and of a submodule, each by itself", async () => {
    await repo.commit("first");
    const inner = await makeRepository({ "inner.ts": "grape\n" });
    try {
      await inner.commit("inner");
      await repo.git("submodule", "--quiet", "add", inner.path, "sub");
      await repo.commit("with submodule");
      await open();
      await update();
      expect(await changed("grape")).toEqual([]);
      await index.close();
      const tree = join(repo.path, ".git", "tree");
      await repo.git("worktree", "add", "--quiet", "-b", "work", tree);
      for (const [root, word, expected] of [
        [join(repo.path, "sub"), "grape", ["inner: inner.ts:1"]],
        [tree, "apple", ["first: a.ts:1"]],
      ] as const) {
        await folder.delete();
        folder = await TestFolder.make();
        await open(root);
        await update(root);
        expect(await changed(word)).toEqual(expected);
      }
    } finally {
      await inner.dispose();
    }
  });

  it("has parts of the newest commits to encode, as many as the budget holds, and none of commits that are gone", async () => {
    await repo.commit("first");
    await commit("banana\n", "second");
    await repo.write({ "package-lock.json": "{}\n", "b.ts": "x".repeat(9_000).replace(/.{90}/g, "$&\n") });
    await repo.commit("third");
    await open();
    const signal = new AbortController().signal;
    const run = { history: "all" as const, refs: "HEAD" as const, signal, onProgress: () => {}, onProblem: () => {} };
    const history = new History(repo.path, index);
    const waiting = async () => (await index.toEncode(10)).map(({ kind, commit: sha, lines }) => `${kind} ${subjects.get(sha)} ${lines}`);
    await history.update({ ...run, tokens: 1e6 });
    const subjects = new Map((await index.commits([...(await index.knownCommits())])).map(({ sha, subject }) => [sha, subject]));
    expect((await waiting()).sort()).toEqual(["part first 0", "part second 0", "part third 0", "part third 1"]);
    expect((await index.status()).history).toMatchObject({ diffs: 3, leftOut: 1, toEncode: 4, encoded: 0 });
    await history.update({ ...run, tokens: 2_000 });
    expect((await index.status()).history.toEncode).toBeLessThan(4);
    expect(await waiting()).toContain("part third 0");
    await repo.git("reset", "--quiet", "--hard", "HEAD~1");
    const gone: number[] = [];
    index.onRemoved((documents) => gone.push(...documents));
    await history.update({ ...run, tokens: 1e6 });
    expect((await waiting()).sort()).toEqual(["part first 0", "part second 0"]);
    expect(gone).toHaveLength(2);
    expect((await index.status()).history).toMatchObject({ diffs: 2, leftOut: 0, toEncode: 2 });
  });

  it("reads the commits of all branches and tags where that is asked for, and forgets them again", async () => {
    await repo.commit("first");
    await repo.git("checkout", "--quiet", "-b", "side");
    await commit("banana\n", "side");
    await repo.git("checkout", "--quiet", "main");
    await open();
    const signal = new AbortController().signal;
    const run = { history: "all" as const, tokens: 0, signal, onProgress: () => {}, onProblem: () => {} };
    await new History(repo.path, index).update({ ...run, refs: "all" });
    expect(await changed("banana")).toEqual(["side: a.ts:1"]);
    await new History(repo.path, index).update({ ...run, refs: "HEAD" });
    expect(await changed("banana")).toEqual([]);
  });

  it("counts and tells what cannot be read, and finds the rest", async () => {
    await repo.commit("first");
    await commit("banana\n", "second");
    const blob = (await repo.git("rev-parse", "HEAD:a.ts")).trim();
    await repo.write({ "b.ts": "cherry\n" });
    await repo.commit("third");
    await rm(join(repo.path, ".git/objects", blob.slice(0, 2), blob.slice(2)));
    await open();
    await update();
    expect([await changed("apple"), await changed("banana"), await changed("cherry")]).toEqual([["first: a.ts:1"], [], ["third: b.ts:1"]]);
    expect(problems).toEqual([
      expect.stringMatching(/^What 1 commits of .* changed could not be read \(.+\); their messages are searchable\.$/),
    ]);
    expect(await index.commitsWithoutDiff()).toEqual([]);
  });

  it("looks at no commit again where nothing has moved, and does once a branch has, where all are read", async () => {
    await repo.commit("first");
    await open();
    await update();
    expect(await historyBefore(index)).toEqual({ history: "all", refs: "HEAD" });
    const known = vi.spyOn(index, "knownCommits");
    await update();
    expect(known).not.toHaveBeenCalled();
    const all = { ...wholeHistory(), refs: "all" as const };
    await new History(repo.path, index).update(all);
    await repo.git("checkout", "--quiet", "-b", "side");
    await commit("banana\n", "side");
    await repo.git("checkout", "--quiet", "main");
    await new History(repo.path, index).update(all);
    expect(await changed("banana")).toEqual(["side: a.ts:1"]);
  });

  it("waits for the first commit without a word", async () => {
    await open();
    await update();
    expect(problems).toEqual([]);
    await repo.commit("first");
    await update();
    expect(await changed("apple")).toEqual(["first: a.ts:1"]);
  });

  it("reads what a shallow clone gains below its tip", async () => {
    await repo.commit("first");
    await commit("banana\n", "second");
    await commit("cherry\n", "third");
    const clone = join(folder.root, "clone");
    await promisify(execFile)("git", ["clone", "--quiet", "--depth", "1", `file://${repo.path}`, clone]);
    await open(clone);
    await update(clone);
    expect(await index.knownCommits()).toHaveProperty("size", 1);
    await promisify(execFile)("git", ["-C", clone, "fetch", "--quiet", "--unshallow"]);
    await update(clone);
    expect(await index.knownCommits()).toHaveProperty("size", 3);
    expect(await changed("banana", gone)).toEqual(["third: a.ts:1"]);
  });

  it("does the same work once when asked twice at a time", async () => {
    await repo.commit("first");
    await open();
    const history = new History(repo.path, index);
    const run = wholeHistory();
    await Promise.all([history.update(run), history.update(run)]);
    expect(await changed("apple")).toEqual(["first: a.ts:1"]);
  });
});
