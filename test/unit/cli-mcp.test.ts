/** The MCP server, spoken to by the official client over stdio. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { launcher, notBuilt, Sandbox } from "./launch.ts";

/** Milliseconds for a test: every command loads the model, and many tests may run at once. */
const patience = 240_000;
const missing = notBuilt();
if (missing) console.warn(`\n  test/unit/cli-mcp.test.ts ${missing}\n`);

describe.skipIf(missing !== "")("everyline mcp", { timeout: patience }, () => {
  let sandbox: Sandbox;
  let client: Client;
  let transport: StdioClientTransport;

  beforeAll(async () => {
    sandbox = await Sandbox.create();
    const repo = await sandbox.repository("repo", [
      {
        message: "Add the parser",
        files: { "parse.py": "def parse_header(line):\n    name, value = line.split(':', 1)\n    return name.strip(), value.strip()\n" },
      },
    ]);
    await sandbox.json(["index", repo]);
    const env = Object.fromEntries(Object.entries(sandbox.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
    transport = new StdioClientTransport({ command: process.execPath, args: [launcher, "mcp", repo], env, stderr: "pipe" });
    client = new Client({ name: "test", version: "1" });
    await client.connect(transport);
  }, patience);
  afterAll(async () => {
    await client.close();
    await sandbox.remove();
  });

  async function call(name: string, args: Record<string, unknown>) {
    const result = await client.callTool({ name, arguments: args });
    const [content] = result.content as { type: string; text: string }[];
    return { text: content?.text ?? "", structured: result.structuredContent as Record<string, unknown>, isError: result.isError === true };
  }

  it("names itself and offers three described tools", async () => {
    expect(client.getServerVersion()).toMatchObject({ name: "everyline" });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name).sort()).toEqual(["ask", "get_memory_status", "search_code"]);
    for (const tool of tools) {
      expect(tool.description?.length).toBeGreaterThan(60);
      expect(tool.annotations?.readOnlyHint).toBe(true);
    }
  });

  it("searches", async () => {
    const found = await call("search_code", { query: "parse_header", k: 3 });
    expect(found.isError).toBe(false);
    expect(found.text).toContain("parse.py:1-3");
    expect(found.text).toContain("def parse_header(line):");
    expect(found.structured.results).toMatchObject([{ path: "parse.py", startLine: 1 }]);
  });

  it("finds commits", async () => {
    const found = await call("search_code", { query: "add the parser", scope: "commits" });
    expect(found.structured.results).toMatchObject([{ commit: sandbox.git("repo", "rev-parse", "HEAD") }]);
  });

  it("answers", async () => {
    const answer = await call("ask", { question: "Where is a header parsed?" });
    expect(answer.isError).toBe(false);
    expect(answer.structured).toMatchObject({ found: true });
    expect(answer.text).toContain("parse.py");
  });

  it("tells its status", async () => {
    expect((await call("get_memory_status", {})).structured).toMatchObject({ files: 1, commits: 1 });
  });

  it("refuses bad arguments with an error of the tool", async () => {
    expect((await call("search_code", { query: "" })).isError).toBe(true);
    expect((await call("ask", {})).isError).toBe(true);
    expect((await call("search_code", { query: "x", k: 0 })).isError).toBe(true);
  });

  it("ends with 0 when stdin is closed, having said nothing on stdout", async () => {
    expect(await sandbox.run(["mcp", sandbox.path("repo")])).toMatchObject({ code: 0, stdout: "" });
  });
});
