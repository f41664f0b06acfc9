/**
 * The door for agents: a Model Context Protocol server on stdin and stdout, with three tools over one folder's memory.
 *
 * The memory is brought up to date in the background; a tool answers from what is there and says what is missing. Stdout belongs to the
 * protocol: everything else goes to stderr. What tools return is text of the repository, data for the agent and no instruction to it.
 */
import { McpServer } from "@modelcontextprotocol/sdk/server/mcp.js";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import type { CallToolResult } from "@modelcontextprotocol/sdk/types.js";
import { z } from "zod";
import type { Answer } from "./ask/types.ts";
import { answerForPeople, answerJson, citation, oneLine, statusForPeople, statusJson } from "./cli/shapes.ts";
import type { MemoryStatus } from "./memory/types.ts";
import type { Evidence, SearchOptions, SearchResult } from "./retrieve/types.ts";

/** What the tools ask of a memory. */
export interface ToolMemory {
  search(query: string, options: SearchOptions): Promise<SearchResult>;
  ask(question: string, options: { k: number; signal?: AbortSignal }): Promise<Answer>;
  status(): Promise<MemoryStatus>;
}

const instructions =
  "Everyline remembers every file of this repository and its commit messages. Ask it before reading files one by one: " +
  "`search_code` ranks places for words or a meaning, `ask` answers a question with its sources. Paths are relative to the folder, lines count from 1.";

const readOnly = { readOnlyHint: true, destructiveHint: false, idempotentHint: true, openWorldHint: false };
const k = z.number().int().min(1).max(50).default(10).describe("How many results at most.");
/** Characters of a result's text that are returned. */
const excerpt = 2000;

/** The server with its tools, not connected yet. */
export function toolServer(memory: ToolMemory, version: string): McpServer {
  const server = new McpServer({ name: "everyline", title: "Everyline", version }, { instructions });

  server.registerTool(
    "search_code",
    {
      title: "Search code",
      description:
        "Finds the places of this repository that match words, symbol names, paths or a meaning in plain language, best first: path, line range, what it is, why it " +
        "was chosen and its text. With scope `commits` it finds commits by message, author, changed paths and changed lines instead.",
      inputSchema: {
        query: z.string().trim().min(1).max(2000).describe("Words, a symbol's name, a path, or a description in plain language."),
        scope: z
          .enum(["files", "commits", "all"])
          .default("files")
          .describe("Where to look: files as they are now, commits of the history, or both."),
        k,
      },
      annotations: readOnly,
    },
    ({ query, scope, k }, { signal }) => answered(async () => searched(await memory.search(query, { k, scope, signal }))),
  );

  server.registerTool(
    "ask",
    {
      title: "Ask the repository",
      description:
        "Answers a question about this repository (where is, how does, why was, when did) from its code and history. Every statement cites its sources as [n], listed " +
        "with path and lines or commit. Says so when the answer is not in the repository.",
      inputSchema: { question: z.string().trim().min(1).max(2000).describe("The question, in plain language."), k },
      annotations: readOnly,
    },
    ({ question, k }, { signal }) =>
      answered(async () => {
        const answer = await memory.ask(question, { k, signal });
        return { text: answerForPeople(answer), structured: answerJson(answer) };
      }),
  );

  server.registerTool(
    "get_memory_status",
    {
      title: "Memory status",
      description:
        "What the memory of this repository holds: files, how many of them are encoded (searchable by meaning), commits, tokens, backend and state.",
      inputSchema: {},
      annotations: readOnly,
    },
    () =>
      answered(async () => {
        const status = await memory.status();
        return { text: statusForPeople(status), structured: statusJson(status) };
      }),
  );
  return server;
}

/** Serves until stdin ends. */
export async function serveMcp(memory: ToolMemory, version: string, signal: AbortSignal): Promise<void> {
  const server = toolServer(memory, version);
  await server.connect(new StdioServerTransport());
  await new Promise<void>((resolve) => {
    process.stdin.once("end", resolve);
    process.stdin.once("close", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
  await server.close();
}

async function answered(make: () => Promise<{ text: string; structured: Record<string, unknown> }>): Promise<CallToolResult> {
  try {
    const { text, structured } = await make();
    return { content: [{ type: "text", text }], structuredContent: structured };
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    process.stderr.write(`everyline: ${oneLine(message)}\n`);
    return { content: [{ type: "text", text: message }], isError: true };
  }
}

function searched(result: SearchResult) {
  const results = result.evidence.map((evidence) => ({
    ...citation(evidence),
    title: evidence.title,
    text: evidence.text.slice(0, excerpt),
  }));
  const note = result.incomplete ? `Note: ${result.incomplete}.` : "";
  const text = [...result.evidence.map(resultText), ...(results.length === 0 ? ["Nothing found."] : []), note].filter(Boolean).join("\n\n");
  return { text, structured: { results, incomplete: result.incomplete } };
}

function resultText(evidence: Evidence): string {
  const place = evidence.path ? `${oneLine(evidence.path)}:${evidence.startLine}-${evidence.endLine}` : "";
  const commit = evidence.commit ? `commit ${evidence.commit}` : "";
  const heading = [commit, place, oneLine(evidence.title)].filter(Boolean).join("  ");
  return `${heading}\n${evidence.text.slice(0, excerpt)}`;
}
