/** Language-model tools: agents in VS Code search the memory with them. Errors are written for the model that called. */
import {
  type CancellationToken,
  type Disposable,
  LanguageModelTextPart,
  type LanguageModelTool,
  LanguageModelToolResult,
  lm,
  MarkdownString,
  Uri,
} from "vscode";
import { Requests, type SearchParams } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import { originsText } from "./pastText.ts";
import { type Source, sourceOf } from "./source.ts";
import { placesText, statusText } from "./toolText.ts";

interface SearchInput {
  query: string;
  maxResults?: number;
}

const defaultResults = 8;

export function registerTools(client: Client): Disposable[] {
  return [
    lm.registerTool("search_code", searchTool(client, "files", "the code")),
    lm.registerTool("search_history", searchTool(client, "commits", "the history")),
    lm.registerTool("explain_line_origin", originTool(client)),
    lm.registerTool("get_memory_status", {
      invoke: async (_options, token: CancellationToken) =>
        textResult(statusText(await client.request(Requests.status, { folder: "" }, token))),
    }),
  ];
}

function searchTool(client: Client, scope: SearchParams["scope"], where: string): LanguageModelTool<SearchInput> {
  return {
    prepareInvocation: ({ input }) => {
      const message = new MarkdownString(`Searching ${where} for `);
      message.appendText(`“${String(input.query).slice(0, 80)}”`);
      return { invocationMessage: message };
    },
    invoke: async ({ input }, token) => {
      if (typeof input.query !== "string" || input.query.trim() === "")
        throw new Error('"query" is missing: say in words what to look for.');
      const k = Math.min(Math.max(Math.trunc(Number(input.maxResults) || defaultResults), 1), 20);
      const { results } = await client.request(Requests.search, { folder: "", query: input.query, k, scope }, token);
      return textResult(placesText(results.map(sourceOf), absolutePath));
    },
  };
}

interface OriginInput {
  path: string;
  startLine: number;
  endLine?: number;
}

function originTool(client: Client): LanguageModelTool<OriginInput> {
  return {
    prepareInvocation: ({ input }) => {
      const message = new MarkdownString("Finding the commits behind ");
      message.appendText(`${String(input.path).slice(0, 80)}:${input.startLine}`);
      return { invocationMessage: message };
    },
    invoke: async ({ input }, token) => {
      const { path, startLine, endLine = startLine } = input;
      if (typeof path !== "string" || path === "") throw new Error('"path" is missing: give the absolute path of a file of the workspace.');
      if (!Number.isInteger(startLine) || startLine < 1) throw new Error('"startLine" must be a whole number from 1 on.');
      if (!Number.isInteger(endLine) || endLine < startLine) throw new Error('"endLine" must be a whole number not below "startLine".');
      const asked = { uri: Uri.file(path).toString(), startLine, endLine };
      return textResult(originsText((await client.request(Requests.lineOrigin, asked, token)).origins));
    },
  };
}

function absolutePath(source: Source): string {
  return source.uri ? Uri.parse(source.uri).fsPath : source.path;
}

function textResult(text: string): LanguageModelToolResult {
  return new LanguageModelToolResult([new LanguageModelTextPart(text)]);
}
