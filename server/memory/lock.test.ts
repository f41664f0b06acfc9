import { fork } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Lock } from "./lock.ts";

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "everyline-lock-"));
});

afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Another process that holds the lock until it is killed. */
async function holder(path: string) {
  const child = fork(join(import.meta.dirname, "testing", "hold-lock.ts"), [path], { stdio: "inherit" });
  const [took] = await once(child, "message");
  return { child, took };
}

describe("Lock", () => {
  it("is held by one at a time, within and across processes", async () => {
    const path = join(folder, "lock.db");
    const first = new Lock(path);
    const second = new Lock(path);
    expect([first.tryLock(), second.tryLock(), first.tryLock()]).toEqual([true, false, true]);
    const { child, took } = await holder(path);
    expect(took).toBe(false);
    child.kill();
    first.release();
    expect(second.tryLock()).toBe(true);
    second.release();
  });

  it("is free again when its process is killed, and tells who waits", async () => {
    const path = join(folder, "lock.db");
    const { child, took } = await holder(path);
    expect(took).toBe(true);
    const lock = new Lock(path);
    expect(lock.tryLock()).toBe(false);
    const free = new Promise<void>((resolve) => lock.onFree(resolve, 20));
    child.kill("SIGKILL");
    await free;
    expect(lock.held).toBe(true);
    lock.release();
  });

  it("stops waiting when it is released", async () => {
    const path = join(folder, "lock.db");
    const first = new Lock(path);
    first.tryLock();
    const second = new Lock(path);
    let taken = false;
    second.onFree(() => (taken = true), 5);
    second.release();
    first.release();
    const third = new Lock(path);
    await new Promise<void>((resolve) => third.onFree(resolve, 20));
    expect(taken).toBe(false);
    third.release();
  });
});
