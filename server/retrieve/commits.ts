/**
 * Commits that answer a question: by the words of subject, message and changed paths, by what they changed line by line, by meaning where
 * they are encoded, and by what commit-signals.ts adds. Thousands are found, few are looked at.
 */
import type { IndexReader } from "../index/api.ts";
import type { CommitHead } from "../index/types.ts";
import { fileRole } from "../workspace/role.ts";
import { bestOf } from "./best.ts";
import { FIRST, factorOf, fused, phrasesIn, recencyOf, spanOf } from "./commit-signals.ts";
import type { Period } from "./period.ts";
import type { Query } from "./query.ts";
import { commitFieldWeights, commitWeights, diffFieldWeights, diffRoleFactors } from "./weights.ts";

export interface RankedCommit {
  commit: CommitHead;
  /** Share of the best possible, 0..1. */
  score: number;
  coverage: number;
  /** The part of its changes that fits best (index: `diffPlaces`); undefined where only its message does. */
  part: number | undefined;
}

export interface CommitsAsked {
  k: number;
  /** Only commits made in it. */
  period?: Pick<Period, "from" | "to"> | undefined;
  /** By full sha, 0..1; commits that are not encoded are missing (meaning.ts). */
  meanings?: ReadonlyMap<string, number> | undefined;
  /** By path, 0..1: files of which a change is looked for (suspects.ts). */
  suspects?: ReadonlyMap<string, number> | undefined;
}

/** A commit as it was found: what its message and its best part score. */
interface Found extends Pick<RankedCommit, "coverage" | "part"> {
  document: number;
  date: number;
  recency: number;
  message: number;
  change: number;
  /** Looked at whatever its words score. */
  extra: boolean;
  /** From 1, among all by their subject alone, and among all by their best part; undefined where it was not found so. */
  places: { subject?: number; change?: number };
}

const CANDIDATES = 200;
const DIFF_CANDIDATES = 400;
/** Commits added by meaning alone. */
const BY_MEANING = 50;
/** So many times as many where a period leaves few of them. */
const IN_PERIOD = 10;
/** The best by words and date are looked at: their messages, what kind of file changed. */
const LOOKED_AT = 60;
/** Files from which on a change is a wide one. */
const WIDE = 10;
const pathsAlone = { path: 1, symbols: 0, body: 0 };
const subjectAlone = { path: 0, symbols: 1, body: 0 };
/** Asks what went. */
export const REMOVED = /\b(?:remov(?:e|ed|es|ing|al)|delet(?:e|ed|es|ion)|dropped|disappear(?:s|ed)?|gone|got rid of|went away)\b/i;
const ASKS = /^\s*(?:when|who|why|which|what|where|how)\b|\bcommits?\b|\?\s*$/i;
const SHA = /\b[0-9a-f]{40}\b/g;
/** Words of the question's form; commits seldom hold them and they only lower the coverage. */
const FORM =
  /\b(?:when|who|why|commits?|committed|history|changed?|added|introduced|wrote|written|author|recent(?:ly)?|latest|last|newest|first)\b/gi;
/** The same of questions about what went or came: the lines say it, not the words. */
const CHANGE_FORM =
  /\b(?:was|were|did|does|get|got|first|appear(?:s|ed)?|remov(?:e|ed)|delet(?:e|ed)|dropped|disappear(?:s|ed)?|gone|originally)\b/gi;

/** Commits, best first, at most `k`. */
export async function rankCommits(index: IndexReader, query: Query, asked: CommitsAsked): Promise<RankedCommit[]> {
  const named = await namedCommits(index, query);
  const found = (await findCommits(index, query, asked)).filter(
    ({ document }) => !named.some(({ commit }) => commit.document === document),
  );
  const span = spanOf(found);
  for (const it of found) it.recency = recencyOf(it.date, span, query);
  const known = (it: Found) => (it.message + it.change) * it.recency;
  const best = found.sort((a, b) => known(b) - known(a)).slice(0, Math.max(LOOKED_AT, 2 * asked.k));
  const ranked = await lookAt(index, query, [...best, ...found.filter((it) => it.extra && !best.includes(it))], asked);
  ranked.sort((a, b) => b.score - a.score || b.commit.date - a.commit.date);
  const ordered = asked.suspects ? ranked : goodInSomeWay(ranked, new Map(found.map((it) => [it.document, it.places])));
  const scale = Math.max(1, ...ranked.map((it) => it.score));
  return [...named, ...ordered.map((it) => ({ ...it, score: it.score / scale }))].slice(0, asked.k);
}

/** The same with those further up that are good in one way, if not in all. Scores stay where they are, in falling order. */
function goodInSomeWay(ranked: readonly RankedCommit[], places: ReadonlyMap<number, Found["places"]>): RankedCommit[] {
  const ordered = fused(ranked, ({ commit }) => {
    const { subject, change } = places.get(commit.document) ?? {};
    return [subject, change];
  });
  return ordered.map((it, at) => ({ ...it, score: ranked[at]!.score }));
}

/** Commits that the question names by their full sha. */
async function namedCommits(index: IndexReader, query: Query): Promise<RankedCommit[]> {
  const shas = query.text.match(SHA);
  return shas ? (await index.commits(shas)).map((commit) => ({ commit, score: 1, coverage: 1, part: undefined })) : [];
}

