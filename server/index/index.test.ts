import { readdir, stat, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { DamagedIndexError, IndexAccessError } from "./errors.ts";
import type { Index } from "./index.ts";
import { commit, evenWeights, TestFolder } from "./testing/folder.ts";

let folder: TestFolder;
beforeEach(async () => {
  folder = await TestFolder.make();
});
afterEach(() => folder.delete());

const paths = async (index: Index, query: string) => (await index.searchFiles(query, 20, evenWeights)).map(({ path }) => path).sort();

describe("Index", () => {
  it("finds a file by its words, path and symbols once it is put", async () => {
    const index = await folder.open();
    const [id] = await index.putFiles([await folder.file("src/router.ts", "export class Router {\n  add(route) {}\n}\n")]);
    expect(await index.searchFiles("route", 5, evenWeights)).toMatchObject([
      { document: id, path: "src/router.ts", startLine: 1, endLine: 3, unsaved: false, coverage: 1 },
    ]);
    expect(await index.symbolsNamed(["router"])).toMatchObject([{ document: id, name: "Router", kind: "class", startLine: 1, endLine: 3 }]);
    expect(await index.files()).toMatchObject([{ id, path: "src/router.ts", language: "typescript", role: "source", encode: true }]);
    expect(index.documentFrequency("route")).toBe(1);
  });

  it("keeps the document and its encoding while the bytes are the same", async () => {
    const index = await folder.open();
    const file = await folder.file("a.ts", "const a = 1;\n");
    const [id] = await index.putFiles([file]);
    await index.markEncoded([{ document: id!, encoding: "key", tokens: 9, chunkLines: Int32Array.of(1, 1) }]);
    expect(await index.putFiles([{ ...file, modified: 5 }])).toEqual([id]);
    expect(await index.documentAt("a.ts")).toMatchObject({ id, encoding: "key", tokens: 9, chunks: 1, modified: 5 });
    expect(await index.files()).toMatchObject([{ id, modified: 5 }]);
  });

  it("gives changed bytes a new document and forgets the old one", async () => {
    const index = await folder.open();
    const [old] = await index.putFiles([await folder.file("a.ts", "const apple = 1;\n")]);
    const gone: number[] = [];
    index.onRemoved((documents) => gone.push(...documents));
    const [id] = await index.putFiles([await folder.file("a.ts", "const pear = 1;\n")]);
    expect(id).not.toBe(old);
    expect(gone).toEqual([old]);
    expect(await index.documents([old!, id!])).toMatchObject([{ id }]);
    expect(await paths(index, "apple")).toEqual([]);
    expect(await paths(index, "pear")).toEqual(["a.ts"]);
    expect(await index.symbolsNamed(["apple"])).toEqual([]);
  });

  it("never uses a document's id again", async () => {
    const index = await folder.open();
    const file = await folder.file("a.ts", "const a = 1;\n");
    const [first] = await index.putFiles([file]);
    expect(await index.removeFiles(["a.ts"])).toEqual([first]);
    const [second] = await index.putFiles([file]);
    expect(second).toBeGreaterThan(first!);
  });

  it("remembers files left out, with why, and lists them with those known", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "a\n"), await folder.file("b.ts", "b\n")]);
    await index.putSkipped([
      { path: "b.ts", size: 7, modified: 8, reason: "binary", detail: "" },
      { path: "c.pem", size: 1, modified: 2, reason: "secret", detail: "by its name" },
    ]);
    const known = (await index.knownFiles()).map(({ path, skipped }) => [path, skipped]).sort();
    expect(known).toEqual([["a.ts", ""], ["b.ts", "binary"], ["c.pem", "secret"]]); // biome-ignore format: a table
    expect(await index.status()).toMatchObject({ files: 1, skipped: { binary: 1, secret: 1 } });
    expect(await paths(index, "b")).toEqual([]);
  });

  it("queues what is not encoded, the most recently modified first", async () => {
    const index = await folder.open();
    const files = await Promise.all(["a.ts", "b.ts", "c.ts"].map((path) => folder.file(path, `${path}\n`)));
    const ids = await index.putFiles(files.map((file, i) => ({ ...file, modified: i, encode: i !== 1 })));
    expect((await index.toEncode(9)).map(({ path }) => path)).toEqual(["c.ts", "a.ts"]);
    await index.markEncoded([{ document: ids[2]!, encoding: "k", tokens: 70, chunkLines: Int32Array.of(1, 3, 3, 9) }]);
    expect((await index.toEncode(9)).map(({ path }) => path)).toEqual(["a.ts"]);
    const asked = [{ document: ids[2]!, chunks: [1, 0, 5] }, { document: ids[0]!, chunks: [0] }]; // biome-ignore format: a table
    expect(await index.chunkLines(asked)).toEqual([[{ startLine: 3, endLine: 9 }, { startLine: 1, endLine: 3 }], []]); // biome-ignore format: a table
    expect(await index.documents([ids[2]!])).toMatchObject([{ encoding: "k", tokens: 70, chunks: 2 }]);
    expect(await index.status()).toMatchObject({ toEncode: 2, encoded: 1, tokens: 70, chunks: 2, pendingBytes: 5 });
    await index.forgetEncodings(["k", ""]);
    expect(await index.status()).toMatchObject({ toEncode: 2, encoded: 0, tokens: 0, chunks: 0, pendingBytes: 10 });
    expect(await index.chunkLines([{ document: ids[2]!, chunks: [0] }])).toEqual([[]]);
  });

  it("finds commits by subject, body, author and paths, and keeps only those that are retained", async () => {
    const index = await folder.open();
    await index.putCommits([
      commit("aa", { subject: "Fix the parser", body: "It lost headers." }),
      commit("bb", { paths: ["docs/übung.md"] }),
    ]);
    await index.putCommits([commit("aa", { subject: "Not this" })]);
    const found = async (query: string) =>
      (await index.commitHeads((await index.searchCommits(query, 9, evenWeights)).map(({ document }) => document))).map(({ sha }) => sha);
    expect(await found("headers")).toEqual(["aa"]);
    expect(await found("übung")).toEqual(["bb"]);
    expect(await index.commits(["bb", "zz"])).toMatchObject([{ sha: "bb", paths: ["docs/übung.md"], author: "Ada" }]);
    await index.retainCommits(new Set(["bb"]));
    expect(await found("headers")).toEqual([]);
    expect(await index.knownCommits()).toEqual(new Set(["bb"]));
  });

  it("refuses to write where another process writes", async () => {
    await folder.open();
    const reader = await folder.open({ writable: false });
    await expect(async () => reader.removeFiles(["a"])).rejects.toThrow(IndexAccessError);
  });
});

