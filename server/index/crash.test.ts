import { spawn } from "node:child_process";
import { once } from "node:events";
import { readdir } from "node:fs/promises";
import { createInterface } from "node:readline";
import { DatabaseSync } from "node:sqlite";
import { fileURLToPath } from "node:url";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { evenWeights, TestFolder } from "./testing/folder.ts";

let folder: TestFolder;
beforeEach(async () => {
  folder = await TestFolder.make();
});
afterEach(() => folder.delete());

/** Runs a process that writes the index, kills it once it has said `lines` lines, and returns all that it said. */
async function writeAndKill(lines: number): Promise<string[]> {
  const script = fileURLToPath(new URL("./testing/writer.ts", import.meta.url));
  const child = spawn(process.execPath, ["--no-warnings", script, folder.root, folder.index], { stdio: ["ignore", "pipe", "inherit"] });
  const ended = once(child, "exit");
  const said: string[] = [];
  for await (const line of createInterface(child.stdout)) {
    said.push(line);
    if (said.length === lines) child.kill("SIGKILL");
  }
  await ended;
  return said;
}

describe("kill -9 while writing", () => {
  it.each([5, 23, 41])("loses nothing of what was acknowledged (killed after %i files)", async (lines) => {
    const said = await writeAndKill(lines);
    expect(said.length).toBeGreaterThanOrEqual(lines);
    const index = await folder.open();

    const expected = said.filter((_, i) => !(i % 7 === 2 && i + 1 < said.length));
    const files = (await index.files()).map(({ path }) => path);
    const numbers = (paths: string[]) => paths.map((path) => Number(/\d+/.exec(path)?.[0])).sort((a, b) => a - b);
    // Up to one step after the last acknowledged one may be in: a file more, or the removal that was not said yet.
    const unsaid = [`src/file${said.length}.ts`, `src/file${said.length - 1}.ts`];
    expect(numbers(files.filter((path) => !unsaid.includes(path)))).toEqual(numbers(expected.filter((path) => !unsaid.includes(path))));
    for (const path of files) {
      const name = `made${/\d+/.exec(path)![0]}`;
      expect(await index.searchFiles(name, 3, evenWeights)).toMatchObject([{ path, startLine: 1, endLine: 3 }]);
      expect(await index.symbolsNamed([name])).toMatchObject([{ name }]);
    }
    expect([(await index.status()).files, folder.messages]).toEqual([files.length, []]);
  });

  it("leaves a whole database and a whole word index, and a new process goes on", async () => {
    await writeAndKill(12);
    await writeAndKill(12);
    const database = new DatabaseSync(`${folder.index}/index.db`);
    const counted = database
      .prepare("SELECT count(*) AS documents, sum(passages) AS passages, sum(symbols) AS symbols FROM documents")
      .get();
    const kept = database.prepare("SELECT documents, passages, symbols FROM counts WHERE kind = 'file'").get();
    const check = database.prepare("PRAGMA integrity_check").get();
    database.close();
    expect([check, kept]).toEqual([{ integrity_check: "ok" }, counted]);
    const index = await folder.open();
    await index.checkpoint();
    expect((await readdir(folder.index)).filter((name) => name.includes("damaged"))).toEqual([]);
  });
});
