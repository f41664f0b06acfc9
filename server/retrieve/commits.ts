/**
 * Commits that answer a question, by words: subject, message and changed paths, with merges below what they merge and
 * recent commits a little above old ones (clearly, when the question asks for the latest).
 */
import type { IndexReader } from "../index/api.ts";
import type { CommitRow } from "../index/types.ts";
import type { Query } from "./query.ts";
import { commitFieldWeights, commitWeights } from "./weights.ts";

export interface RankedCommit {
  commit: CommitRow;
  /** Share of the best possible, 0..1. */
  score: number;
  coverage: number;
}

const CANDIDATES = 200;
const LATEST = /\b(?:recent(?:ly)?|latest|last|newest|lately|today|yesterday|this (?:week|month|year))\b/i;
const SHA = /\b[0-9a-f]{40}\b/g;
/** Words of the question's form; commits seldom hold them and they only lower the coverage. */
const FORM =
  /\b(?:when|who|why|commits?|committed|history|changed?|added|introduced|wrote|written|author|recent(?:ly)?|latest|last|newest|first)\b/gi;

/** Commits, best first, at most `k`. */
export async function rankCommits(index: IndexReader, query: Query, k: number): Promise<RankedCommit[]> {
  const named = await index.commits(query.text.match(SHA) ?? []);
  const words = query.words.replace(FORM, " ").trim() || query.words;
  const hits = await index.searchCommits(words, CANDIDATES, commitFieldWeights);
  const newest = Math.max(1, ...hits.map((hit) => hit.commit.date));
  const best = Math.max(1e-9, ...hits.map((hit) => hit.score));
  const ranked = hits.map((hit) => ({ ...hit, score: (hit.score / best) * covered(hit.coverage) * factor(hit.commit, newest, query) }));
  const scale = Math.max(1, ...ranked.map((it) => it.score));
  const rest = ranked.filter((it) => !named.some((commit) => commit.sha === it.commit.sha));
  rest.sort((a, b) => b.score - a.score || b.commit.date - a.commit.date);
  return [...named.map((commit) => ({ commit, score: 1, coverage: 1 })), ...rest.map((it) => ({ ...it, score: it.score / scale }))].slice(
    0,
    k,
  );
}

function covered(coverage: number): number {
  return 1 - commitWeights.coverage * (1 - coverage);
}

function factor(commit: CommitRow, newest: number, query: Query): number {
  const days = (newest - commit.date) / 86_400;
  const most = LATEST.test(query.text) ? commitWeights.recencyAsked : query.kind === "history" ? commitWeights.recency : 0;
  const recency = 1 + most * 2 ** (-days / commitWeights.halfLifeDays);
  const merge = isMerge(commit.subject) ? commitWeights.merge : 1;
  const author = namesAuthor(query.text, commit.author) ? 1 + commitWeights.author : 1;
  return recency * merge * author;
}

/** Subjects that version control writes itself. */
export function isMerge(subject: string): boolean {
  return /^Merge (?:pull request|branch|branches|remote-tracking branch|tag|commit)\b|^Merge \S+ into \S+/.test(subject);
}

function namesAuthor(text: string, author: string): boolean {
  const parts = author
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part.length > 2);
  const asked = text.toLowerCase();
  return parts.length > 0 && parts.every((part) => asked.includes(part));
}
