import { describe, expect, it } from "vitest";
import type { DocumentRow, SymbolRow } from "../index/types.ts";
import { nameChances, shareOfNames } from "./chances.ts";
import { knownNames, type NameSources, withOffered } from "./known-names.ts";
import { nothingAlike } from "./likeness.ts";
import { nameScorer, scoreOf } from "./scores.ts";
import { receiverOf, surroundingsOf } from "./surroundings.ts";

const texts: Record<string, string> = {
  "src/app.ts": "",
  "src/crypto.ts": "export const sha256 = async (data: Data) => {}\nexport class Hasher {\n  update(data: Data) {}\n  digest() {}\n}",
  "src/beside.ts": "export function helper(first: string, second: number) {}",
  "other/use.ts": "hasher.digest()\nhasher.digest()\n",
  "other/defines.ts": "function opened() {}",
};
const files = Object.keys(texts).map((path, id) => ({ id: id + 1, path, role: "source" }) as DocumentRow);

function symbol(document: number, name: string, kind: string, container: string, startLine: number, endLine = startLine): SymbolRow {
  const signature = (texts[files[document - 1]?.path ?? ""] ?? "").split("\n")[startLine - 1]?.trim() ?? "";
  return { document, name, kind, container, startLine, endLine, signature };
}

const symbols = [
  symbol(2, "sha256", "function", "", 1),
  symbol(2, "Hasher", "class", "", 2, 5),
  symbol(2, "update", "method", "Hasher", 3),
  symbol(2, "digest", "method", "Hasher", 4),
  symbol(3, "helper", "function", "", 1),
  symbol(5, "opened", "function", "", 1),
];

const sources: NameSources = {
  index: {
    files: async () => files,
    definitions: async (documents) => documents.map((document) => symbols.filter((one) => one.document === document)),
    symbolsNamed: async (names) => symbols.filter((one) => names.includes(one.name)),
    searchFiles: async (query) =>
      files
        .filter(({ path }) => texts[path]?.includes(query))
        .map(({ id, path }) => ({ id, document: id, path, startLine: 1, endLine: 2, score: 1, coverage: 1, unsaved: false })),
  },
  fileText: async (path) => texts[path],
};

async function at(prefix: string, open: string[] = []) {
  const around = surroundingsOf(prefix, "");
  const known = await knownNames(sources, { path: "src/app.ts", open }, around, receiverOf(around.line).receiver);
  const best = [...nameChances({ around, known, frequency: () => 2, alike: nothingAlike })]
    .sort((a, b) => b[1] - a[1])
    .map(([name]) => name);
  return { around, known, best };
}

describe("knownNames", () => {
  it("knows what imported files define, and what files beside define", async () => {
    const { known } = await at('import { sha256 } from "./crypto"\nx = ');
    expect(known.definitions.get("sha256")).toMatchObject([{ scope: "imported", path: "src/crypto.ts" }]);
    expect(known.definitions.get("helper")).toMatchObject([{ scope: "beside" }]);
  });

  it("knows what files define that are open in the editor, as if they stood beside the file", async () => {
    const { known: closed } = await at("x = ");
    const { known: open } = await at("x = ", ["other/defines.ts"]);
    expect([closed.definitions.has("opened"), open.definitions.get("opened")?.[0]?.scope]).toEqual([false, "beside"]);
  });

  it("knows the members of the receiver's type, and what other files ask of a receiver of its name", async () => {
    const { known } = await at("const hasher = new Hasher()\nhasher.");
    expect(known.members.map(({ name, scope }) => [name, scope])).toEqual([
      ["update", "type"],
      ["digest", "type"],
    ]);
    expect([...known.elsewhere]).toEqual([["digest", 2]]);
  });

  it("prefers the members that the language's own server offers, also those that no file of the repository defines", async () => {
    const prefix = "const hasher = new Hasher()\nhasher.";
    const { around, known, best } = await at(prefix);
    expect(best.slice(0, 2).sort()).toEqual(["digest", "update"]);
    const offered = withOffered(known, [
      { name: "update", kind: "method" },
      { name: "hexdump", kind: "method" },
    ]);
    const chances = nameChances({ around, known: offered, frequency: () => 2, alike: nothingAlike });
    const [first, second] = [...chances].sort((a, b) => b[1] - a[1]).map(([name]) => name);
    expect([first, second].sort()).toEqual(["hexdump", "update"]);
    expect(chances.get("digest")).toBeGreaterThan(0);
  });

  it("knows what a module defines that the receiver names", async () => {
    const { known } = await at('import * as hashing from "./crypto"\nhashing.');
    expect(known.members.map(({ name }) => name)).toEqual(["sha256", "Hasher"]);
  });

  it("knows how many arguments a function takes", async () => {
    const { known } = await at("x = ");
    expect(known.parametersOf("helper")).toMatchObject({ names: ["first", "second"], least: 2, most: 2 });
    expect(known.parametersOf("nothing")).toBeUndefined();
  });
});

describe("nameChances", () => {
  it("puts first what was imported and is not used yet", async () => {
    const text = 'import { sha256, Hasher } from "./crypto"\nconst used = new Hasher()\nconst hash = ';
    expect((await at(text)).best[0]).toBe("sha256");
  });

  it("puts first the member that is asked most", async () => {
    expect((await at("const hasher = new Hasher()\nhasher.digest()\nhasher.")).best[0]).toBe("digest");
  });

  it("keeps to what is written of the name, and to names that can be written", async () => {
    const { best } = await at('import { sha256 } from "./crypto"\nx = he');
    expect(best).toEqual(["helper"]);
  });

  it("counts for more where an import waits to be used", async () => {
    const share = async (text: string) => {
      const { around, known } = await at(text);
      return shareOfNames(around, known);
    };
    const waiting = await share('import { sha256 } from "./crypto"\nconst hash = ');
    expect(waiting).toBeGreaterThan(await share('import { sha256 } from "./crypto"\nconst a = sha256(b)\nconst hash = '));
  });

  it("gives probabilities", async () => {
    const { around, known } = await at("const hasher = new Hasher()\nhasher.");
    expect([...nameChances({ around, known, frequency: () => 2, alike: nothingAlike }).values()].reduce((a, b) => a + b, 0)).toBeCloseTo(
      1,
      6,
    );
  });
});

describe("nameScorer", () => {
  it("weighs what has the parameter's name above other names in its place", async () => {
    const { around, known } = await at("let second = 1\nlet other = 2\nx = ");
    const scores = nameScorer({ around, known, labels: false }).at("x = helper(a, ");
    expect(scoreOf(scores, "second")).toBeGreaterThan(scoreOf(scores, "other") as number);
  });

  it("offers labels where the language writes them", async () => {
    const { around, known } = await at("x = ");
    const scored = (labels: boolean) => scoreOf(nameScorer({ around, known, labels }).at("x = helper("), "first");
    expect(scored(true)).toBeGreaterThan(0);
    expect(scored(false)).toBeUndefined();
  });
});
