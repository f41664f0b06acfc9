/** The command line's contract, on the real launcher, engine and model. */
import { execFileSync } from "node:child_process";
import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { notBuilt, Sandbox } from "./launch.ts";

const store = `/** Keeps sessions of visitors by their token. */
export class SessionStore {
  #sessions = new Map<string, { visitor: string; expires: number }>();

  /** Forgets sessions whose time is over. */
  evictExpiredSessions(now: number): number {
    let evicted = 0;
    for (const [token, session] of this.#sessions) {
      if (session.expires > now) continue;
      this.#sessions.delete(token);
      evicted++;
    }
    return evicted;
  }
}
`;
const server = `import { SessionStore } from "./store.ts";

const sessions = new SessionStore();
setInterval(() => sessions.evictExpiredSessions(Date.now()), 60_000);

export function tick() {
  return sessions.
}
`;

/** Milliseconds for a test: every command loads the model, and many tests may run at once. */
const patience = 240_000;
const missing = notBuilt();
if (missing) console.warn(`\n  test/unit/cli.test.ts ${missing}\n`);

describe.skipIf(missing !== "")("everyline", { timeout: patience }, () => {
  let sandbox: Sandbox;
  let repo: string;

  beforeAll(async () => {
    sandbox = await Sandbox.create();
    repo = await sandbox.repository("a repo", [
      { message: "Add the session store", files: { "src/store.ts": store, "README.md": "# Visitors\n\nCounts visitors of a page.\n" } },
      {
        message: "Evict expired sessions every minute\n\nMemory grew without end.",
        files: { "src/server.ts": server, "data.bin": "\0\u0001\u0002\0" },
      },
    ]);
  }, patience);
  afterAll(() => sandbox.remove());

  it.each([
    [[]],
    [["frobnicate"]],
    [["index"]],
    [["ask", "."]],
    [["search", ".", "x", "-k", "none"]],
    [["complete", ".", "a.ts"]],
    [["batch"]],
  ])("exits 2 with one line on bad usage: %j", async (args) => {
    const { code, stdout, stderr } = await sandbox.run(args);
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^everyline: [^\n]+\n$/);
  });

  it.each([
    ["index", "no such folder"],
    ["status", "a repo/README.md"],
    ["search", "no such folder", "query"],
  ])("exits 1 with one line that names what is wrong: %s %s", async (...args) => {
    const { code, stdout, stderr } = await sandbox.run(args.map((word, index) => (index === 1 ? sandbox.path(word) : word)));
    expect([code, stdout]).toEqual([1, ""]);
    expect(stderr).toMatch(/^everyline: [^\n]*(?:no such folder|README\.md)[^\n]*\n$/);
  });

  it("tells its usage and version", async () => {
    expect(await sandbox.run(["--help"])).toMatchObject({ code: 0, stderr: "", stdout: expect.stringContaining("everyline index FOLDER") });
    expect((await sandbox.run(["--version"])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
  });

  it("indexes a repository", async () => {
    const summary = await sandbox.json(["index", repo]);
    expect(Object.keys(summary).sort()).toEqual(
      [
        "files",
        "skipped",
        "commits",
        "documents",
        "chunks",
        "tokens",
        "wordsMs",
        "encodeMs",
        "tokensPerSecond",
        "backend",
        "peakRssMb",
        "indexBytes",
        "cacheBytes",
      ].sort(),
    );
    expect(summary).toMatchObject({ files: 3, skipped: { binary: 1 }, commits: 2 });
    expect(summary.chunks).toBeGreaterThanOrEqual(3);
    expect(summary.tokens).toBeGreaterThan(200);
    expect(summary.backend).toMatch(/^cpu/);
  });

  it("tells its status", async () => {
    const status = await sandbox.json(["status", repo]);
    expect(Object.keys(status).sort()).toEqual(["backend", "commits", "encoded", "files", "state", "tokens", "total"]);
    expect(status).toMatchObject({ files: 3, encoded: 3, total: 3, commits: 2 });
  });

  it("finds places, with paths relative to the opened folder", async () => {
    const { results } = await sandbox.json(["search", repo, "evict expired sessions", "-k", "2"]);
    expect(results.length).toBeGreaterThan(0);
    expect(results.length).toBeLessThanOrEqual(2);
    expect(Object.keys(results[0]).sort()).toEqual(["endLine", "path", "reasons", "score", "startLine"]);
    expect(results[0].path).toBe("src/store.ts");
    const inside = await sandbox.json(["search", `${repo}/src`, "evict expired sessions"]);
    expect(inside.results[0].path).toBe("store.ts");
  });

  it("finds commits", async () => {
    const { results } = await sandbox.json(["search", repo, "memory grew without end", "--commits"]);
    expect(results[0].commit).toBe(sandbox.git("a repo", "rev-parse", "HEAD"));
    expect(results[0].path).toBeUndefined();
  });

  it("answers a question with citations", async () => {
    const answer = await sandbox.json(["ask", repo, "Where are expired sessions evicted?"]);
    expect(Object.keys(answer).sort()).toEqual(["answer", "citations", "found", "ms"]);
    expect(answer.found).toBe(true);
    expect(answer.citations[0].path).toBe("src/store.ts");
    expect(answer.citations[0].startLine).toBeGreaterThanOrEqual(1);
  });

  it("says not found with exit 0", async () => {
    const { code, stdout } = await sandbox.run(["ask", repo, "quantum chromodynamics lattice gauge zebra"]);
    expect(code).toBe(0);
    expect(stdout).toMatch(/not found/i);
  });

  it("completes at a place", async () => {
    const made = await sandbox.json(["complete", repo, "src/server.ts:7:19"]);
    expect(Object.keys(made).sort()).toEqual(["chunks", "confidence", "ms", "shown", "text"]);
    expect(made.text).toMatch(/\w/);
    for (const chunk of made.chunks) expect(Object.keys(chunk).sort()).toEqual(["endLine", "path", "startLine", "weight"]);
    expect(made.chunks.map((chunk: { path: string }) => chunk.path)).not.toContain("src/server.ts");
  });

  it("names a place that does not exist, and never reads outside of the folder", async () => {
    expect(await sandbox.run(["complete", repo, "src/server.ts:99:1"])).toMatchObject({
      code: 1,
      stdout: "",
      stderr: expect.stringContaining("line 99"),
    });
    expect(await sandbox.run(["complete", repo, "../../etc/passwd:1:1"])).toMatchObject({ code: 1, stdout: "" });
  });

  it("answers the bench's files of queries", async () => {
    await sandbox.write({
      "files.json": JSON.stringify({ repo, k: 3, queries: [{ id: "a", query: "session store" }] }),
      "completion.json": JSON.stringify({
        repo,
        cases: [{ id: "c", path: "src/server.ts", line: 3, col: 18, prefix: server.slice(0, 62), suffix: server.slice(62) }],
      }),
      "broken.json": "{",
    });
    const batch = async (kind: string, queries: string) => {
      const args = ["batch", "--repo", repo, "--kind", kind, "--queries", sandbox.path(queries), "--out", sandbox.path("out.json")];
      expect(await sandbox.run(args)).toMatchObject({ code: 0, stdout: "" });
      return JSON.parse(await readFile(sandbox.path("out.json"), "utf8"));
    };
    const files = await batch("files", "files.json");
    expect(files.results.a[0]).toMatchObject({
      path: "src/store.ts",
      startLine: expect.any(Number),
      endLine: expect.any(Number),
      score: expect.any(Number),
    });
    expect(files.results.a.length).toBeLessThanOrEqual(3);
    expect(files).toMatchObject({ indexMs: expect.any(Number), queryMs: expect.any(Number) });
    const commits = await batch("commits", "files.json");
    expect(commits.results.a[0].commit).toMatch(/^[0-9a-f]{40}$/);
    expect(Object.keys(commits.results.a[0]).sort()).toEqual(["commit", "score"]);
    const completion = await batch("completion", "completion.json");
    expect(completion).toMatchObject({
      completions: { c: expect.any(String) },
      ms: { c: expect.any(Number) },
      confidence: { c: expect.any(Number) },
    });

    const broken = [
      "batch",
      "--repo",
      repo,
      "--kind",
      "files",
      "--queries",
      sandbox.path("broken.json"),
      "--out",
      sandbox.path("out.json"),
    ];
    expect(await sandbox.run(broken)).toMatchObject({ code: 1, stderr: expect.stringContaining("broken.json is not JSON") });
  });

  it("checks its installation", async () => {
    const { checks } = await sandbox.json(["doctor"]);
    for (const check of checks) expect(Object.keys(check).sort()).toEqual(["detail", "name", "ok"]);
    const bad = checks.filter(
      ({ ok, name }: { ok: boolean; name: string }) =>
        !ok && ["node", "node:sqlite", "native addon", "model", "home folder"].includes(name),
    );
    expect(bad).toEqual([]);
  });

  it("fails the doctor's check where its home cannot be written", async () => {
    await sandbox.write({ blocked: "" });
    const elsewhere = new Sandbox(sandbox.folder);
    elsewhere.env.EVERYLINE_HOME = sandbox.path("blocked/home");
    const { code, stdout, stderr } = await elsewhere.run(["doctor", "--json"]);
    expect(code).toBe(1);
    expect(stderr).toMatch(/^everyline: [^\n]+\n$/);
    const home = JSON.parse(stdout).checks.find(({ name }: { name: string }) => name === "home folder");
    expect(home).toMatchObject({ ok: false, detail: expect.stringContaining("EVERYLINE_HOME") });
  });

  it("runs under the Node of the shell, whichever it is", async () => {
    const node = execFileSync("sh", ["-c", "command -v node"], { encoding: "utf8" }).trim();
    const { code, stdout, stderr } = await sandbox.run(["status", repo, "--json"], node);
    expect([code, stderr]).toEqual([0, ""]);
    expect(JSON.parse(stdout).files).toBe(3);
    expect((await sandbox.run(["frobnicate"], node)).code).toBe(2);
  });
});
