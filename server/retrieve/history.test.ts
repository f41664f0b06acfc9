import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.ts";
import { repository as makeRepository, type Repository } from "../../test/unit/repository.ts";
import { ask } from "../ask/ask.ts";
import { Past } from "../history/past.ts";
import type { Index } from "../index/index.ts";
import { TestFolder } from "../index/testing/folder.ts";
import { History } from "../memory/history.ts";
import { wholeHistory } from "../memory/testing/history-run.ts";
import { search } from "./search.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence } from "./types.ts";

const retry = `export function retryRequest(send) {
  const backoffMilliseconds = 250;
  return send().catch(() => later(backoffMilliseconds, send));
}
`;
const waiting = "export const patience = 3;\nexport const hope = 2;\nexport const rest = 1;\n";
const secret = `ghp_${"a1B2c3D4e5F6g7H8i9".repeat(2)}`;

let folder: TestFolder;
let repo: Repository;
let index: Index;
let sources: SearchSources;
const shas: Record<string, string> = {};

/** Commits as somebody, on a day. */
async function commit(name: string, author: string, day: string, message: string): Promise<void> {
  await repo.git("add", "--all");
  const date = `${day}T12:00:00Z`;
  const who = { GIT_AUTHOR_NAME: author, GIT_AUTHOR_EMAIL: "a@b.c", GIT_COMMITTER_NAME: author, GIT_COMMITTER_EMAIL: "a@b.c" };
  const env = { ...process.env, ...who, GIT_AUTHOR_DATE: date, GIT_COMMITTER_DATE: date };
  await promisify(execFile)("git", ["commit", "--quiet", "--message", message], { cwd: repo.path, env });
  shas[name] = (await repo.git("rev-parse", "HEAD")).trim();
}

beforeAll(async () => {
  folder = await TestFolder.make();
  repo = await makeRepository({ "src/client.js": `export function open() {}\n${retry}`, "README.md": "# Client\n" });
  await commit("first", "Ada Author", "2023-01-01", "Begin");
  await repo.git("tag", "v1.0");
  await repo.write({ "src/client.js": `export function open() {}\n// token: ${secret}\n`, "src/wait.js": waiting });
  await commit("second", "Bob Builder", "2024-01-01", "Tidy up");
  await repo.git("tag", "--annotate", "--message", "two", "v2.0");
  await repo.git("mv", "src/wait.js", "src/waiting.js");
  await repo.write({ "src/waiting.js": `${waiting}export const backoffMilliseconds = 900;\n` });
  await commit("third", "Bob Builder", "2025-01-01", "Wait differently");
  Object.assign(folder, { root: repo.path });
  index = await folder.open({ addon: loadAddon() });
  await new History(repo.path, index).update(wholeHistory());
  sources = {
    index,
    engine: null,
    tokenizer: null,
    past: new Past(repo.path),
    fileText: async () => undefined,
    commitOf: () => undefined,
    headerPath: (path) => path,
  };
});

afterAll(async () => {
  await folder.delete();
  await repo.dispose();
});

async function commitsFor(question: string): Promise<Evidence[]> {
  return (await search(sources, question, { k: 5, scope: "commits" })).evidence;
}

describe("search in the history", () => {
  it("finds what was removed where no message says so, and shows it as it was", async () => {
    const [best] = await commitsFor("when was retryRequest removed?");
    expect(best).toMatchObject({ commit: shas.second, path: "", change: { path: "src/client.js", oldPath: "src/client.js", oldStart: 1 } });
    expect(best!.text).toContain("-export function retryRequest(send) {\n-  const backoffMilliseconds = 250;");
    expect(best!.reasons).toContain("removed lines");
  });

  it("finds what first appeared, not what came later", async () => {
    expect((await commitsFor("when did backoffMilliseconds first appear?"))[0]!.commit).toBe(shas.first);
  });

  it("names both paths of a renamed file", async () => {
    expect((await commitsFor("when was backoffMilliseconds 900 set"))[0]).toMatchObject({
      commit: shas.third,
      change: { path: "src/waiting.js", oldPath: "src/wait.js", newStart: 2, newEnd: 4 },
    });
  });

  it.each([
    ["when was backoffMilliseconds changed before v2.0", ["first", "second"]],
    ["when was backoffMilliseconds changed since 2.0", ["third"]],
    ["when was backoffMilliseconds changed between v1.0 and v2.0", ["second"]],
    ["when was backoffMilliseconds changed in 2023", ["first"]],
    ["when was backoffMilliseconds changed in 1999", ["first", "second", "third"]],
    ["what changed in backoffMilliseconds between 1.0 and 2.0", ["second"]],
    ["what changed in backoffMilliseconds last week", []],
  ])("keeps to the period of %j", async (question, names) => {
    const found = (await commitsFor(question)).map(({ commit }) => commit).sort();
    expect(found).toEqual(names.map((name) => shas[name]!).sort());
  });

  it("tells the release that a commit first came with", async () => {
    const releases = (await commitsFor("when was backoffMilliseconds changed")).map(({ commit, release }) => [commit, release]);
    expect(new Map(releases as [string, string | undefined][])).toEqual(
      new Map([
        [shas.first, "v1.0"],
        [shas.second, "v2.0"],
        [shas.third, undefined],
      ]),
    );
  });

  it("never shows a secret that a commit brought", async () => {
    const found = await commitsFor("who added the token to client.js");
    expect(found.map(({ text }) => text).join("\n")).toContain("client.js");
    expect(found.map(({ text }) => text).join("\n")).not.toContain(secret);
  });

  it("answers who by all who wrote, and when something went by its line", async () => {
    const who = await ask(sources, "who changed backoffMilliseconds?", { k: 5 });
    expect(who.statements[0]!.text).toMatch(
      /^The 3 commits that fit best are by Bob Builder \(2, the last on [\d-]+\), Ada Author \(1, .*\)\.$/,
    );
    expect(who.statements[0]!.sources).toEqual([0, 1, 2]);
    const gone = await ask(sources, "when was retryRequest removed?", { k: 5 });
    expect(gone.statements[0]!.text).toMatch(
      /^On [\d-]+, in commit \w{10} by Bob Builder, first released in v2\.0: “Tidy up”\. It removed this line of src\/client\.js: `export function retryRequest\(send\) \{`\.$/,
    );
  });
});
