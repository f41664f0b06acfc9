/**
 * Commits that answer a question, by words: subject, message and changed paths, and what they changed line by line, with merges below
 * what they merge and recent commits a little above old ones (clearly, when the question asks for the latest; the other way round when it
 * asks for the first).
 */
import type { IndexReader } from "../index/api.ts";
import type { CommitHead } from "../index/types.ts";
import type { Period } from "./period.ts";
import type { Query } from "./query.ts";
import { commitFieldWeights, commitWeights, diffFieldWeights } from "./weights.ts";

export interface RankedCommit {
  commit: CommitHead;
  /** Share of the best possible, 0..1. */
  score: number;
  coverage: number;
  /** The part of its changes that fits best (index: `diffPlaces`); undefined where only its message does. */
  part: number | undefined;
}

/** A commit as the word indexes found it. */
type Found = Omit<RankedCommit, "commit"> & { document: number; date: number };

const CANDIDATES = 200;
const DIFF_CANDIDATES = 400;
/** So many times as many where a period leaves few of them. */
const IN_PERIOD = 10;
/** The best by words and date are looked at: who wrote them, whether they merge. */
const LOOKED_AT = 40;
const LATEST = /\b(?:recent(?:ly)?|latest|last|newest|lately|today|yesterday|this (?:week|month|year))\b/i;
const FIRST = /\b(?:first (?:appear(?:s|ed)?|added|introduced|used|written|commit)|introduced|originally)\b/i;
/** Asks what went. */
export const REMOVED = /\b(?:remov(?:e|ed|es|ing|al)|delet(?:e|ed|es|ion)|dropped|disappear(?:s|ed)?|gone|got rid of|went away)\b/i;
const SHA = /\b[0-9a-f]{40}\b/g;
/** Words of the question's form; commits seldom hold them and they only lower the coverage. */
const FORM =
  /\b(?:when|who|why|commits?|committed|history|changed?|added|introduced|wrote|written|author|recent(?:ly)?|latest|last|newest|first)\b/gi;
/** The same of questions about what went or came: the lines say it, not the words. */
const CHANGE_FORM =
  /\b(?:was|were|did|does|get|got|first|appear(?:s|ed)?|remov(?:e|ed)|delet(?:e|ed)|dropped|disappear(?:s|ed)?|gone|originally)\b/gi;

/** Commits, best first, at most `k`; with a period, only those made in it. */
export async function rankCommits(index: IndexReader, query: Query, k: number, period?: Period): Promise<RankedCommit[]> {
  const named = await namedCommits(index, query);
  const found = (await findCommits(index, query, period)).filter(
    ({ document }) => !named.some(({ commit }) => commit.document === document),
  );
  const span = spanOf(found);
  for (const it of found) it.score *= recency(it.date, span, query);
  const best = found.sort((a, b) => b.score - a.score).slice(0, Math.max(LOOKED_AT, 2 * k));
  const heads = new Map((await index.commitHeads(best.map(({ document }) => document))).map((head) => [head.document, head]));
  const ranked = best.flatMap(({ document, score, coverage, part }) => {
    const commit = heads.get(document);
    return commit ? [{ commit, coverage, part, score: score * factor(commit, query) }] : [];
  });
  ranked.sort((a, b) => b.score - a.score || b.commit.date - a.commit.date);
  const scale = Math.max(1, ...ranked.map((it) => it.score));
  return [...named, ...ranked.map((it) => ({ ...it, score: it.score / scale }))].slice(0, k);
}

/** Commits that the question names by their full sha. */
async function namedCommits(index: IndexReader, query: Query): Promise<RankedCommit[]> {
  const shas = query.text.match(SHA);
  return shas ? (await index.commits(shas)).map((commit) => ({ commit, score: 1, coverage: 1, part: undefined })) : [];
}

/** By words of their messages and of what they changed. */
async function findCommits(index: IndexReader, query: Query, period: Period | undefined): Promise<Found[]> {
  const times = period ? IN_PERIOD : 1;
  const words = without(query.words, FORM);
  const intent = intentOf(query);
  const changed = intent === "any" ? words : without(words, CHANGE_FORM);
  const [messages, diffs] = await Promise.all([
    index.searchCommits(words, CANDIDATES * times, commitFieldWeights),
    index.searchDiffs(changed, DIFF_CANDIDATES * times, diffFieldWeights[intent]),
  ]);
  const found = new Map<number, Found>();
  const bestMessage = Math.max(1e-9, messages[0]?.score ?? 0);
  for (const { document, date, score, coverage } of messages)
    found.set(document, { document, date, coverage, score: (score / bestMessage) * covered(coverage), part: undefined });
  const bestDiff = Math.max(1e-9, diffs[0]?.score ?? 0);
  const weight = intent === "any" ? commitWeights.diff : commitWeights.diffAsked;
  for (const { document, date, score, coverage, part } of diffs) {
    const known = found.get(document);
    if (known?.part !== undefined) continue; // a better part came first
    const more = weight * (score / bestDiff) * covered(coverage);
    const best = Math.max(known?.coverage ?? 0, coverage);
    found.set(document, { document, date, coverage: best, score: (known?.score ?? 0) + more, part });
  }
  return [...found.values()].filter(({ date }) => !period || (date >= period.from && date < period.to));
}

/** What of a change the question asks for. */
function intentOf(query: Query): "removed" | "added" | "any" {
  if (query.kind !== "history") return "any";
  if (REMOVED.test(query.text)) return "removed";
  return FIRST.test(query.text) ? "added" : "any";
}

function without(words: string, form: RegExp): string {
  return words.replace(form, " ").replace(/\s+/g, " ").trim() || words;
}

function covered(coverage: number): number {
  return 1 - commitWeights.coverage * (1 - coverage);
}

interface Span {
  newest: number;
  oldest: number;
}

function spanOf(commits: readonly Found[]): Span {
  let [newest, oldest] = [1, Number.POSITIVE_INFINITY];
  for (const { date } of commits) [newest, oldest] = [Math.max(newest, date), Math.min(oldest, date)];
  return { newest, oldest };
}

function recency(date: number, { newest, oldest }: Span, query: Query): number {
  const first = query.kind === "history" && FIRST.test(query.text);
  const days = (first ? date - oldest : newest - date) / 86_400;
  const asked = first || LATEST.test(query.text);
  const most = asked ? commitWeights.recencyAsked : query.kind === "history" ? commitWeights.recency : 0;
  return 1 + most * 2 ** (-days / commitWeights.halfLifeDays);
}

function factor(commit: CommitHead, query: Query): number {
  const merge = isMerge(commit.subject) ? commitWeights.merge : 1;
  const author = namesAuthor(query.text, commit.author) ? 1 + commitWeights.author : 1;
  return merge * author;
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
