import { rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { folder, type Repository, repository } from "../../test/unit/repository.ts";
import { scoreCommits, scoreMeaning } from "../retrieve/meaning.ts";
import { defaultSettings } from "../settings.ts";
import { FolderError } from "../workspace/discover.ts";
import { eventually, found, Memories, meant, notBuilt, tokensEncoded, until } from "./testing/memories.ts";
import type { MemoryStatus } from "./types.ts";

const missing = notBuilt();
if (missing) console.warn(`\n  server/memory/memory.test.ts ${missing}\n`);

const source = (name: string) =>
  `/** ${name} adds what it is given. */\nexport function ${name}(first, second) {\n  return first + second;\n}\n`;

describe.skipIf(missing !== "")("Memory", () => {
  let memories: Memories;
  let repo: Repository;

  beforeEach(async () => {
    memories = await Memories.create();
    repo = await repository({
      "src/alpha.js": source("alphasum"),
      "src/beta.js": source("betasum"),
      "README.md": "# Sums\n\nAdds numbers.\n",
    });
    await repo.commit("Add sums");
  });

  afterEach(async () => {
    await memories.dispose();
    await repo.dispose();
  });

  it("holds files by words and by meaning, and commits by words", async () => {
    const { memory, messages } = await memories.ready(repo.path);
    expect(await found(memory, "betasum")).toEqual(["src/beta.js"]);
    expect(await meant(memory, "how are numbers added?")).toEqual(["README.md", "src/alpha.js", "src/beta.js"]);
    const commits = await memory.index.searchCommits("sums", 5, { path: 1, symbols: 1, body: 1 });
    expect((await memory.index.commitHeads(commits.map(({ document }) => document))).map(({ subject }) => subject)).toEqual(["Add sums"]);
    expect(await memory.status()).toMatchObject({ files: 3, toEncode: 3, encoded: 3, commits: 1, problem: "", skipped: {} });
    expect(messages).toEqual([]);
  });

  it("reads commits once all files are read, finds them by meaning also after a restart, and forgets them with their commit", async () => {
    const set = { history: defaultSettings.history };
    const encoded = ({ history }: MemoryStatus) => history.toEncode > 0 && history.encoded === history.toEncode;
    const { memory } = await memories.ready(repo.path, { set });
    await until(memory, encoded);
    const first = (await repo.git("rev-parse", "HEAD")).trim();
    expect([...((await scoreCommits(memory, "how are numbers added?")) ?? [])].map(([sha]) => sha)).toEqual([first]);
    const files = (await scoreMeaning(memory, "how are numbers added?"))!.best(10).map(({ document }) => memory.commitOf(document));
    expect(files).toEqual([undefined, undefined, undefined]);
    await memory.close();

    const { memory: again } = await memories.ready(repo.path, { set });
    await eventually(
      () => scoreCommits(again, "how are numbers added?"),
      (scores) => scores?.has(first) === true,
    );
    expect(tokensEncoded(again)).toBe(0);
    await repo.git("commit", "--quiet", "--amend", "--message", "Add sums, better");
    const second = (await repo.git("rev-parse", "HEAD")).trim();
    await eventually(
      () => scoreCommits(again, "how are numbers added?"),
      (scores) => [...(scores ?? [])].map(([sha]) => sha).join() === second,
    );
    await again.clearCache();
    await until(again, encoded);
    expect([...((await scoreCommits(again, "how are numbers added?")) ?? [])].map(([sha]) => sha)).toEqual([second]);
  });

  it("follows a saved, a new, a renamed and a deleted file", async () => {
    const { memory } = await memories.ready(repo.path);
    await repo.write({ "src/alpha.js": `${source("alphasum")}${source("gammasum")}`, "src/new.js": source("deltasum") });
    await eventually(
      () => found(memory, "gammasum"),
      (paths) => paths.includes("src/alpha.js"),
    );
    await eventually(
      () => found(memory, "deltasum"),
      (paths) => paths.includes("src/new.js"),
    );
    await rename(join(repo.path, "src/beta.js"), join(repo.path, "src/moved.js"));
    await eventually(
      () => found(memory, "betasum"),
      (paths) => paths.join() === "src/moved.js",
    );
    await rm(join(repo.path, "README.md"));
    await eventually(
      () => meant(memory, "sums"),
      (paths) => paths.join() === "src/alpha.js,src/moved.js,src/new.js",
    );
    expect(await until(memory, ({ state }) => state === "ready")).toMatchObject({ files: 3, encoded: 3 });
  });

  it("computes nothing again for a branch it has seen", async () => {
    const { memory } = await memories.ready(repo.path);
    await repo.git("checkout", "--quiet", "-b", "other");
    await repo.write({ "src/alpha.js": source("othersum"), "src/only.js": source("onlysum") });
    await repo.commit("Sum otherwise");
    await eventually(
      () => memory.status(),
      ({ encoded, toEncode, commits }) => encoded === 4 && toEncode === 4 && commits === 2,
    );
    await eventually(
      () => found(memory, "othersum"),
      (paths) => paths.length === 1,
    );
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 4);
    const before = tokensEncoded(memory);
    await repo.git("checkout", "--quiet", "main");
    await eventually(
      () => meant(memory, "sums"),
      (paths) => paths.join() === "README.md,src/alpha.js,src/beta.js",
    );
    await eventually(
      () => found(memory, "alphasum"),
      (paths) => paths.length === 1,
    );
    await until(memory, ({ state, encoded, commits }) => state === "ready" && encoded === 3 && commits === 1);
    expect(tokensEncoded(memory)).toBe(before);
  });

  it("computes nothing again after a restart, and answers before it has looked at the folder", async () => {
    const first = await memories.ready(repo.path);
    await memories.close(first.memory);
    const { memory } = await memories.open(repo.path);
    expect(await found(memory, "betasum")).toEqual(["src/beta.js"]);
    expect((await meant(memory, "sums")).length).toBe(3);
    memory.start();
    await until(memory, ({ state }) => state === "ready");
    expect(tokensEncoded(memory)).toBe(0);
  });

  it("takes in what changed while it was closed", async () => {
    const first = await memories.ready(repo.path);
    await memories.close(first.memory);
    await repo.write({ "src/beta.js": source("epsilonsum") });
    await rm(join(repo.path, "src/alpha.js"));
    const { memory } = await memories.ready(repo.path);
    expect([await found(memory, "epsilonsum"), await found(memory, "betasum"), await found(memory, "alphasum")]).toEqual([
      ["src/beta.js"],
      [],
      [],
    ]);
    expect(await meant(memory, "sums")).toEqual(["README.md", "src/beta.js"]);
  });

  it("computes an edited file only from its edited chunk on", async () => {
    const lines = Array.from({ length: 400 }, (_, i) => `export const value${i} = ${i} * ${i + 1};`);
    await repo.write({ "src/long.js": `${lines.join("\n")}\n` });
    const { memory } = await memories.ready(repo.path);
    const before = tokensEncoded(memory);
    const whole = (await memory.index.documentAt("src/long.js"))!.tokens;
    await repo.write({ "src/long.js": `${lines.join("\n")}\nexport const zebra = 1;\n` });
    await eventually(
      () => found(memory, "zebra"),
      (paths) => paths.includes("src/long.js"),
    );
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 4);
    expect(whole).toBeGreaterThan(3000);
    expect(tokensEncoded(memory) - before).toBeLessThan(1500);
  });

  it("waits while paused, words go on, and catches up when resumed", async () => {
    const { memory } = await memories.ready(repo.path);
    await memory.pause();
    await repo.write({ "src/new.js": source("zetasum") });
    await eventually(
      () => found(memory, "zetasum"),
      (paths) => paths.length === 1,
    );
    expect(await memory.status()).toMatchObject({ state: "paused", encoded: 3, toEncode: 4 });
    await memory.resume();
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 4);
  });

  it("searches unsaved text by words, and gives it as the file's text", async () => {
    const { memory } = await memories.ready(repo.path);
    await memory.setUnsaved("src/beta.js", source("etasum"));
    expect([await found(memory, "etasum"), await found(memory, "betasum")]).toEqual([["src/beta.js"], []]);
    expect(await memory.fileText("src/beta.js")).toBe(source("etasum"));
    await memory.setUnsaved("src/beta.js", null);
    expect([await found(memory, "etasum"), await found(memory, "betasum")]).toEqual([[], ["src/beta.js"]]);
    expect(await memory.fileText("src/beta.js")).toBe(source("betasum"));
  });

  it("keeps unsaved text of ignored, secret and outside files out", async () => {
    await repo.write({ ".gitignore": "ignored.js\n", "ignored.js": source("x"), ".env": "A=1" });
    const { memory } = await memories.ready(repo.path);
    for (const path of ["ignored.js", ".env", "../outside.js"]) await memory.setUnsaved(path, source("thetasum"));
    expect(await found(memory, "thetasum")).toEqual([]);
    expect([await memory.fileText(".env"), await memory.fileText("../outside.js")]).toEqual([undefined, undefined]);
  });

  it("blanks lines that look like secrets in the text it gives", async () => {
    const key = `sk_live_${"4eC39HqLyjWDarjtT1zdp7dc"}`;
    await repo.write({ "src/pay.js": `const one = 1;\nconst key = "${key}";\nconst two = 2;\n` });
    const { memory } = await memories.ready(repo.path);
    expect(await memory.fileText("src/pay.js")).toBe("const one = 1;\n\nconst two = 2;\n");
    expect(await found(memory, key)).toEqual([]);
  });

  it("encodes a folder inside a repository with paths from the repository's top", async () => {
    const { memory } = await memories.ready(join(repo.path, "src"));
    expect(memory.headerPath("alpha.js")).toBe("src/alpha.js");
    const whole = await memories.ready(repo.path);
    expect(tokensEncoded(memory)).toBeGreaterThan(0);
    // README.md is all that the first had not encoded.
    expect(tokensEncoded(whole.memory)).toBeLessThan(tokensEncoded(memory));
  });

  it("works in a folder without git", async () => {
    const plain = await folder({ "a.py": "def kappa():\n    return 1\n" });
    const { memory } = await memories.ready(plain.path);
    expect([await found(memory, "kappa"), await meant(memory, "kappa")]).toEqual([["a.py"], ["a.py"]]);
    await plain.dispose();
  });

  it("asks before it encodes a large folder, and remembers the answer", async () => {
    await repo.write({ "big.txt": "words and more words\n".repeat(40_000) });
    for (let i = 0; i < 3; i++) await repo.write({ [`copy${i}.txt`]: `${i} words and more words\n`.repeat(40_000) });
    const { memory } = await memories.open(repo.path, { largeFolder: { files: 5, bytes: 1e9 } });
    memory.start();
    await until(memory, ({ state, files }) => state === "asking" && files === 7);
    expect(tokensEncoded(memory)).toBe(0);
    expect(await found(memory, "betasum")).toEqual(["src/beta.js"]);
    await memory.allowEncoding(false);
    expect(await memory.status()).toMatchObject({ state: "ready", encoded: 0, message: expect.stringContaining("as you chose") });
  });

  it("frees the cache and encodes anew", async () => {
    const { memory } = await memories.ready(repo.path);
    const before = tokensEncoded(memory);
    expect(await memory.clearCache()).toBeGreaterThan(0);
    await until(memory, ({ state, encoded }) => state === "ready" && encoded === 3);
    expect(tokensEncoded(memory)).toBe(2 * before);
    expect((await meant(memory, "sums")).length).toBe(3);
  });

  it("rebuilds its index without computing an encoding", async () => {
    const { memory } = await memories.ready(repo.path);
    const before = tokensEncoded(memory);
    await memory.rebuild();
    await until(memory, ({ state, encoded, commits }) => state === "ready" && encoded === 3 && commits === 1);
    expect(await found(memory, "betasum")).toEqual(["src/beta.js"]);
    expect((await meant(memory, "sums")).length).toBe(3);
    expect(tokensEncoded(memory)).toBe(before);
  });

  it("takes other exclusions at once", async () => {
    const { memory } = await memories.ready(repo.path);
    memory.setSettings({ ...memory.settings, exclude: ["src/beta.js"] });
    await eventually(
      () => found(memory, "betasum"),
      (paths) => paths.length === 0,
    );
    expect(
      (
        await eventually(
          () => memory.status(),
          ({ skipped }) => skipped.excluded === 1,
        )
      ).files,
    ).toBe(2);
    memory.setSettings({ ...memory.settings, exclude: [] });
    await eventually(
      () => found(memory, "betasum"),
      (paths) => paths.length === 1,
    );
  });

  it("takes in the commits that another window reads, by words and by meaning, and forgets them with it", async () => {
    const set = { history: defaultSettings.history };
    const { memory: writer } = await memories.ready(repo.path, { set });
    const { memory: follower } = await memories.open(repo.path, { set });
    expect(follower.index.writable).toBe(false);
    follower.start();
    await repo.write({ "src/gamma.js": source("gammasum") });
    const sha = await repo.commit("Multiply in gamma");
    await eventually(
      () => follower.index.searchCommits("multiply", 5, { path: 1, symbols: 1, body: 1 }),
      (hits) => hits.length === 1,
    );
    await eventually(
      () => scoreCommits(follower, "how are numbers added?"),
      (scores) => scores?.has(sha) === true,
    );
    await repo.git("reset", "--quiet", "--hard", "HEAD~1");
    await until(writer, ({ commits }) => commits === 1);
    await eventually(
      () => scoreCommits(follower, "how are numbers added?"),
      (scores) => scores?.has(sha) !== true,
    );
    await eventually(
      () => follower.index.searchCommits("multiply", 5, { path: 1, symbols: 1, body: 1 }),
      (hits) => hits.length === 0,
    );
  });

  it("brings a folder up to date for a command, with a summary", async () => {
    const { memory } = await memories.open(repo.path, { watch: false });
    const phases = new Set<string>();
    const summary = await memory.bringUpToDate({
      words: true,
      history: true,
      encodings: true,
      onProgress: ({ phase }) => phases.add(phase),
    });
    expect(summary).toMatchObject({ files: 3, commits: 1, documents: 3, skipped: {} });
    expect(summary.chunks).toBeGreaterThanOrEqual(3);
    expect([...phases]).toEqual(["words", "history", "encoding"]);
    expect((await memory.status()).state).toBe("ready");
  });

  it("encodes the history's budget for a command, which a later one uses without encoding anything", async () => {
    const options = { watch: false, set: { history: defaultSettings.history } };
    const { memory: indexing } = await memories.open(repo.path, options);
    await indexing.bringUpToDate({ words: true, history: true, encodings: true });
    const { toEncode, encoded } = (await indexing.status()).history;
    expect([toEncode, encoded]).toEqual([1, 1]);
    await memories.close(indexing);
    const { memory: asking } = await memories.open(repo.path, options);
    await asking.bringUpToDate({ words: true, history: "as before", encodings: false });
    expect((await scoreCommits(asking, "how are numbers added?"))?.size).toBe(1);
    expect(tokensEncoded(asking)).toBe(0);
  });

  it("knows new commits for a command that asks, where history was ever read", async () => {
    const { memory } = await memories.open(repo.path, { watch: false, set: { history: defaultSettings.history } });
    const update = (history: boolean | "as before") => memory.bringUpToDate({ words: true, history, encodings: false });
    expect(await update("as before")).toMatchObject({ commits: 0 });
    expect(await update(true)).toMatchObject({ commits: 1 });
    await repo.write({ "new.ts": "export const fresh = 1;\n" });
    await repo.commit("Fresh");
    expect(await update("as before")).toMatchObject({ commits: 2 });
  });

  it("leaves history out where it is not wanted", async () => {
    const { memory } = await memories.ready(repo.path, { set: { history: { ...defaultSettings.history, commits: "none" } } });
    expect((await memory.status()).commits).toBe(0);
  });

  it("names a folder that is not there, or is a file", async () => {
    await expect(memories.open(join(repo.path, "nowhere"))).rejects.toThrow(FolderError);
    await expect(memories.open(join(repo.path, "README.md"))).rejects.toThrow(/README\.md cannot be read: it is not a folder/);
  });
});
