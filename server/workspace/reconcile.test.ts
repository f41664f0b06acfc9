import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { WorkspaceFile } from "./discover.ts";
import { reconcile } from "./reconcile.ts";

const file = (path: string, size = 1, modified = 1000): WorkspaceFile => ({ path, size, modified });

describe("reconcile", () => {
  it("tells new, changed, removed and unchanged files apart", async () => {
    const known = [file("same"), file("larger"), file("later"), file("gone")];
    const found = [file("same"), file("larger", 2), file("later", 1, 2000), file("new")];
    const differences = await reconcile(known, found);
    expect(differences.changed.map(({ path }) => path)).toEqual(["larger", "later", "new"]);
    expect(differences.removed).toEqual(["gone"]);
    expect(differences.unchanged).toBe(1);
  });

  it("reads a file again that was modified within two seconds before it was last read", async () => {
    const known = [file("old", 1, 10_000), file("racy", 1, 11_500), file("future", 1, 99_000)];
    const { changed } = await reconcile(known, known, 13_000);
    expect(changed.map(({ path }) => path)).toEqual(["racy", "future"]);
  });

  const files = fc.uniqueArray(fc.record({ path: fc.constantFrom("a", "b", "c", "d", "e"), size: fc.nat(2), modified: fc.nat(2) }), {
    selector: ({ path }) => path,
  });

  it("accounts for every file exactly once", () =>
    fc.assert(
      fc.asyncProperty(files, files, async (known, found) => {
        const { changed, removed, unchanged } = await reconcile(known, found);
        expect(changed.length + unchanged).toBe(found.length);
        const foundPaths = new Set(found.map(({ path }) => path));
        expect(removed.sort()).toEqual(
          known
            .map(({ path }) => path)
            .filter((path) => !foundPaths.has(path))
            .sort(),
        );
        expect((await reconcile(found, found)).changed).toEqual([]);
      }),
    ));
});
