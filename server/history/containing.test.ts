import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { type Repository, repository } from "../../test/unit/repository.ts";
import { Containing } from "./containing.ts";

describe("Containing", () => {
  let repo: Repository;

  beforeEach(async () => {
    repo = await repository({ "a.ts": "" });
  });

  afterEach(() => repo.dispose());

  it("names the oldest release and all branches that have a commit, over merges", async () => {
    const base = await repo.commit("base", "2024-01-01");
    await repo.git("tag", "v1");
    await repo.git("checkout", "--quiet", "-b", "side");
    await repo.write({ "side.ts": "" });
    const side = await repo.commit("side", "2024-02-01");
    await repo.git("checkout", "--quiet", "main");
    await repo.write({ "main.ts": "" });
    const main = await repo.commit("main", "2024-03-01");
    await repo.git("tag", "--annotate", "--message", "two", "v2");
    await repo.git("merge", "--quiet", "--no-edit", "side");
    const merge = (await repo.git("rev-parse", "HEAD")).trim();
    const containing = await Containing.read(repo.path);
    expect(containing.of(base)).toEqual({ release: "v1", branches: expect.arrayContaining(["main", "side"]) });
    expect(containing.of(side)).toEqual({ branches: expect.arrayContaining(["main", "side"]) });
    expect(containing.of(main)).toEqual({ release: "v2", branches: ["main"] });
    expect(containing.of(merge)).toEqual({ branches: ["main"] });
    expect(containing.of("0".repeat(40))).toEqual({ branches: [] });
  });

  it("walks again only where a tag or a branch moved", async () => {
    const first = await repo.commit("first");
    const before = await Containing.read(repo.path);
    expect(await Containing.read(repo.path, before)).toBe(before);
    await repo.git("tag", "v1");
    const after = await Containing.read(repo.path, before);
    expect([before.of(first).release, after.of(first).release]).toEqual([undefined, "v1"]);
  });

  it("is empty before the first commit, and passes over tags of what is no commit", async () => {
    expect((await Containing.read(repo.path)).of("0".repeat(40))).toEqual({ branches: [] });
    const sha = await repo.commit("first");
    await repo.git("tag", "tree", "HEAD^{tree}");
    expect((await Containing.read(repo.path)).of(sha)).toEqual({ branches: ["main"] });
  });
});
