import { describe, expect, it } from "vitest";
import type { DocumentRow } from "../index/types.ts";
import { Likeness, type LikenessSources } from "./likeness.ts";

const other = ["function load(request) {", "  const token = readToken(request)", "  const user = findUser(token, request.store)", "}"].join(
  "\n",
);

function sources(texts: Record<string, string>, searches: string[] = []): LikenessSources {
  const files = Object.keys(texts).map((path, id) => ({ id: id + 1, path }) as DocumentRow);
  return {
    index: {
      files: async () => files,
      symbolsNamed: async () => [],
      definitions: async () => [],
      documentFrequency: () => 1,
      searchFiles: async (query) => {
        searches.push(query);
        return files.map(({ id, path }) => {
          return { id, document: id, path, startLine: 1, endLine: 50, score: 1 / id, coverage: 1, unsaved: false };
        });
      },
    },
    fileText: async (path) => texts[path],
  };
}

async function at(text: string, from: LikenessSources = sources({ "src/other.ts": other, "src/mine.ts": text.replace("|", "") })) {
  const place = text.indexOf("|");
  const without = text.replace("|", "");
  return Likeness.read(from, { path: "src/mine.ts", text: without, at: place });
}

describe("Likeness", () => {
  it("finds the names that stand in other files where the tokens and names before them are the cursor's", async () => {
    const { elsewhere } = (await at("let key = readKey(request)\nconst user = |\n")).names("const user = ");
    expect(elsewhere.get("findUser")).toMatchObject({ run: 6, calledRun: 6 });
    expect(elsewhere.get("findUser")?.sum).toBeGreaterThan(elsewhere.get("load")?.sum ?? 99);
    expect(elsewhere.get("store")?.calledRun).toBe(0);
  });

  it("compares with the lines of the file itself, without the cursor's own, and never with the file's stored text", async () => {
    const { here, elsewhere } = (await at("open(first)\nclose(first)\nopen(second)\nlast|\nclose(third)\n")).names("last");
    expect(here.get("close")?.passages).toBe(2);
    expect(here.has("last")).toBe(false);
    expect(elsewhere.has("close")).toBe(false);
  });

  it("tells what is passed in the same place of calls of the same function", async () => {
    const likeness = await at("const token = readToken(request)\nconst user = |\n");
    const { elsewhere } = likeness.arguments("const user = findUser(token, ", "findUser", 1);
    expect(elsewhere.get("request.store")?.same).toBeGreaterThan(0);
    expect(elsewhere.get("request.store")?.run).toBe(8);
    expect(elsewhere.get("token")?.same).toBe(0);
  });

  it("keeps strings whole and leaves out what does not end on its line", async () => {
    const from = sources({ "src/other.ts": 'send("a, b", x)\nsend(\n  one +\n  two)' });
    const { elsewhere } = (await at("send(|\n", from)).arguments("send(", "send", 0);
    expect([...elsewhere.keys()]).toEqual(['"a, b"', "x"]);
  });

  it("reads the passages once while a name is typed, and anew with the next", async () => {
    const searches: string[] = [];
    const from = sources({ "src/other.ts": other }, searches);
    for (const line of ["user = |", "user = f|", "user = findU|"]) await at(line, from);
    expect(searches).toHaveLength(1);
    await at("user = findUser(|", from);
    expect(searches).toHaveLength(2);
  });

  it("compares with what was written elsewhere a moment ago, of files that may be read", async () => {
    const from = sources({ "src/other.ts": "", "src/mine.ts": "" });
    const text = "const user = ";
    const edited = ["src/other.ts", "src/mine.ts", "excluded.ts"].map((path, at) => ({ path, text: `const user = find${at}(token)` }));
    const { elsewhere } = (await Likeness.read(from, { path: "src/mine.ts", text, at: text.length, edited })).names(text);
    expect(elsewhere.get("find0")).toMatchObject({ calledRun: 3, passages: 1 });
    expect([elsewhere.has("find1"), elsewhere.has("find2")]).toEqual([false, false]);
  });

  it("reads labels of arguments as no part of them where a language has them", async () => {
    const from = sources({ "src/Other.swift": "send(to: host)" });
    const text = "send(";
    const likeness = await Likeness.read(from, { path: "src/Mine.swift", text, at: text.length });
    expect([...likeness.arguments(text, "send", 0).elsewhere.keys()]).toEqual(["host"]);
  });
});
