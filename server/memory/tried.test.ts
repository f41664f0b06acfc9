import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { Tried } from "./tried.ts";

describe("Tried", () => {
  let home: string;
  let file: string;

  beforeEach(() => {
    home = mkdtempSync(join(tmpdir(), "everyline-tried-"));
    file = join(home, "weights");
    writeFileSync(file, "sound");
  });

  afterEach(() => rmSync(home, { recursive: true }));

  it("remembers a file over a restart", () => {
    expect(new Tried(home).has(file)).toBe(false);
    new Tried(home).remember(file);
    expect(new Tried(home).has(file)).toBe(true);
  });

  it("does not know a file that was changed, even where size and time agree", () => {
    utimesSync(file, 1, 1);
    new Tried(home).remember(file);
    writeFileSync(file, "wrong");
    utimesSync(file, 1, 1);
    expect(new Tried(home).has(file)).toBe(false);
  });

  it("does not know a missing file, nor anything where its own memo is damaged", () => {
    const tried = new Tried(home);
    tried.remember(file);
    expect(tried.has(join(home, "missing"))).toBe(false);
    writeFileSync(join(home, "tried.json"), "{");
    expect(tried.has(file)).toBe(false);
  });

  it("keeps several files apart", () => {
    const tried = new Tried(home);
    const other = join(home, "addon");
    writeFileSync(other, "x");
    tried.remember(file);
    tried.remember(other);
    expect([tried.has(file), tried.has(other)]).toEqual([true, true]);
  });
});
