import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { afterEach, describe, expect, it } from "vitest";
import { type Folder, repository } from "../../test/unit/repository.ts";
import { IgnoreList } from "./gitignore.ts";
import { IgnoreRules } from "./rules.ts";
import { walk } from "./walk.ts";

const made: Folder[] = [];
afterEach(async () => {
  for (const folder of made.splice(0)) await folder.dispose();
});

describe("IgnoreList", () => {
  const judge = (text: string, path: string, isFolder = false): string => new IgnoreList(text).judge(path, isFolder) ?? "silent";

  it("lets the last matching pattern decide", () => {
    expect(judge("*.log\n!keep.log\n", "keep.log")).toBe("wanted");
    expect(judge("!keep.log\n*.log\n", "keep.log")).toBe("ignored");
  });

  it("anchors a pattern with a slash inside, but not one with a slash at its end alone", () => {
    expect(judge("a/b", "x/a/b")).toBe("silent");
    expect(judge("/a", "x/a")).toBe("silent");
    expect(judge("a/", "x/a", true)).toBe("ignored");
    expect(judge("a/", "x/a", false)).toBe("silent");
  });

  it("keeps blanks only behind a backslash, and takes a leading # or ! behind one literally", () => {
    expect(judge("a \n", "a")).toBe("ignored");
    expect(judge("a\\ \n", "a ")).toBe("ignored");
    expect(judge("\\#a\n\\!b\n# c", "#a")).toBe("ignored");
    expect(judge("\\#a\n\\!b\n# c", "!b")).toBe("ignored");
  });

  it("takes no longer for a pattern made to be slow", () => {
    const name = "a".repeat(250);
    expect(judge(`${"*a".repeat(100)}b`, name)).toBe("silent");
    expect(judge(`**/${"a/**/".repeat(60)}b`, "a/".repeat(500) + name)).toBe("silent");
    expect(judge(`**/${"*a*a*/**/".repeat(30)}b`, `${name}/`.repeat(16) + name)).toBe("silent");
    expect(judge(`${"*a".repeat(100)}*`, name)).toBe("ignored");
    expect(judge(`**/${"a/**/".repeat(60)}${name}`, "a/".repeat(500) + name)).toBe("ignored");
  });

  it("compares bytes: ? is one byte, not one character", () => {
    expect(judge("?", "ä")).toBe("silent");
    expect(judge("??", "ä")).toBe("ignored");
  });
});

const name = fc.constantFrom("a", "b", "ab", "a.log", "b.log", "build", "ä", "a b", "x]y", "Ab");
const path = fc.array(name, { minLength: 1, maxLength: 3 }).map((names) => names.join("/"));
const piece = fc.constantFrom(
  "a",
  "b",
  "ab",
  "*",
  "?",
  "**",
  "*.log",
  "[ab]",
  "[!a]",
  "[a-b]*",
  "build",
  "ä",
  "\\a",
  "[]x]",
  "x[]]y",
  "a b",
  "[[:upper:]]b",
  "a**b",
  "[b-a]",
  "***",
  "*a*b*",
  "*a*",
  "a*b*a",
);
const pattern = fc
  .tuple(
    fc.constantFrom("", "", "!"),
    fc.constantFrom("", "", "/", "**/"),
    fc.array(piece, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "", "/", "/*", "/**", " "),
  )
  .map(([negation, start, pieces, end]) => negation + start + pieces.join("/") + end);
const lists = fc.array(fc.tuple(fc.constantFrom("", "a/", "b/", "a/b/", "build/"), fc.array(pattern, { minLength: 1, maxLength: 4 })), {
  minLength: 1,
  maxLength: 3,
});

/** A tree in which no path is both a file and a folder. */
const trees = fc.tuple(fc.uniqueArray(path, { minLength: 1, maxLength: 12 }), lists).map(([paths, ignoring]) => {
  const files: Record<string, string> = {};
  for (const [folder, patterns] of ignoring) files[`${folder}.gitignore`] = `${patterns.join("\n")}\n`;
  const taken = new Set(Object.keys(files).flatMap((file) => file.split("/").map((_, depth, names) => names.slice(0, depth).join("/"))));
  for (const path of paths.sort((a, b) => b.length - a.length)) {
    const names = path.split("/");
    const above = names.map((_, depth) => names.slice(0, depth).join("/"));
    if (taken.has(path) || above.some((folder) => folder in files)) continue;
    files[path] = "";
    for (const folder of above) taken.add(folder);
  }
  return files;
});

describe("a walk without git", () => {
  it("finds exactly the files that git lists as not ignored", async () => {
    const folder = await repository();
    made.push(folder);
    await fc.assert(
      fc.asyncProperty(fc.array(trees, { minLength: 1, maxLength: 60, size: "max" }), async (many) => {
        for (const entry of await readdir(folder.path)) if (entry !== ".git") await rm(join(folder.path, entry), { recursive: true });
        for (const [number, files] of many.entries())
          await folder.write(Object.fromEntries(Object.entries(files).map(([name, text]) => [`${number}/${name}`, text])));
        const listed = (await folder.git("ls-files", "-z", "--others", "--exclude-standard")).split("\0").filter((path) => path !== "");
        expect((await walked(folder.path)).sort()).toEqual(listed.sort());
      }),
      { numRuns: 8 },
    );
  });

  it("lets a nested list take back what an outer one says of a folder", async () => {
    const folder = await repository({ ".gitignore": "lib/*\n", "lib/.gitignore": "!keep/\n", "lib/keep/a.ts": "", "lib/drop/b.ts": "" });
    made.push(folder);
    const found = await walked(folder.path);
    expect(found).toContain("lib/keep/a.ts");
    expect(found).not.toContain("lib/drop/b.ts");
  });
});

async function walked(root: string): Promise<string[]> {
  const found: string[] = [];
  for await (const some of walk(root, "", new IgnoreRules(root), { onUnreadable() {}, isExcluded: () => false, onRepository() {} }))
    found.push(...some);
  return found;
}
