import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { StoreThread } from "./store-thread.ts";

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "everyline-schema-"));
});
afterEach(() => rm(folder, { recursive: true, force: true }));

describe("opening an index's database", () => {
  it("waits for another that is about to write the new file, though SQLite refuses at once", async () => {
    const file = join(folder, "index.db");
    const other = new DatabaseSync(file);
    other.exec("BEGIN IMMEDIATE");
    const store = StoreThread.writer(file);
    const opened = store.open();
    const refused = await Promise.race([opened.catch((error: Error) => error.message), passed(300, "still waiting")]);
    other.exec("ROLLBACK");
    other.close();
    await opened;
    await store.close();
    expect(refused).toBe("still waiting");
  });

  it("succeeds for a writer and readers that come to nothing at the same moment", async () => {
    const file = join(folder, "index.db");
    const stores = [StoreThread.writer(file), StoreThread.reader(file), StoreThread.reader(file), StoreThread.reader(file)];
    await Promise.all(stores.map((store) => store.open()));
    await Promise.all(stores.map((store) => store.close()));
  });
});

function passed<T>(ms: number, value: T): Promise<T> {
  return new Promise((resolve) => setTimeout(resolve, ms, value));
}