describe("unsaved text", () => {
  it("stands in place of the saved text until it is taken back", async () => {
    const index = await folder.open();
    const [id] = await index.putFiles([await folder.file("a.ts", "const apple = 1;\n")]);
    await index.setUnsaved("a.ts", "const banana = 1;\nconst apple2 = 2;\n");
    expect(await paths(index, "apple")).toEqual([]);
    expect(await index.searchFiles("banana", 5, evenWeights)).toMatchObject([
      { path: "a.ts", document: id, unsaved: true, startLine: 1, endLine: 2 },
    ]);
    await index.setUnsaved("a.ts", null);
    expect(await paths(index, "banana")).toEqual([]);
    expect(await paths(index, "apple")).toEqual(["a.ts"]);
  });

  it("brings its definitions, and hides those of the saved text", async () => {
    const index = await folder.open();
    const [id] = await index.putFiles([await folder.file("a.ts", "export function apple() {}\n")]);
    await index.setUnsaved("a.ts", "\nexport function banana() {}\n");
    expect(await index.symbolsNamed(["banana", "apple"])).toMatchObject([{ name: "banana", document: id, startLine: 2 }]);
    expect(await index.outlines([id!])).toMatchObject([[{ name: "banana", startLine: 2 }]]);
    expect(await index.definitions([id!])).toMatchObject([[{ name: "banana", signature: expect.stringContaining("banana") }]]);
    await index.setUnsaved("a.ts", null);
    expect(await index.symbolsNamed(["banana", "apple"])).toMatchObject([{ name: "apple", document: id, startLine: 1 }]);
  });

  it("never takes places from other files, however many passages it hides", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("big.txt", "apple apple\n".repeat(4000)), await folder.file("small.txt", "apple\n")]);
    await index.setUnsaved("big.txt", "nothing\n");
    expect(await paths(index, "apple")).toEqual(["small.txt"]);
  });

  it("of a secret file is not taken in", async () => {
    const index = await folder.open();
    await index.setUnsaved(".env", "PASSWORD=banana\n");
    expect(await paths(index, "banana")).toEqual([]);
  });

  it("does not outlive the process in the saved word index", async () => {
    const index = await folder.open();
    await index.setUnsaved("new.ts", "banana\n");
    await index.checkpoint();
    await index.close();
    const again = await folder.open();
    expect(again.documentFrequency("banana")).toBe(0);
  });
});

