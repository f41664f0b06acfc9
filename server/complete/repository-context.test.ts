import { describe, expect, it } from "vitest";
import type { DocumentRow, SymbolRow } from "../index/types.ts";
import { knownNames } from "./known-names.ts";
import { type ContextSources, repositoryContext } from "./repository-context.ts";
import { receiverOf, surroundingsOf } from "./surroundings.ts";

const texts: Record<string, string> = {
  "app.ts": "",
  "lib.ts": "export function parse(text: string): Tree {}\nexport function print(tree: Tree): string {}",
  "use.ts": "const tree = parse(text)\nconst out = print(tree)\nlog(out)",
  "other.ts": "unrelated words only",
};
const files = Object.keys(texts).map((path, id) => ({ id: id + 1, path, role: "source" }) as DocumentRow);
const symbols = ["parse", "print"].map((name, at) => ({
  document: 2,
  name,
  kind: "function",
  container: "",
  startLine: at + 1,
  endLine: at + 1,
  signature: texts["lib.ts"]?.split("\n")[at] ?? "",
})) satisfies SymbolRow[];

const sources: ContextSources = {
  index: {
    files: async () => files,
    definitions: async (documents) => documents.map((document) => symbols.filter((one) => one.document === document)),
    symbolsNamed: async () => [],
    searchFiles: async (query) =>
      files
        .filter(({ path }) => query.split(/\W+/).some((word) => word.length > 3 && texts[path]?.includes(word)))
        .map(({ id, path }) => ({ id, document: id, path, startLine: 1, endLine: 3, score: 1, coverage: 1, unsaved: false })),
  },
  fileText: async (path) => texts[path],
};

async function contextOf(prefix: string, budget: number) {
  const around = surroundingsOf(prefix, "");
  const known = await knownNames(sources, { path: "app.ts" }, around, receiverOf(around.line).receiver);
  return repositoryContext(sources, { path: "app.ts", prefix, suffix: "", around, known, budget });
}

describe("repositoryContext", () => {
  const prefix = 'import { print } from "./lib"\nconst tree = parse(text)\nconst out = ';

  it("gives signatures of what is imported, the imported names first, and passages with the same words before them", async () => {
    const parts = await contextOf(prefix, 4000);
    expect(parts.at(-1)).toEqual({ path: "lib.ts", text: `${symbols[1]?.signature}\n${symbols[0]?.signature}` });
    expect(parts[0]).toEqual({ path: "use.ts", text: texts["use.ts"] });
  });

  it("takes of a long passage the lines most like those at the cursor, indented as little as can be", async () => {
    const filler = Array.from({ length: 40 }, (_, at) => `  filler${at}()`);
    texts["use.ts"] = [...filler, "  const out = print(tree)", ...filler].join("\n");
    const hit = { id: 3, document: 3, path: "use.ts", startLine: 1, endLine: 81, score: 1, coverage: 1, unsaved: false };
    const around = surroundingsOf(prefix, "");
    const known = await knownNames(sources, { path: "app.ts" }, around, null);
    const asked: ContextSources = { ...sources, index: { ...sources.index, searchFiles: async () => [hit] } };
    const [part] = await repositoryContext(asked, { path: "app.ts", prefix, suffix: "", around, known, budget: 400 });
    expect(part?.text.split("\n")).toContain("const out = print(tree)");
    expect(part?.text.split("\n").length).toBeLessThan(10);
  });

  it("says nothing twice, and nothing of the file itself", async () => {
    const parts = await contextOf(prefix, 4000);
    const lines = parts.flatMap(({ text }) => text.split("\n"));
    expect(new Set(lines).size).toBe(lines.length);
    expect(parts.map(({ path }) => path)).not.toContain("app.ts");
  });

  it("keeps to its budget", async () => {
    for (const budget of [0, 60, 120, 200]) {
      const size = (await contextOf(prefix, budget)).reduce((sum, { path, text }) => sum + path.length + text.length, 0);
      expect(size).toBeLessThanOrEqual(budget);
    }
  });
});
