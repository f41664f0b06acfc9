import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { SearchScores } from "../../native/addon.ts";
import { loadAddon } from "../../native/load.ts";
import { Past } from "../history/past.ts";
import type { Index } from "../index/index.ts";
import { commit, TestFolder } from "../index/testing/folder.ts";
import { NEUTRAL_QUESTION } from "./meaning.ts";
import { search } from "./search.ts";
import type { SearchSources } from "./sources.ts";

const files: Record<string, string> = {
  "src/router.ts": `/** Finds the handler of a request by its path. */
export class Router {
  add(path: string, handler: () => void) {
    this.tree.insert(path, handler);
  }

  /** Walks the radix tree down to the longest match. */
  route(path: string) {
    return this.tree.find(path);
  }
}
`,
  "src/http/parse_headers.ts": `// Splits the raw header block of a request into names and values.
export function parseHeaders(block: string): Map<string, string> {
  const headers = new Map();
  for (const line of block.split("\\r\\n")) {
    if (!line.includes(":")) throw new Error("malformed header line");
    headers.set(line.slice(0, line.indexOf(":")), line.slice(line.indexOf(":") + 1).trim());
  }
  return headers;
}
`,
  "src/throttle.ts": `export function throttle(limit: number) {
  // refuses when more than limit requests are in flight
  return { limit, inFlight: 0 };
}
`,
  "test/router.test.ts": `import { Router } from "../src/router.ts";
test("route finds the handler of a request by path", () => {
  const router = new Router();
  router.add("/a", () => {});
  router.route("/a");
});
`,
  "README.md": "# Tiny\n\nA tiny server.\n\n## Installation\n\nRun npm install tiny.\n",
};

let folder: TestFolder;
let index: Index;
let sources: SearchSources;