describe("restart", () => {
  it("replays what came after the saved word index, and what left", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "apple\n"), await folder.file("b.ts", "banana\n")]);
    await index.putCommits([commit("aa", { subject: "cherry" }), commit("bb", { subject: "damson" })]);
    await index.checkpoint();
    await index.putFiles([await folder.file("c.ts", "elder\n")]);
    await index.removeFiles(["b.ts"]);
    await index.putCommits([commit("cc", { subject: "fig" })]);
    await index.retainCommits(new Set(["bb", "cc"]));
    await index.close();

    const again = await folder.open();
    expect([await paths(again, "apple"), await paths(again, "banana"), await paths(again, "elder")]).toEqual([["a.ts"], [], ["c.ts"]]);
    const commits = await again.commitHeads(
      (await again.searchCommits("cherry damson fig", 9, evenWeights)).map(({ document }) => document),
    );
    expect(commits.map(({ sha }) => sha).sort()).toEqual(["bb", "cc"]);
    expect([again.documentFrequency("banana"), folder.messages]).toEqual([0, []]);
  });

  it("reads no file again when the saved word index is current", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "apple\n")]);
    await index.checkpoint();
    await index.close();
    await folder.write("a.ts", "zucchini\n"); // would be seen if it were read
    expect(await paths(await folder.open(), "apple")).toEqual(["a.ts"]);
  });

  it("does without the saved word index of another database", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "apple\n")]);
    await index.checkpoint();
    await index.close();
    for (const name of await readdir(folder.index)) if (name.startsWith("index.db")) await truncate(join(folder.index, name), 0);
    const again = await folder.open();
    expect([await paths(again, "apple"), await again.files()]).toEqual([[], []]);
  });
});

describe("damage", () => {
  const filled = async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "apple\n".repeat(50))]);
    await index.checkpoint();
    await index.close();
  };

  it("of the database: the writer sets it aside with a message and starts anew, once", async () => {
    await filled();
    await writeFile(join(folder.index, "index.db"), "this is no database, but long enough to look like one ".repeat(200));
    const index = await folder.open();
    expect(await index.files()).toEqual([]);
    expect(folder.messages).toMatchObject([expect.stringContaining("index.db")]);
    await index.putFiles([await folder.file("a.ts", "apple\n")]);
    expect(await paths(index, "apple")).toEqual(["a.ts"]);
    const aside = (await readdir(folder.index)).filter((name) => name.startsWith("index.db.damaged-"));
    expect(aside).toHaveLength(1);
    expect((await stat(join(folder.index, aside[0]!))).size).toBeGreaterThan(0);
  });

  it("in the middle of the database is found, too", async () => {
    const index = await folder.open();
    await index.putFiles([await folder.file("a.ts", "const apple = 1;\n".repeat(900))]);
    await index.close();
    const file = join(folder.index, "index.db");
    const { size } = await stat(file);
    const { open } = await import("node:fs/promises");
    const handle = await open(file, "r+");
    await handle.write(Buffer.alloc(size - 8192, 0xaa), 0, size - 8192, 8192);
    await handle.close();
    expect(await (await folder.open()).files()).toEqual([]);
    expect(folder.messages).toHaveLength(1);
  });

  it("of another version: as damage", async () => {
    await filled();
    const { DatabaseSync } = await import("node:sqlite");
    const database = new DatabaseSync(join(folder.index, "index.db"));
    database.exec("PRAGMA user_version = 99");
    database.close();
    await expect(folder.open({ writable: false })).rejects.toThrow(DamagedIndexError);
    const index = await folder.open();
    expect([await index.files(), folder.messages]).toMatchObject([[], [expect.stringContaining("version 99")]]);
  });

  it("of the saved word index: it is set aside with a message and built from the files", async () => {
    await filled();
    await truncate(join(folder.index, "words-files.bin"), 100);
    const index = await folder.open();
    expect(await paths(index, "apple")).toEqual(["a.ts", "a.ts"]);
    expect(folder.messages).toMatchObject([expect.stringContaining("words-files.bin")]);
  });

  it("is what rebuild answers: everything is set aside and may be put again", async () => {
    await filled();
    const index = await folder.open();
    await index.rebuild();
    expect([await index.files(), await paths(index, "apple")]).toEqual([[], []]);
    await index.putFiles([await folder.file("a.ts", "apple\n")]);
    expect(await paths(index, "apple")).toEqual(["a.ts"]);
  });

  it("of the folder: a file in its place is named", async () => {
    await writeFile(folder.index, "");
    await expect(folder.open()).rejects.toThrow(folder.index);
  });
});

