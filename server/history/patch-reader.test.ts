import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { repository as makeRepository, type Repository } from "../../test/unit/repository.ts";
import { readPatches } from "./diffs.ts";
import type { Patch } from "./patch-parser.ts";
import { PatchReader } from "./patch-reader.ts";

let repo: Repository;
let shas: string[];

beforeAll(async () => {
  repo = await makeRepository({ "a.txt": "one\ntwo\n\x01three\n" });
  await repo.commit("first");
  await repo.git("checkout", "--quiet", "-b", "side");
  await repo.git("mv", "a.txt", "ä b.txt");
  await repo.write({ "ä b.txt": "one\n2\n\x01three\n" });
  await repo.commit("renamed");
  await repo.git("checkout", "--quiet", "-");
  await repo.write({ "c.txt": "c\n" });
  await repo.commit("beside");
  await repo.git("merge", "--quiet", "--no-edit", "side");
  shas = (await repo.git("rev-list", "HEAD")).trim().split("\n");
});
afterAll(() => repo.dispose());

describe("PatchReader", () => {
  it("reads what the log tells: first commits, renames, merges, in the order asked for", async () => {
    const told: Patch[] = [];
    for await (const patches of readPatches(repo.path, shas)) told.push(...patches);
    const reader = new PatchReader(repo.path);
    expect(await reader.read(shas)).toEqual(told);
    expect(told.filter(({ hunks }) => hunks.length > 0)).toHaveLength(3);
    expect(await Promise.all(shas.map((sha) => reader.read([sha])))).toEqual(told.map((patch) => [patch]));
  });

  it("has an empty patch for a commit that is missing, and goes on", async () => {
    const reader = new PatchReader(repo.path);
    const [missing, first] = await reader.read(["0".repeat(40), shas.at(-1)!]);
    expect(missing?.hunks).toEqual([]);
    expect(first?.hunks).toHaveLength(1);
  });

  it("rejects where git does not run, each time it is asked", async () => {
    const reader = new PatchReader(`${repo.path}/nowhere`);
    for (let i = 0; i < 2; i++) await expect(reader.read(shas)).rejects.toThrow("git diff-tree ended");
  });
});
