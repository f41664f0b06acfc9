import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { disposed } from "../../test/unit/disposed.ts";
import type { Repository } from "../../test/unit/repository.ts";
import { reachableCommits } from "./commits.ts";
import { type PatchOptions, readPatches } from "./diffs.ts";
import { longestPatch, type Patch } from "./patch-parser.ts";
import { partsOf } from "./patch-parts.ts";
import { withoutSecrets } from "./patch-secrets.ts";

const { repository, folder } = disposed();
async function read(path: string, shas: string[], options: PatchOptions = {}): Promise<Patch[]> {
  const patches: Patch[] = [];
  for await (const batch of readPatches(path, shas, options)) patches.push(...batch);
  return patches;
}
async function patchOf(path: string, sha: string): Promise<Patch> {
  const [patch] = await read(path, [sha]);
  return patch!;
}
/** So many commits, each of which changes one of seven files. */
async function imported({ path, git, write }: Repository, count: number): Promise<void> {
  const commits = Array.from({ length: count }, (_, i) => {
    const change = `M 100644 inline f${i % 7}.txt\ndata 6\n${100_000 + i}`;
    return `commit refs/heads/main\ncommitter A <a@b> ${i} +0000\ndata 1\nx\n${change}`;
  });
  await write({ ".git/import": `${commits.join("\n")}\n` });
  const unpacked = "-c fastimport.unpackLimit=1000";
  await promisify(execFile)("sh", ["-c", `git ${unpacked} fast-import --quiet < .git/import`], { cwd: path });
  await git("reset", "--quiet", "--hard", "main");
}
const removeObject = (path: string, sha: string): Promise<void> => rm(join(path, ".git/objects", sha.slice(0, 2), sha.slice(2)));
const numbered = (count: number, word = "line") => `${Array.from({ length: count }, (_, i) => `${word} ${i + 1}`).join("\n")}\n`;

describe("readPatches", () => {
  it("reads hunks with their lines, places and enclosing definitions", async () => {
    const body = (value: string) => `function outer() {\n  one();\n  two();\n  three();\n  four(${value});\n  five();\n  six();\n}\n`;
    const { path, commit, write } = await repository({ "a.js": body("1") });
    await commit("first");
    await write({ "a.js": body("2") });
    const patch = await patchOf(path, await commit("second"));
    expect(patch.hunks).toEqual([
      {
        path: "a.js",
        oldPath: "a.js",
        oldStart: 3,
        oldLines: 5,
        newStart: 3,
        newLines: 5,
        context: "function outer() {",
        lines: "   two();\n   three();\n-  four(1);\n+  four(2);\n   five();\n   six();\n",
      },
    ]);
  });

  it("follows a rename, and names a deleted file by where it was", async () => {
    const { path, git, commit, write } = await repository({ "old name.ts": numbered(30), "gone.ts": "farewell\n" });
    await commit("first");
    await git("mv", "old name.ts", "new.ts");
    await git("rm", "--quiet", "gone.ts");
    await write({ "new.ts": numbered(30).replace("line 9\n", "changed\n") });
    const { hunks } = await patchOf(path, await commit("second"));
    expect(hunks.map((hunk) => [hunk.path, hunk.oldPath, hunk.oldLines, hunk.newLines])).toEqual([
      ["gone.ts", "gone.ts", 1, 0],
      ["new.ts", "old name.ts", 5, 5],
    ]);
  });

  it("reads odd paths, lines that look like headers, and a last line without line feed", async () => {
    const header = "diff --git a/x b/x\n--- a/x\n+++ b/x\n@@ -1 +1 @@\n\x01abc\n";
    const { path, commit } = await repository({ 'q"uo\nte\\.txt': header, "tab\tü.txt": "end" });
    const { hunks } = await patchOf(path, await commit("first"));
    expect(hunks.map((hunk) => [hunk.path, hunk.lines])).toEqual([
      ['q"uo\nte\\.txt', header.replace(/^/gm, "+").slice(0, -1)],
      ["tab\tü.txt", "+end\n"],
    ]);
  });

  it("leaves out and counts secret, vendored, generated and binary files", async () => {
    const { path, commit } = await repository({
      "a.ts": "a\n",
      ".env": "KEY=1\n",
      "vendor/x.js": "x\n",
      "package-lock.json": "{}\n",
      "image.png": Buffer.from([0, 1, 2, 0]),
    });
    const patch = await patchOf(path, await commit("first"));
    expect(patch.hunks.map((hunk) => hunk.path)).toEqual(["a.ts"]);
    expect(patch.skippedFiles).toBe(4);
  });

  it("blanks a line that nobody wrote and cuts what is too long", async () => {
    const { path, commit } = await repository({ "a.txt": `short\n${"x".repeat(6000)}\nend\n`, "b.txt": numbered(80_000, "a longer line") });
    const patch = await patchOf(path, await commit("first"));
    expect(patch.hunks[0]!.lines).toBe("+short\n+\n+end\n");
    expect(patch.isCut).toBe(true);
    expect(patch.hunks.reduce((sum, hunk) => sum + hunk.lines.length, 0)).toBeLessThanOrEqual(longestPatch);
  });

  it("gives merges no hunks and every commit once, from two streams as from one", async () => {
    const repo = await repository();
    const { path, git } = repo;
    await imported(repo, 1300);
    await git("checkout", "--quiet", "-b", "side", "HEAD~1");
    await git("-c", "user.name=A", "-c", "user.email=a@b", "merge", "--quiet", "--no-ff", "-m", "merge", "main");
    const shas = [...(await reachableCommits(path))];
    const two = await read(path, shas);
    const one = await read(path, shas, { streams: 1 });
    const bySha = (patches: Patch[]) => [...patches].sort((a, b) => (a.sha < b.sha ? -1 : 1));
    expect(two).toHaveLength(shas.length);
    expect(bySha(two)).toEqual(bySha(one));
    expect(one.filter(({ hunks }) => hunks.length === 0).map(({ sha }) => sha)).toEqual([shas[0]]);
  });

  it("leaves the commit at which a shallow clone ends unread", async () => {
    const { path, commit, write } = await repository({ "a.ts": "1\n" });
    await commit("first");
    await write({ "a.ts": "2\n" });
    const end = await commit("second");
    await write({ "a.ts": "3\n" });
    const last = await commit("third");
    const clone = await folder();
    const at = join(clone.path, "clone");
    await promisify(execFile)("git", ["clone", "--quiet", "--depth", "2", `file://${path}`, at]);
    const patches = await read(at, [last, end]);
    expect(patches.map(({ sha, hunks }) => [sha, hunks.map(({ lines }) => lines)])).toEqual([[last, ["-2\n+3\n"]]]);
  });
});