describe("a second process", () => {
  it("sees what the writer does, after it looked", async () => {
    const writer = await folder.open();
    const reader = await folder.open({ writable: false });
    const followed: string[] = [];
    reader.onFollowed(({ changed, removed }) => followed.push(`${changed.map(({ path }) => path)} -${removed.length}`));
    await writer.putFiles([await folder.file("a.ts", "apple\n"), await folder.file("b.ts", "banana\n")]);
    await reader.refresh();
    expect(await paths(reader, "apple")).toEqual(["a.ts"]);
    await writer.removeFiles(["a.ts"]);
    await reader.refresh();
    expect([await paths(reader, "apple"), (await reader.files()).length]).toEqual([[], 1]);
    expect(followed).toEqual(["a.ts,b.ts -0", " -1"]);
  });

  it("catches up although the log was trimmed meanwhile", async () => {
    const writer = await folder.open();
    await writer.putFiles([await folder.file("a.ts", "apple\n"), await folder.file("b.ts", "banana\n")]);
    const reader = await folder.open({ writable: false });
    await reader.setUnsaved("c.ts", "cherry\n");
    const gone: number[] = [];
    reader.onRemoved((documents) => gone.push(...documents));
    await reader.files();
    const removed = await writer.removeFiles(["a.ts"]);
    await writer.checkpoint();
    await writer.checkpoint();
    await reader.refresh();
    expect([await paths(reader, "apple"), await paths(reader, "banana"), await paths(reader, "cherry")]).toEqual([[], ["b.ts"], ["c.ts"]]);
    expect([gone, reader.documentFrequency("apple")]).toEqual([removed, 0]);
  });

  it("follows to the new database when the writer rebuilds", async () => {
    const writer = await folder.open();
    await writer.putFiles([await folder.file("a.ts", "apple\n")]);
    const reader = await folder.open({ writable: false });
    await writer.rebuild();
    await writer.putFiles([await folder.file("b.ts", "banana\n")]);
    await reader.refresh();
    expect([await paths(reader, "apple"), await paths(reader, "banana")]).toEqual([[], ["b.ts"]]);
  });

  it("may come first, and takes over when the writer ends", async () => {
    const reader = await folder.open({ writable: false });
    expect(await reader.files()).toEqual([]);
    const writer = await folder.open();
    await writer.putFiles([await folder.file("a.ts", "apple\n")]);
    await writer.close();
    await reader.becomeWriter();
    expect(await paths(reader, "apple")).toEqual(["a.ts"]);
    await reader.putFiles([await folder.file("b.ts", "banana\n")]);
    expect(await paths(reader, "banana")).toEqual(["b.ts"]);
  });
});
