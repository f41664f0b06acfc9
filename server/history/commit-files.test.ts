import { existsSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Repository, repository } from "../../test/unit/repository.ts";
import { changedFiles, fileAt } from "./commit-files.ts";
import { lineOrigin, linesIn } from "./line-origin.ts";
import { readTags } from "./tags.ts";

let repo: Repository;
let first: string;
let second: string;

const texts = fc.array(fc.constantFrom("a", "b", "c", "d", "", "}"), { maxLength: 12 }).map((all) => all.join("\n"));
const lines = (...words: string[]) => `${words.join("\n")}\n`;
const long = lines(..."abcdefghijklmnop".split("").map((letter) => `const ${letter.repeat(9)} = "${letter.repeat(9)}";`));

beforeEach(async () => {
  repo = await repository({ "kept.ts": "one\n", "gone.ts": "farewell\n", "old name.ts": long, "bin.dat": Buffer.from([0, 1]) });
  first = await repo.commit("first");
  await repo.git("rm", "--quiet", "gone.ts");
  await repo.git("mv", "old name.ts", "new.ts");
  await repo.write({ "kept.ts": "two\n", "new.ts": `${long}more\n`, "ünew\n.ts": "" });
  second = await repo.commit("second");
});
afterEach(() => repo.dispose());

describe("changedFiles", () => {
  it("names what a commit added, deleted, renamed and modified, also the first", async () => {
    const files = await changedFiles(repo.path, second);
    expect(files.map(({ path, oldPath, change }) => [change, oldPath, path]).sort()).toEqual([
      ["added", "ünew\n.ts", "ünew\n.ts"],
      ["deleted", "gone.ts", "gone.ts"],
      ["modified", "kept.ts", "kept.ts"],
      ["renamed", "old name.ts", "new.ts"],
    ]);
    expect((await changedFiles(repo.path, first)).every(({ change }) => change === "added")).toBe(true);
  });

  it("compares a merge with its first parent", async () => {
    await repo.git("checkout", "--quiet", "-b", "side", first);
    await repo.write({ "side.ts": "" });
    await repo.commit("side");
    await repo.git("checkout", "--quiet", "main");
    await repo.git("merge", "--quiet", "--no-edit", "side");
    expect((await changedFiles(repo.path, (await repo.git("rev-parse", "HEAD")).trim())).map(({ path }) => path)).toEqual(["side.ts"]);
  });

  it("knows nothing of what is no commit", async () => {
    for (const commit of ["", "HEAD", "--all", "0".repeat(40)]) expect(await changedFiles(repo.path, commit)).toEqual([]);
  });
});

describe("fileAt", () => {
  it("shows files as they were on either side, deleted and renamed ones too", async () => {
    expect(await fileAt(repo.path, second, "kept.ts", "after")).toBe("two\n");
    expect(await fileAt(repo.path, second, "kept.ts", "before")).toBe("one\n");
    expect(await fileAt(repo.path, second, "gone.ts", "before")).toBe("farewell\n");
    expect(await fileAt(repo.path, second, "old name.ts", "before")).toBe(long);
  });

  it("has nothing where nothing was, where it is no text, and for what is no commit or leads out", async () => {
    for (const [commit, path, side] of [
      [second, "gone.ts", "after"],
      [first, "kept.ts", "before"],
      [first, "bin.dat", "after"],
      ["HEAD", "kept.ts", "after"],
      ["--batch", "kept.ts", "after"],
      [second, "../kept.ts", "after"],
      [second, "./kept.ts", "after"],
      [second, "", "after"],
    ] as const)
      expect(await fileAt(repo.path, commit, path, side), `${commit} ${path}`).toBeUndefined();
  });
});

describe("readTags", () => {
  it("reads plain and annotated tags by the date of their commit, and leaves out what is no commit", async () => {
    await repo.git("tag", "v1", first);
    await repo.git("tag", "--annotate", "--message", "two\nlines", "v2", second);
    await repo.git("tag", "blob", `${first}:kept.ts`);
    const dates = (await repo.git("log", "--format=%ct")).trim().split("\n").map(Number);
    expect((await readTags(repo.path)).sort((a, b) => (a.name < b.name ? -1 : 1))).toEqual([
      { name: "v1", date: dates[1] },
      { name: "v2", date: dates[0] },
    ]);
  });
});

describe("lineOrigin", () => {
  it("finds the commits of lines through a rename, past reformatting, and counts lines of now", async () => {
    const indented = long.replace(/^/gm, "    ").slice(0, -4);
    await repo.write({ "new.ts": `${indented}more\n` });
    await repo.commit("indent");
    const text = `unsaved\n${indented}more\n`;
    const origins = await lineOrigin(repo.path, { path: "new.ts", startLine: 1, endLine: 18, text });
    expect(origins.map(({ commit, subject, path, lines }) => [commit, subject, path, lines])).toEqual([
      [first, "first", "old name.ts", Array.from({ length: 16 }, (_, i) => i + 2)],
      [second, "second", "new.ts", [18]],
    ]);
    expect(origins[0]).toMatchObject({ author: "Ada Author", line: 1 });
  });

  it("says nothing of new lines and unknown files", async () => {
    expect(await lineOrigin(repo.path, { path: "kept.ts", startLine: 1, endLine: 1, text: "brand new\n" })).toEqual([]);
    expect(await lineOrigin(repo.path, { path: "none.ts", startLine: 1, endLine: 1, text: "x" })).toEqual([]);
  });

  it("runs nothing that a repository names, and says which list of commits to ignore is missing", async () => {
    await repo.write({ ".gitattributes": "* filter=evil diff=evil\n" });
    const marker = join(repo.path, "ran");
    for (const key of ["filter.evil.clean", "filter.evil.smudge", "diff.evil.textconv", "diff.external"])
      await repo.git("config", key, `sh -c 'touch ${marker}; cat'`);
    const asked = { path: "kept.ts", startLine: 1, endLine: 1, text: "two\n" };
    expect(await lineOrigin(repo.path, asked)).toHaveLength(1);
    await repo.git("config", "blame.ignoreRevsFile", "nowhere");
    await expect(lineOrigin(repo.path, asked)).rejects.toThrow(/nowhere/);
    await fileAt(repo.path, second, "kept.ts", "before");
    await changedFiles(repo.path, second);
    expect(existsSync(marker)).toBe(false);
  });
});

describe("linesIn", () => {
  it("gives only lines that are the same, in order, each once", () =>
    fc.assert(
      fc.property(texts, texts, (committed, text) => {
        const [old, now] = [committed.split("\n"), text.split("\n")];
        const places = linesIn(committed, text);
        const given = places.filter((place) => place > 0);
        expect(given).toEqual([...new Set(given)].sort((a, b) => a - b));
        for (const [i, place] of places.entries()) if (place) expect(now[i]).toBe(old[place - 1]);
      }),
    ));

  it("follows lines past what was put in, taken out and changed", () => {
    const committed = lines("a", "b", "}", "c", "d", "}", "e");
    expect(linesIn(committed, lines("a", "new", "b", "}", "d", "}", "x"))).toEqual([1, 0, 2, 3, 5, 6, 0, 8]);
    expect(linesIn(committed, committed)).toEqual([1, 2, 3, 4, 5, 6, 7, 8]);
    expect(linesIn("", "x")).toEqual([0]);
  });
});
