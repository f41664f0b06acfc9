/** The language server as an editor starts it, on a real repository. */
import { afterEach, describe, expect, it, vi } from "vitest";
import type { InlineCompletionItem } from "vscode-languageserver/node";
import type { MemoryStatus } from "../../server/memory/types.ts";
import { type LocatedAnswer, type LocatedEvidence, Requests } from "../../server/protocol.ts";
import { startServer } from "./server-process.ts";

const patience = { timeout: 55_000, interval: 100 };

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end();
});

describe("the language server", () => {
  it("answers from a repository, follows unsaved text, completes, and ends when told", async () => {
    const server = await started({
      "src/limiter.ts":
        "/** Limits how often a client may call. */\nexport class RateLimiter {\n  allow(client: string): boolean {\n    return client !== '';\n  }\n}\n",
      "src/parse.ts": "export function parseHeaders(text: string): string[] {\n  return text.split('\\n');\n}\n",
    });
    await vi.waitFor(async () => expect(await server.status()).toMatchObject({ files: 2, commits: 1 }), patience);

    const answer = await server.ask<LocatedAnswer>(Requests.ask, { folder: "", question: "Where is RateLimiter defined?", k: 5 });
    expect(answer.found).toBe(true);
    expect(answer.evidence[0]?.uri).toBe(server.uriOf("src/limiter.ts"));
    for (const { sources } of answer.statements) expect(sources.length).toBeGreaterThan(0);

    const text = "export function lighthouseKeeper() {}\n";
    await server.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri: server.uriOf("src/parse.ts"), languageId: "typescript", version: 1, text: "" },
    });
    await server.client.sendNotification("textDocument/didChange", {
      textDocument: { uri: server.uriOf("src/parse.ts"), version: 2 },
      contentChanges: [{ text }],
    });
    await vi.waitFor(async () => {
      const { results } = await server.ask<{ results: LocatedEvidence[] }>(Requests.search, {
        folder: "",
        query: "lighthouseKeeper",
        k: 3,
        scope: "files",
      });
      expect(results[0]).toMatchObject({ path: "src/parse.ts", uri: server.uriOf("src/parse.ts") });
    }, patience);

    const items = await server.client.sendRequest<InlineCompletionItem[]>("textDocument/inlineCompletion", {
      textDocument: { uri: server.uriOf("src/parse.ts") },
      position: { line: 0, character: text.length - 1 },
      context: { triggerKind: 1 },
    });
    expect(Array.isArray(items)).toBe(true);

    await server.client.sendRequest("shutdown");
    await server.client.sendNotification("exit");
    expect(await server.exit).toBe(0);
  });

  it("tells a folder that is not there, and goes on", async () => {
    const server = await started({ "a.ts": "export const a = 1;\n" }, ["file:///nowhere/at/all"]);
    await vi.waitFor(async () => {
      const statuses = await server.ask<MemoryStatus[]>(Requests.status, { folder: "" });
      expect(statuses.find(({ state }) => state === "failed")?.problem).toContain("/nowhere/at/all");
      expect(statuses.find(({ state }) => state !== "failed")?.files).toBe(1);
    }, patience);
  });

  it("ends when its client dies", async () => {
    const server = await started({ "a.ts": "export const a = 1;\n" });
    server.child.stdin?.end();
    expect(await server.exit).toBe(1);
  });
});

async function started(files: Record<string, string>, further: string[] = []) {
  const server = await startServer({ files, further });
  ends.push(server.dispose);
  return server;
}
