import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadAddon } from "../../native/load.ts";
import { Past } from "../history/past.ts";
import { commit, TestFolder } from "../index/testing/folder.ts";
import type { SearchSources } from "../retrieve/sources.ts";
import { ask } from "./ask.ts";
import { checkWording } from "./word.ts";

let folder: TestFolder;
let memory: SearchSources;

beforeAll(async () => {
  folder = await TestFolder.make();
  const index = await folder.open({ addon: loadAddon() });
  const files = {
    "src/parse.py":
      'def parse_headers(block):\n    """Split the raw header block into names and values.\n\n    Later lines win.\n    """\n    return dict(line.split(":", 1) for line in block.splitlines())\n\n\ndef parse_body(raw):\n    return raw.decode()\n',
    "src/limits.py": "LIMIT = 10\n\n\ndef refuse(count):\n    # more requests in flight than allowed\n    return count > LIMIT\n",
    "docs/guide.md": "# Guide\n\n## Installation\n\nRun `pip install tiny` in a virtual environment. Then import it.\n",
  };
  await index.putFiles(await Promise.all(Object.entries(files).map(([path, text]) => folder.file(path, text))));
  await index.putCommits([
    commit("a".repeat(40), {
      subject: "Refuse requests over the limit",
      body: "The proxy fell over under load. We saw it twice.",
      author: "Ada Lovelace",
      date: 1_700_000_000,
      paths: ["src/limits.py"],
    }),
  ]);
  memory = {
    index,
    engine: null,
    tokenizer: null,
    past: new Past(folder.root),
    fileText: (path) => readFile(join(folder.root, path), "utf8").catch(() => undefined),
    commitOf: () => undefined,
    headerPath: (path) => path,
  };
});
afterAll(() => folder.delete());

function answer(question: string, k = 5) {
  return ask(memory, question, { k });
}

describe("ask", () => {
  it("says where a definition is, in its own comment's words", async () => {
    const { found, statements, evidence } = await answer("where are headers parsed");
    expect(found).toBe(true);
    expect(statements[0]).toEqual({
      text: "`parse_headers` is defined in src/parse.py:1-6: Split the raw header block into names and values.",
      sources: [0],
    });
    expect(evidence[0]).toMatchObject({ path: "src/parse.py", startLine: 1, endLine: 6 });
  });

  it("quotes the section of a document", async () => {
    const { statements } = await answer("how does the installation work");
    expect(statements[0]?.text).toMatch(
      /^Section “Installation” of docs\/guide\.md:\d+-\d+ says: Run `pip install tiny` in a virtual environment\.$/,
    );
  });

  it("leads with the commit when asked why, when or who", async () => {
    const why = await answer("why are requests over the limit refused");
    expect(why.statements[0]?.text).toBe(
      "Commit aaaaaaaaaa of 2023-11-14 by Ada Lovelace: “Refuse requests over the limit”. Its message says: The proxy fell over under load.",
    );
    expect((await answer("when were requests over the limit refused")).statements[0]?.text).toMatch(
      /^On 2023-11-14, in commit aaaaaaaaaa by Ada Lovelace/,
    );
    expect((await answer("who made it refuse requests over the limit")).statements[0]?.text).toMatch(/^Ada Lovelace, in commit/);
  });

  it("cites existing evidence in every statement, the cited evidence first", async () => {
    for (const question of ["headers", "requests in flight", "why refuse requests", "installation"]) {
      const { statements, evidence } = await answer(question);
      expect(statements.map((it) => it.sources)).toEqual(statements.map((_, at) => [at]));
      expect(statements.length).toBeLessThanOrEqual(evidence.length);
    }
  });

  it("says plainly when nothing answers, with the nearest places", async () => {
    const { found, statements, evidence, followUps } = await answer("how are Kubernetes pods scheduled on GPU nodes with header affinity");
    expect(found).toBe(false);
    expect(statements).toHaveLength(1);
    expect(statements[0]?.text).toMatch(/^Not found/);
    expect(statements[0]?.sources).toEqual(evidence.slice(0, 3).map((_, at) => at));
    expect(followUps).toEqual([]);
  });

  it("says not found when not even a word is shared", async () => {
    const { found, statements, evidence } = await answer("zyzzyva quux");
    expect({ found, evidence }).toEqual({ found: false, evidence: [] });
    expect(statements[0]?.text).toMatch(/^Not found/);
  });

  it("asks on about what stands near", async () => {
    const { followUps } = await answer("where are headers parsed");
    expect(followUps).toEqual(["Where is `parse_headers` used?", "What does `parse_body` do?", "Why was src/parse.py changed?"]);
  });

  it("numbers the prompt's sources as the answer's evidence", async () => {
    const { prompt, evidence } = await answer("where are headers parsed");
    evidence.forEach((it, at) => {
      if (it.path) expect(prompt.user).toContain(`[${at + 1}] ${it.path}:${it.startLine}-${it.endLine}`);
    });
  });

  it("can be worded anew by a model's cited text", async () => {
    const composed = await answer("where are headers parsed");
    expect(checkWording(composed, "They are parsed by `parse_headers` [1].", "m").statements).toEqual([
      { text: "They are parsed by `parse_headers`.", sources: [0] },
    ]);
  });
});
