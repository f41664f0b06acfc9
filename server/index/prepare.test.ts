import { Worker } from "node:worker_threads";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { gitBlobId } from "../workspace/blob.ts";
import { type Prepared, prepareFile, prepareText } from "./prepare.ts";
import { PreparePool, type PrepareThreadData } from "./prepare-pool.ts";
import { TestFolder } from "./testing/folder.ts";

let folder: TestFolder;
beforeEach(async () => {
  folder = await TestFolder.make();
});
afterEach(() => folder.delete());

/** "path reason" of what is left out, "path" of the rest. */
function verdict(result: Prepared): string {
  return "skipped" in result ? `${result.skipped.path} ${result.skipped.reason}` : result.prepared.path;
}

describe("prepareFile", () => {
  it("says what the index keeps of a file", async () => {
    const text = "import x\n\ndef parse(text):\n    return text\n";
    expect(await folder.file("lib/parse.py", text)).toMatchObject({
      path: "lib/parse.py",
      size: text.length,
      blob: gitBlobId(Buffer.from(text)),
      role: "source",
      language: "python",
      lines: 4,
      encode: true,
      symbols: [{ name: "parse", kind: "function", startLine: 3, endLine: 4 }],
      passages: [{ startLine: 1, endLine: 4, symbols: "parse", text: text.trimEnd() }],
    });
  });

  it("blanks lines that look like secrets and keeps their number", async () => {
    const { lines, passages } = await folder.file("a.py", 'x = 1\napi_key = "hK3j9Qw8ZpL0vR2tYb7N"\ny = 2\n');
    expect([lines, passages[0]!.text]).toEqual([3, "x = 1\n\ny = 2"]);
  });

  it("indexes generated and vendored files without encoding them, and empty ones not at all", async () => {
    expect((await folder.file("vendor/lib/a.go", "package a\n")).encode).toBe(false);
    expect(await folder.file("empty.ts", "")).toMatchObject({ encode: false, lines: 0, passages: [], symbols: [] });
  });

  it("leaves out what does not belong, and says why", async () => {
    const results = [
      await folder.prepare("a.bin", Buffer.of(1, 0, 2)),
      await folder.prepare(".env", "A=1\n"),
      await folder.prepare("long.txt", "x".repeat(6000)),
      await folder.prepare("big.txt", "line\n".repeat(300_000)),
    ];
    expect(results.map(verdict)).toEqual(["a.bin binary", ".env secret", "long.txt long line", "big.txt too large"]);
  });

  it("takes invalid UTF-8, CRLF and a byte order mark as text", async () => {
    const bytes = Buffer.concat([Buffer.from("\uFEFFcaf"), Buffer.of(0xe9), Buffer.from("\r\nsecond\r\n")]);
    const result = await prepareFile({ path: "a.txt", size: bytes.length, modified: 0 }, bytes, "grammar");
    expect("prepared" in result && result.prepared.passages).toMatchObject([{ startLine: 1, endLine: 2, text: "caf\uFFFD\nsecond" }]);
  });
});

describe("prepareText", () => {
  it("splits unsaved text, or nothing where the file does not belong", async () => {
    expect(await prepareText("a.ts", "function x() {\n}\n")).toMatchObject({
      symbols: [{ name: "x", startLine: 1, endLine: 2 }],
      passages: [{ startLine: 1, endLine: 2, symbols: "x" }],
    });
    expect([await prepareText("id_rsa", "x"), await prepareText("a.ts", "x\0")]).toEqual([null, null]);
  });
});

describe("PreparePool", () => {
  const all = async (pool: PreparePool, paths: string[]) => {
    const results: Prepared[] = [];
    for await (const result of pool.prepare(paths.map((path) => ({ path, size: 10, modified: 1 })))) results.push(result);
    return results;
  };

  it("reads and prepares files in threads, each once", async () => {
    const paths = Array.from({ length: 150 }, (_, i) => `f${i}.ts`);
    for (const path of paths) await folder.write(path, `const name_${path.slice(0, -3)} = 1;\n`);
    const pool = new PreparePool(folder.root, 2, ["f7.*"]);
    const results = await all(pool, [...paths, "gone.ts", "../outside.ts"]);
    await pool.close();
    const expected = paths.map((path) => (path === "f7.ts" ? "f7.ts excluded" : path));
    expect(results.map(verdict).sort()).toEqual([...expected, "gone.ts vanished", "../outside.ts unreadable"].sort());
  });

  it("gives up a thread that is stuck: the file is tried without the parser, then left out by name; others are not lost", async () => {
    const start = (workerData: PrepareThreadData) => new Worker(new URL("./testing/stuck-worker.ts", import.meta.url), { workerData });
    const pool = new PreparePool(folder.root, 1, [], { patience: 300, start });
    const results = await all(pool, ["a", "stuck", "b", "stuck-always", "deadly", "c"]);
    await pool.close();
    const said = results.map((result) => "skipped" in result && `${result.skipped.path} ${result.skipped.reason} ${result.skipped.detail}`);
    expect(said.sort()).toEqual([
      "a binary grammar",
      "b binary grammar",
      "c binary grammar",
      expect.stringMatching(/^deadly unreadable reading it failed/),
      "stuck binary patterns",
      expect.stringMatching(/^stuck-always unreadable reading it took/),
    ]);
  });

  it("ends calls in progress when it is closed", async () => {
    const start = (workerData: PrepareThreadData) => new Worker(new URL("./testing/stuck-worker.ts", import.meta.url), { workerData });
    const pool = new PreparePool(folder.root, 1, [], { patience: 100_000, start });
    const results = all(pool, ["stuck-always"]);
    await Promise.all([expect(results).rejects.toThrow("stopped"), pool.close()]);
  });
});
