/** What speaks for a commit beside its words' scores: the question's phrases in its message, its age, merges, a named author, other rankings. */
import { coAuthors } from "../history/trailers.ts";
import type { CommitHead } from "../index/types.ts";
import type { Query } from "./query.ts";
import { BROKE } from "./suspects.ts";
import { commitWeights } from "./weights.ts";

const LATEST = /\b(?:recent(?:ly)?|latest|last|newest|lately|today|yesterday|this (?:week|month|year))\b/i;
export const FIRST = /\b(?:first (?:appear(?:s|ed)?|added|introduced|used|written|commit)|introduced|originally)\b/i;
/** Characters of a message that are looked at. */
const MESSAGE = 6_000;
/** Words that say little beside their neighbour. */
const SMALL = new Set(
  "a an the of to in on for and or is are was were be by with from that this it its as at not no if when where which has have had will would can could should".split(
    " ",
  ),
);

/**
 * How much of the question stands word for word in each message, 0..1 in the commits' order: its pairs of neighbouring words, rare ones more.
 * Squared, so that a quoted sentence counts and a chance pair hardly does.
 */
export function phrasesIn(text: string, commits: readonly CommitHead[]): number[] {
  const pairs = pairsOf(wordsOf(text));
  const found = commits.map(({ subject, body }) => {
    const present = pairsOf(wordsOf(`${subject}\n${body}`.slice(0, MESSAGE)));
    return [...pairs].filter((pair) => present.has(pair));
  });
  const holders = new Map<string, number>();
  for (const pair of found.flat()) holders.set(pair, (holders.get(pair) ?? 0) + 1);
  const weight = (pair: string) => Math.log(1 + commits.length / (1 + (holders.get(pair) ?? 0))) * sayingOf(pair);
  const sum = (of: Iterable<string>) => [...of].reduce((total, pair) => total + weight(pair), 0);
  const all = sum(pairs);
  return found.map((of) => (all > 0 ? (sum(of) / all) ** 2 : 0));
}

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}_]+/gu) ?? [];
}

function pairsOf(words: readonly string[]): Set<string> {
  return new Set(words.slice(1).map((word, at) => `${words[at]} ${word}`));
}

function sayingOf(pair: string): number {
  const small = pair.split(" ").filter((word) => SMALL.has(word)).length;
  return small === 2 ? 0.3 : small === 1 ? 0.6 : 1;
}

export interface Span {
  newest: number;
  oldest: number;
}

export function spanOf(commits: Iterable<{ date: number }>): Span {
  let [newest, oldest] = [1, Number.POSITIVE_INFINITY];
  for (const { date } of commits) [newest, oldest] = [Math.max(newest, date), Math.min(oldest, date)];
  return { newest, oldest };
}

/** Factor on a commit's score by its age: recent ones are asked about most, unless the question asks for the first. */
export function recencyOf(date: number, { newest, oldest }: Span, query: Query): number {
  const first = query.kind === "history" && FIRST.test(query.text);
  const days = (first ? date - oldest : newest - date) / 86_400;
  const most = first || LATEST.test(query.text) || BROKE.test(query.text) ? commitWeights.recencyAsked : commitWeights.recency;
  return 1 + most * 2 ** (-days / commitWeights.halfLifeDays);
}

/** Factor on a commit's score: merges are below what they merge, those of an author who is named above. */
export function factorOf(commit: CommitHead, query: Query): number {
  const merge = isMerge(commit) ? commitWeights.merge : 1;
  const authors = [commit.author, ...coAuthors(commit.body)];
  const author = authors.some((name) => namesAuthor(query.text, name)) ? 1 + commitWeights.author : 1;
  return merge * author;
}

/** Several parents, or a subject that version control writes itself (a squashed merge). */
export function isMerge({ parents, subject }: Pick<CommitHead, "parents" | "subject">): boolean {
  return parents > 1 || /^Merge (?:pull request|branch|branches|remote-tracking branch|tag|commit)\b|^Merge \S+ into \S+/.test(subject);
}

function namesAuthor(text: string, author: string): boolean {
  const parts = author
    .toLowerCase()
    .split(/\s+/)
    .filter((part) => part.length > 2);
  const asked = text.toLowerCase();
  return parts.length > 0 && parts.every((part) => asked.includes(part));
}

/**
 * The order below the first places by the sum of reciprocal ranks: an item's own, and those it has in other lists (from 1; undefined where it
 * is not in one). The first places stay.
 */
export function fused<T>(ranked: readonly T[], others: (item: T) => (number | undefined)[]): T[] {
  const { firstPlaces, fusion } = commitWeights;
  const share = (place: number | undefined) => (place === undefined ? 0 : 1 / (fusion + place));
  const rest = ranked.slice(firstPlaces).map((item, at) => {
    const places = [firstPlaces + at + 1, ...others(item)];
    return { item, sum: places.reduce<number>((sum, place) => sum + share(place), 0) };
  });
  rest.sort((a, b) => b.sum - a.sum);
  return [...ranked.slice(0, firstPlaces), ...rest.map(({ item }) => item)];
}