/** By words of their messages and of what they changed, by meaning, and by the files they touched where these are suspect. */
async function findCommits(index: IndexReader, query: Query, { period, meanings, suspects }: CommitsAsked): Promise<Found[]> {
  const times = period ? IN_PERIOD : 1;
  const words = without(query.words, FORM);
  const intent = intentOf(query);
  const changed = intent === "any" ? words : without(words, CHANGE_FORM);
  const [messages, subjects, diffs, meant, touching] = await Promise.all([
    index.searchCommits(words, CANDIDATES * times, commitFieldWeights),
    index.searchCommits(words, CANDIDATES * times, subjectAlone),
    index.searchDiffs(changed, DIFF_CANDIDATES * times, diffFieldWeights[intent]),
    index.commits(bestShas(meanings, BY_MEANING * times)),
    suspects ? index.searchCommits([...suspects.keys()].join(" "), CANDIDATES * times, pathsAlone) : [],
  ]);
  const found = new Map<number, Found>();
  const at = ({ document, date }: { document: number; date: number }): Found => {
    const fresh = { document, date, recency: 1, message: 0, change: 0, coverage: 0, part: undefined, extra: false, places: {} };
    const it = found.get(document) ?? fresh;
    found.set(document, it);
    return it;
  };
  const bestMessage = Math.max(1e-9, messages[0]?.score ?? 0);
  for (const hit of messages) {
    const message = (hit.score / bestMessage) * covered(hit.coverage);
    Object.assign(at(hit), { message, coverage: hit.coverage });
  }
  const bestDiff = Math.max(1e-9, diffs[0]?.score ?? 0);
  const weight = intent === "any" ? commitWeights.diff : commitWeights.diffAsked;
  let changes = 0;
  for (const hit of diffs) {
    const it = at(hit);
    if (it.part !== undefined) continue; // a better part came first
    it.places.change = ++changes;
    const change = weight * (hit.score / bestDiff) * covered(hit.coverage);
    Object.assign(it, { change, part: hit.part, coverage: Math.max(it.coverage, hit.coverage) });
  }
  for (const [place, { document }] of subjects.entries()) {
    const it = found.get(document);
    if (it) it.places.subject = place + 1;
  }
  for (const commit of [...meant, ...touching]) at(commit).extra = true;
  return [...found.values()].filter(({ date }) => !period || (date >= period.from && date < period.to));
}

/** The score with what only a look at the commit tells. */
async function lookAt(index: IndexReader, query: Query, found: readonly Found[], asked: CommitsAsked): Promise<RankedCommit[]> {
  const [heads, places] = await Promise.all([
    index.commitHeads(found.map(({ document }) => document)),
    index.diffPlaces(found.flatMap(({ part }) => part ?? [])),
  ]);
  const suspicions = await suspicionsOf(index, heads, asked.suspects);
  const byDocument = new Map(found.map((it) => [it.document, it]));
  const paths = new Map(places.map(({ part, path }) => [part, path]));
  const phrases = phrasesIn(query.text, heads);
  const meaning = meaningOf(heads, asked.meanings);
  return heads.map((commit, at) => {
    const { message, change, recency, coverage, part } = byDocument.get(commit.document)!;
    const role = part === undefined ? 1 : roleFactor(paths.get(part) ?? "", query);
    const more = commitWeights.phrase * phrases[at]! + commitWeights.meaning * meaning(commit) + (suspicions.get(commit.sha) ?? 0);
    return { commit, coverage, part, score: (message + change * role + more) * recency * factorOf(commit, query) };
  });
}

/** Notes tell of changes and are none: what was changed there counts less, unless the question asks for such files. */
function roleFactor(path: string, query: Query): number {
  const role = fileRole(path, "");
  return query.roles.includes(role) ? 1 : diffRoleFactors[role];
}

/** A commit that is not encoded is taken for one like those that are. */
function meaningOf(heads: readonly CommitHead[], meanings: CommitsAsked["meanings"]): (commit: CommitHead) => number {
  const known = heads.flatMap(({ sha }) => meanings?.get(sha) ?? []);
  const usual = known.length > 0 ? known.reduce((sum, value) => sum + value, 0) / known.length : 0;
  return ({ sha }) => meanings?.get(sha) ?? usual;
}

/** By sha: of the file that is most suspect; a change of a hundred files hardly says more of one of them. */
async function suspicionsOf(
  index: IndexReader,
  heads: readonly CommitHead[],
  suspects: CommitsAsked["suspects"],
): Promise<Map<string, number>> {
  if (!suspects) return new Map();
  const rows = await index.commits(heads.map(({ sha }) => sha));
  return new Map(
    rows.map(({ sha, paths }) => {
      const most = Math.max(0, ...paths.map((path) => suspects.get(path) ?? 0));
      return [sha, (commitWeights.suspect * most) / Math.sqrt(Math.max(1, paths.length / WIDE))];
    }),
  );
}

function bestShas(meanings: CommitsAsked["meanings"], count: number): string[] {
  const shas = [...(meanings ?? new Map<string, number>())];
  return bestOf(
    shas.map(([, value]) => value),
    count,
  ).map((at) => shas[at]![0]);
}

/** What of a change the question asks for; a note that tells of a change asks nothing, and is looked for by all that it says. */
function intentOf(query: Query): "removed" | "added" | "any" {
  if (query.kind !== "history" || !ASKS.test(query.text)) return "any";
  if (REMOVED.test(query.text)) return "removed";
  return FIRST.test(query.text) ? "added" : "any";
}

/** The words that ask for a commit's content; all of them where none are left. */
export function contentWords(query: Query): string {
  return without(without(query.words, FORM), CHANGE_FORM);
}

function without(words: string, form: RegExp): string {
  return words.replace(form, " ").replace(/\s+/g, " ").trim() || words;
}

function covered(coverage: number): number {
  return 1 - commitWeights.coverage * (1 - coverage);
}
