/**
 * `everyline batch`: answers a file of queries at once. Formats: bench/README.md.
 *
 *     files, commits   {"k": 10, "queries": [{"id", "query"}]}  ->  {"results": {id: [{path, startLine, endLine, score}] or [{commit, score}]}, "indexMs", "queryMs"}
 *     completion       {"cases": [{"id", "path", "prefix", "suffix"}]}  ->  {"completions": {id: text}, "ms": {id}, "confidence": {id}}
 */
import { readFile, writeFile } from "node:fs/promises";
import { z } from "zod";
import { Completer } from "../complete/complete.ts";
import type { Completion, CompletionRequest } from "../complete/types.ts";
import type { Memory } from "../memory/memory.ts";
import { search } from "../retrieve/search.ts";
import type { SearchOptions, SearchResult } from "../retrieve/types.ts";
import type { BatchKind, History } from "./args.ts";
import { bringUpToDate, withMemory } from "./folder.ts";

interface BatchCommand {
  folder: string;
  kind: BatchKind;
  queries: string;
  out: string;
  history: History;
}

export async function runBatch({ folder, kind, queries, out, history }: BatchCommand, signal: AbortSignal): Promise<number> {
  const answerWith = kind === "completion" ? await completions(queries) : await searches(queries, kind);
  return withMemory(folder, { history }, async (memory) => {
    const started = performance.now();
    await bringUpToDate(memory, { history: kind === "commits" && history !== "none", encodings: kind !== "commits", signal });
    const answer = await answerWith(memory, performance.now() - started);
    await writeFile(out, `${JSON.stringify(answer)}\n`);
    return 0;
  });
}

type AnswerWith = (memory: Memory, indexMs: number) => Promise<object>;

async function searches(file: string, kind: "files" | "commits"): Promise<AnswerWith> {
  const input = await readSearchQueries(file);
  return (memory, indexMs) => batchSearch(input, kind, indexMs, (query, options) => search(memory, query, options));
}

async function completions(file: string): Promise<AnswerWith> {
  const input = await readCompletionCases(file);
  return (memory, indexMs) => {
    const completer = new Completer(memory);
    return batchComplete(input, indexMs, (request) => completer.complete(request));
  };
}

const searchQueries = z.object({
  k: z.number().int().min(1).default(10),
  queries: z.array(z.object({ id: z.string(), query: z.string() })),
});
const completionCases = z.object({
  cases: z.array(z.object({ id: z.string(), path: z.string(), prefix: z.string(), suffix: z.string() })),
});

/** The file of queries is not what the kind needs. */
export class QueriesError extends Error {
  constructor(file: string, reason: string) {
    super(`${file} ${reason}`);
    this.name = "QueriesError";
  }
}

export async function readSearchQueries(file: string) {
  return read(file, searchQueries);
}

export async function readCompletionCases(file: string) {
  return read(file, completionCases);
}

async function read<T>(file: string, schema: z.ZodType<T>): Promise<T> {
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    throw new QueriesError(file, `cannot be read: ${error.code ?? error.message}`);
  });
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new QueriesError(file, `is not JSON: ${(error as Error).message}`);
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  throw new QueriesError(file, `does not fit: ${issue?.path.join(".") || "the document"}: ${issue?.message ?? "unknown"}`);
}

export interface BatchResults {
  results: Record<string, object[]>;
  indexMs: number;
  /** Mean of a query. */
  queryMs: number;
}

type Search = (query: string, options: SearchOptions) => Promise<SearchResult>;

/** One after another, so that `queryMs` is the time of a query alone. */
export async function batchSearch(
  input: z.infer<typeof searchQueries>,
  kind: "files" | "commits",
  indexMs: number,
  search: Search,
): Promise<BatchResults> {
  const results: BatchResults["results"] = {};
  const started = performance.now();
  for (const { id, query } of input.queries) {
    const { evidence } = await search(query, { k: input.k, scope: kind });
    results[id] =
      kind === "files"
        ? evidence.map(({ path, startLine, endLine, score }) => ({ path, startLine, endLine, score }))
        : distinctCommits(evidence);
  }
  const queryMs = (performance.now() - started) / Math.max(1, input.queries.length);
  return { results, indexMs: Math.round(indexMs), queryMs: Math.round(queryMs * 10) / 10 };
}

function distinctCommits(evidence: SearchResult["evidence"]): { commit: string; score: number }[] {
  const best = new Map<string, number>();
  for (const { commit, score } of evidence) if (commit && !best.has(commit)) best.set(commit, score);
  return [...best].map(([commit, score]) => ({ commit, score }));
}

export interface BatchCompletions {
  completions: Record<string, string>;
  ms: Record<string, number>;
  confidence: Record<string, number>;
  indexMs: number;
}

/** The best candidate of every case, whether an editor would show it or not. */
export async function batchComplete(
  input: z.infer<typeof completionCases>,
  indexMs: number,
  complete: (request: CompletionRequest) => Promise<Completion>,
): Promise<BatchCompletions> {
  const answer: BatchCompletions = { completions: {}, ms: {}, confidence: {}, indexMs: Math.round(indexMs) };
  for (const { id, path, prefix, suffix } of input.cases) {
    const completion = await complete({ path, language: "", prefix, suffix });
    answer.completions[id] = completion.text;
    answer.ms[id] = Math.round(completion.ms * 10) / 10;
    answer.confidence[id] = completion.confidence;
  }
  return answer;
}