describe("damaged repositories", () => {
  it("cost the commits that cannot be read, no others", async () => {
    const { path, git, commit, write } = await repository({ "a.ts": "1\n" });
    const shas: string[] = [];
    for (let i = 0; i < 9; i++) {
      await write({ "a.ts": `${i}\n` });
      shas.unshift(await commit(`commit ${i}`));
    }
    await removeObject(path, (await git("rev-parse", `${shas[4]}:a.ts`)).trim());
    const skipped: string[] = [];
    const patches = await read(path, shas, { onSkipped: (sha) => skipped.push(sha) });
    expect(skipped.sort()).toEqual([shas[3], shas[4]].sort()); // it is one side of two changes
    expect(patches.map(({ sha }) => sha).sort()).toEqual([...shas].sort());
    expect(patches.filter(({ hunks }) => hunks.length > 0)).toHaveLength(7);
  });

  it("give up on a clone without files, and say so for every commit", async () => {
    const repo = await repository();
    const { path } = repo;
    await imported(repo, 60);
    const shas = [...(await reachableCommits(path))];
    const files = await repo.git("log", "--raw", "--no-abbrev", "--format=");
    for (const blob of new Set(files.match(/\b[1-9a-f][0-9a-f]{39}\b/g))) await removeObject(path, blob);
    const skipped = new Set<string>();
    const patches = await read(path, shas, { onSkipped: (sha) => skipped.add(sha) });
    expect(patches.every(({ hunks }) => hunks.length === 0)).toBe(true);
    expect(patches.length).toBeLessThan(shas.length);
    expect([...skipped].sort()).toEqual([...shas].sort());
  }, 60_000);
});

describe("hostile repositories", () => {
  it("run nothing and change nothing of what is read", async () => {
    const { path, git, commit, write } = await repository({ "a.txt": "one\n", ".gitattributes": "* diff=evil filter=evil\n" });
    await commit("first");
    await write({ "a.txt": "two\n" });
    const sha = await commit("second");
    const marker = join(path, "ran");
    for (const key of ["diff.evil.command", "diff.evil.textconv", "diff.external", "core.pager", "core.fsmonitor", "filter.evil.clean"])
      await git("config", key, `sh -c 'touch ${marker}'`);
    for (const [key, value] of [
      ["diff.noprefix", "true"],
      ["diff.mnemonicPrefix", "true"],
      ["color.ui", "always"],
      ["color.diff", "always"],
      ["diff.context", "9"],
      ["log.diffMerges", "combined"],
      ["log.showSignature", "true"],
      ["diff.wordRegex", "."],
    ] as const)
      await git("config", key, value);
    expect((await patchOf(path, sha)).hunks.map(({ path, lines }) => [path, lines])).toEqual([["a.txt", "-one\n+two\n"]]);
    expect(existsSync(marker)).toBe(false);
  });
});

describe("partsOf", () => {
  it("keeps removed and added lines apart, without context and without secrets", async () => {
    const secret = `token = "ghp_${"a1B2c3D4e5F6g7H8i9".repeat(2)}"`;
    const { path, commit, write } = await repository({ "a.ts": "before\nold\nafter\n" });
    await commit("first");
    await write({ "a.ts": `before\n${secret}\nnew\nafter\n` });
    expect(partsOf(withoutSecrets(await patchOf(path, await commit("second"))))).toEqual([
      { path: "a.ts", oldStart: 1, oldLines: 3, newStart: 1, newLines: 4, context: "", removed: "old\n", added: "\nnew\n" },
    ]);
  });

  it("puts small hunks of a file together and splits long ones, losing no line", async () => {
    const { path, commit, write } = await repository({ "a.ts": numbered(200) });
    await commit("first");
    await write({ "a.ts": numbered(200).replace("line 20\n", "x\n").replace("line 150\n", "y\n"), "b.ts": numbered(2000) });
    const parts = partsOf(await patchOf(path, await commit("second")));
    expect(parts[0]).toMatchObject({ path: "a.ts", newStart: 18, newLines: 135, removed: "line 20\nline 150\n", added: "x\ny\n" });
    const split = parts.slice(1);
    expect(split.length).toBeGreaterThan(3);
    expect(split.map(({ added }) => added).join("")).toBe(numbered(2000));
    for (const [i, part] of split.entries()) expect(part.newStart).toBe(i === 0 ? 1 : split[i - 1]!.newStart + split[i - 1]!.newLines);
  });
});