beforeAll(async () => {
  folder = await TestFolder.make();
  index = await folder.open({ addon: loadAddon() });
  await index.putFiles(await Promise.all(Object.entries(files).map(([path, text]) => folder.file(path, text))));
  await index.putCommits([
    commit("a".repeat(40), { subject: "Limit requests in flight", body: "The proxy gave up under load.", paths: ["src/throttle.ts"] }),
    commit("b".repeat(40), { subject: "Merge pull request #2 from x/limit", body: "Limit requests in flight", date: 1_700_000_100 }),
    commit("c".repeat(40), { subject: "Walk the radix tree", author: "Grace Hopper", date: 1_600_000_000 }),
  ]);
  sources = {
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

async function paths(question: string, from = sources): Promise<string[]> {
  const { evidence } = await search(from, question, { k: 5, scope: "files" });
  return evidence.map((it) => it.path);
}

describe("search over files", () => {
  it.each([
    ["parseHeaders", "src/http/parse_headers.ts"],
    ["Router.route", "src/router.ts"],
    ["parseheaders", "src/http/parse_headers.ts"],
    ["parse headers of a request", "src/http/parse_headers.ts"],
    ["how are too many requests refused", "src/throttle.ts"],
    ["Error: malformed header line", "src/http/parse_headers.ts"],
    ["src/throttle.ts", "src/throttle.ts"],
    ["tests of the router", "test/router.test.ts"],
    ["installation", "README.md"],
    ["at route (/home/me/tiny/src/router.ts:9:12)", "src/router.ts"],
    ['"limit requests are in flight"', "src/throttle.ts"],
  ])("%j leads to %s", async (question, path) => {
    expect((await paths(question))[0]).toBe(path);
  });

  it("shows the definition with its comment, and says why", async () => {
    const { evidence } = await search(sources, "parseHeaders", { k: 1, scope: "files" });
    expect(evidence[0]).toMatchObject({ startLine: 1, endLine: 9, commit: "", title: "function parseHeaders" });
    expect(evidence[0]?.reasons).toContain("defines parseHeaders");
    expect(evidence[0]?.text).toContain("// Splits the raw header block");
  });

  it("shows the lines of a stack frame", async () => {
    const { evidence } = await search(sources, "at route (/home/me/tiny/src/router.ts:9:12)", { k: 1, scope: "files" });
    expect(evidence[0]?.startLine).toBeLessThanOrEqual(9);
    expect(evidence[0]?.endLine).toBeGreaterThanOrEqual(9);
    expect([evidence[0]?.bestStart, evidence[0]?.bestEnd]).toEqual([9, 9]);
  });

  it("gives each file once while files are left, and never more than asked for", async () => {
    const found = await paths("request path handler");
    expect(new Set(found.slice(0, 3)).size).toBe(3);
    expect((await search(sources, "request", { k: 2, scope: "files" })).evidence).toHaveLength(2);
  });

  it("leaves out a file that vanished", async () => {
    const blind: SearchSources = {
      ...sources,
      fileText: async (path) => (path === "src/throttle.ts" ? undefined : sources.fileText(path)),
    };
    expect(await paths("throttle limit", blind)).not.toContain("src/throttle.ts");
  });

  it("is sure of what is there and unsure of what is not", async () => {
    const here = await search(sources, "parse headers of a request", { k: 3, scope: "files" });
    const elsewhere = await search(sources, "how are Kubernetes pods scheduled on GPU nodes", { k: 3, scope: "files" });
    expect(here.confidence).toBeGreaterThan(0.6);
    expect(elsewhere.confidence).toBeLessThan(0.2);
  });

  it("answers an empty question with nothing", async () => {
    expect(await search(sources, "  ", { k: 5, scope: "all" })).toMatchObject({ evidence: [], confidence: 0 });
  });

  it("stops when it is aborted", async () => {
    await expect(search(sources, "router", { k: 5, scope: "files", signal: AbortSignal.abort() })).rejects.toThrow();
  });

  it("says that it searched without an engine", async () => {
    expect((await search(sources, "router", { k: 1, scope: "files" })).incomplete).toContain("no engine");
  });
});

describe("search with meaning", () => {
  /** An engine with one chunk a file that finds one file relevant. */
  async function meaning(path: string): Promise<SearchSources> {
    const rows = await index.files();
    const scores = (relevant: number): SearchScores => ({
      documents: Int32Array.from(rows, (row) => row.id),
      firsts: Int32Array.from({ length: rows.length + 1 }, (_, at) => at),
      scores: Float32Array.from(rows, (row) => (row.path === path ? relevant : -4)),
    });
    return {
      ...sources,
      tokenizer: { frameQuestion: (text) => Int32Array.of(text === NEUTRAL_QUESTION ? 0 : 1) },
      engine: { search: async (ids) => scores(ids[0] === 0 ? -4 : -1) },
    };
  }

  it("finds a file that shares no word with the question", async () => {
    expect((await paths("backpressure", await meaning("src/throttle.ts")))[0]).toBe("src/throttle.ts");
  });

  it("goes on by words when the engine fails, and says so", async () => {
    const failing: SearchSources = {
      ...sources,
      tokenizer: { frameQuestion: () => new Int32Array(2) },
      engine: { search: () => Promise.reject(new Error("the engine was closed")) },
    };
    const result = await search(failing, "parseHeaders", { k: 1, scope: "files" });
    expect(result.evidence[0]?.path).toBe("src/http/parse_headers.ts");
    expect(result.incomplete).toContain("the engine was closed");
  });

  it("says how many files have no encoding yet", async () => {
    expect((await search(await meaning("README.md"), "router", { k: 1, scope: "files" })).incomplete).toMatch(
      /^\d of 5 files not encoded yet$/,
    );
  });
});

describe("search over commits", () => {
  it("ranks merges below what they merge", async () => {
    const { evidence } = await search(sources, "limit requests in flight", { k: 3, scope: "commits" });
    expect(evidence.map((it) => it.commit[0]).slice(0, 2)).toEqual(["a", "b"]);
  });

  it("leads with commits for questions about history, with files otherwise", async () => {
    const history = await search(sources, "why were requests in flight limited", { k: 5, scope: "all" });
    expect(history.evidence[0]?.commit).toBe("a".repeat(40));
    const place = await search(sources, "walk the radix tree down to the longest match", { k: 5, scope: "all" });
    expect(place.evidence[0]?.path).toBe("src/router.ts");
  });

  it("lifts the commits of a person who is named", async () => {
    const { evidence } = await search(sources, "what did Grace Hopper change", { k: 3, scope: "commits" });
    expect(evidence[0]?.commit).toBe("c".repeat(40));
  });

  it("finds a commit by its full sha", async () => {
    const { evidence } = await search(sources, `what is ${"c".repeat(40)}`, { k: 3, scope: "commits" });
    expect(evidence[0]?.commit).toBe("c".repeat(40));
  });
});
