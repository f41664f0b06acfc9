/**
 * A question in, an answer with sources out. The answer is composed of its evidence; a chat model may word it anew from
 * `prompt` (word.ts checks what it says).
 */
import { type Query, readQuery } from "../retrieve/query.ts";
import { search } from "../retrieve/search.ts";
import type { SearchSources } from "../retrieve/sources.ts";
import type { Evidence } from "../retrieve/types.ts";
import { FOUND } from "../retrieve/weights.ts";
import { compose, notFound } from "./compose.ts";
import { promptFor } from "./prompt.ts";
import type { Answer } from "./types.ts";

export interface AskOptions {
  /** Pieces of evidence at most. */
  k: number;
  signal?: AbortSignal;
}

/** Answers a question from a memory. Rejects when the index cannot be read, or with the signal's reason when aborted. */
export async function ask(memory: SearchSources, question: string, options: AskOptions): Promise<Answer> {
  const start = performance.now();
  const result = await search(memory, question, { k: options.k, scope: "all", ...(options.signal && { signal: options.signal }) });
  const query = readQuery(question);
  const shas = result.evidence.map((it) => it.commit).filter((sha) => sha !== "");
  const commits = new Map((shas.length > 0 ? await memory.index.commits(shas) : []).map((row) => [row.sha, row]));
  const found = result.evidence.length > 0 && result.confidence >= FOUND;
  const composed = found
    ? compose(query, result.evidence, commits)
    : { statements: [notFound(result.evidence)], evidence: result.evidence };
  options.signal?.throwIfAborted();
  return {
    question,
    found,
    statements: composed.statements,
    evidence: composed.evidence,
    followUps: found ? await followUps(memory, query, composed.evidence) : [],
    prompt: promptFor(question, composed.evidence),
    wordedBy: "evidence",
    incomplete: result.incomplete,
    ms: performance.now() - start,
  };
}

const FOLLOW_UPS = 3;

/** Questions about what stands beside the best evidence: the definition's use, its neighbour, its history. */
async function followUps(memory: SearchSources, query: Query, evidence: readonly Evidence[]): Promise<string[]> {
  const top = evidence.find((it) => it.path !== "");
  if (!top) return [];
  const name = definedName(top);
  const asked = query.text.toLowerCase();
  const row = await memory.index.documentAt(top.path);
  const [symbols = []] = row ? await memory.index.outlines([row.id]) : [];
  const near = symbols
    .filter((it) => it.kind !== "variable" && it.name !== name && it.name.length > 2 && !asked.includes(it.name.toLowerCase()))
    .sort((a, b) => Math.abs(a.startLine - top.startLine) - Math.abs(b.startLine - top.startLine))[0];
  const questions = [
    name ? `Where is \`${name}\` used?` : "",
    near ? (near.kind === "section" ? `What does “${near.name}” say?` : `What does \`${near.name}\` do?`) : "",
    query.kind === "history" ? "" : `Why was ${top.path} changed?`,
  ];
  return questions.filter((it) => it !== "" && it.toLowerCase() !== asked).slice(0, FOLLOW_UPS);
}

function definedName(item: Evidence): string {
  const [kind = "", ...rest] = item.title.split(" ");
  return kind === "section" ? "" : rest.join(" ");
}
