import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { Index } from "./index.ts";
import { commit, evenWeights, TestFolder } from "./testing/folder.ts";

type Step =
  | { do: "put"; files: { path: string; text: string }[] }
  | { do: "remove" | "skip"; path: string }
  | { do: "unsaved"; path: string; text: string | null }
  | { do: "encode"; path: string }
  | { do: "commits" | "retain"; shas: string[] }
  | { do: "checkpoint" | "reopen" };

const path = fc.constantFrom("a.ts", "b.py", "docs/c.md", "d");
const word = fc.constantFrom("apple", "function banana() {", "def cherry():", "# damson", "", "}", "  elder", "class Fig {");
const text = fc.array(word, { maxLength: 60 }).map((words) => `${words.join("\n")}\n`);
const shas = fc.uniqueArray(fc.constantFrom("aa", "bb", "cc", "dd"), { maxLength: 4 });
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constant("put" as const), files: fc.array(fc.record({ path, text }), { minLength: 1, maxLength: 3 }) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("remove" as const, "skip" as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constant("unsaved" as const), path, text: fc.option(text) }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("encode" as const), path }) },
  { weight: 2, arbitrary: fc.record({ do: fc.constantFrom("commits" as const, "retain" as const), shas }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constantFrom("checkpoint" as const, "checkpoint" as const, "reopen" as const) }) },
);

/** What the index should hold. */
class Model {
  readonly files = new Map<string, { text: string; encoded: boolean }>();
  readonly skipped = new Set<string>();
  readonly unsaved = new Map<string, string>();
  readonly commits = new Set<string>();
}

async function run(step: Step, index: Index, folder: TestFolder, model: Model): Promise<Index> {
  if (step.do === "put") {
    const files = [];
    for (const { path, text } of step.files) {
      files.push(await folder.file(path, text));
      const before = model.files.get(path);
      model.files.set(path, { text, encoded: before?.text === text && before.encoded });
      model.skipped.delete(path);
    }
    await index.putFiles(files);
  } else if (step.do === "remove" || step.do === "skip") {
    await rm(join(folder.root, step.path), { force: true });
    model.files.delete(step.path);
    model.skipped.delete(step.path);
    if (step.do === "skip") model.skipped.add(step.path);
    if (step.do === "remove") await index.removeFiles([step.path]);
    else await index.putSkipped([{ path: step.path, size: 1, modified: 1, reason: "binary", detail: "" }]);
  } else if (step.do === "unsaved") {
    if (step.text === null) model.unsaved.delete(step.path);
    else model.unsaved.set(step.path, step.text);
    await index.setUnsaved(step.path, step.text);
  } else if (step.do === "encode") {
    const file = model.files.get(step.path);
    if (file) file.encoded = true;
    const document = await index.documentAt(step.path);
    if (document) await index.markEncoded([{ document: document.id, encoding: "key", tokens: 5, chunkLines: Int32Array.of(1, 2) }]);
  } else if (step.do === "commits") {
    for (const sha of step.shas) model.commits.add(sha);
    await index.putCommits(step.shas.map((sha) => commit(sha, { subject: `apple ${sha}` })));
  } else if (step.do === "retain") {
    for (const sha of model.commits) if (!step.shas.includes(sha)) model.commits.delete(sha);
    await index.retainCommits(new Set(step.shas));
  } else if (step.do === "checkpoint") await index.checkpoint();
  else {
    await index.close();
    model.unsaved.clear();
    return folder.open();
  }
  return index;
}

/** A new index of what the model says. */
async function fresh(model: Model, folder: TestFolder): Promise<Index> {
  const index = await folder.open();
  const files = [];
  for (const [path, { text }] of model.files) files.push(await folder.file(path, text));
  const ids = await index.putFiles(files);
  const encoded = [...model.files.values()].flatMap(({ encoded }, i) => (encoded ? [ids[i]!] : []));
  await index.markEncoded(encoded.map((document) => ({ document, encoding: "key", tokens: 5, chunkLines: Int32Array.of(1, 2) })));
  await index.putSkipped([...model.skipped].map((path) => ({ path, size: 1, modified: 1, reason: "binary", detail: "" })));
  await index.putCommits([...model.commits].map((sha) => commit(sha, { subject: `apple ${sha}` })));
  for (const [path, text] of model.unsaved) await index.setUnsaved(path, text);
  return index;
}

/** Everything an index says, without its own ids. */
async function contents(index: Index): Promise<unknown> {
  const files = await index.files();
  const pathOf = new Map(files.map(({ id, path }) => [id, path]));
  const sorted = <T>(rows: T[]) => rows.map((row) => JSON.stringify(row)).sort();
  const { databaseBytes: _d, wordsBytes: _w, ...status } = await index.status();
  const hits = [];
  for (const query of ["apple", "banana cherry", "elder fig docs", "damson a"]) {
    for (const { id: _i, document, ...hit } of await index.searchFiles(query, 100, evenWeights))
      hits.push({ query, ...hit, saved: pathOf.get(document) ?? "" });
    const commits = await index.searchCommits(query, 100, evenWeights);
    const heads = await index.commitHeads(commits.map(({ document }) => document));
    for (const [i, { sha }] of heads.entries()) hits.push({ query, sha, score: commits[i]!.score });
  }
  const symbols = await index.symbolsNamed(["banana", "Cherry", "fig"]);
  return {
    files: sorted(files.map(({ id: _i, modified: _m, ...file }) => file)),
    status,
    hits: sorted(hits),
    symbols: sorted(symbols.map(({ document, ...symbol }) => ({ ...symbol, path: pathOf.get(document) }))),
    known: sorted((await index.knownFiles()).map(({ path, size, blob, skipped }) => ({ path, size, blob, skipped }))),
    commits: [...(await index.knownCommits())].sort(),
    frequencies: ["apple", "banana"].map((word) => index.documentFrequency(word)),
  };
}

describe("any sequence of changes", () => {
  it("ends in the same rows and search results as a fresh index of the final state", () =>
    fc.assert(
      fc.asyncProperty(fc.array(step, { minLength: 20, maxLength: 50, size: "max" }), async (steps) => {
        const [changed, expected] = [await TestFolder.make(), await TestFolder.make()];
        const model = new Model();
        try {
          let index = await changed.open();
          for (const each of steps) index = await run(each, index, changed, model);
          await mkdir(expected.index, { recursive: true });
          expect(await contents(index)).toEqual(await contents(await fresh(model, expected)));
          expect(changed.messages).toEqual([]);
        } finally {
          await changed.delete();
          await expected.delete();
        }
      }),
      { numRuns: 5, interruptAfterTimeLimit: 20_000, endOnFailure: true }, // few and long ones, not shrunk: opening an index starts threads
    ));
});
