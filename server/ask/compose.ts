/**
 * An answer without a chat model: each statement says what one piece of evidence is, in the evidence's own words (name,
 * signature, doc comment, best line, commit subject, date, author), and cites it. Nothing else is ever said.
 */

import { coAuthors, withoutTrailers } from "../history/trailers.ts";
import type { CommitRow } from "../index/types.ts";
import { isMerge } from "../retrieve/commit-signals.ts";
import { REMOVED } from "../retrieve/commits.ts";
import { day } from "../retrieve/evidence.ts";
import type { Query } from "../retrieve/query.ts";
import type { Evidence } from "../retrieve/types.ts";
import { firstSentence, isProse } from "./doc.ts";
import { place } from "./prompt.ts";
import type { Statement } from "./types.ts";

/** Statements about files and about commits at most. */
const FILES = 4;
const COMMITS = 3;
/** Evidence below this share of the best is listed, not stated. */
const WORTH_STATING = 0.5;
const NEAREST = 3;
const LINE = 160;
const WHO = /^\s*who\b/i;

/** Evidence in the order it is cited, with the statements about it. `commits`: rows of the evidence's commits by sha. */
export function compose(
  query: Query,
  evidence: readonly Evidence[],
  commits: ReadonlyMap<string, CommitRow>,
): { statements: Statement[]; evidence: Evidence[] } {
  const best = evidence[0]?.score ?? 0;
  const worth = evidence.filter((it) => it.score >= best * WORTH_STATING);
  const files = worth.filter((it) => it.path).slice(0, FILES);
  const told = worth.filter((it) => !it.path).slice(0, query.kind === "history" ? COMMITS : 1);
  const cited = query.kind === "history" ? [...told, ...files.slice(0, FILES - 1)] : [...files, ...told];
  const left = evidence.filter((it) => !cited.includes(it));
  const isWho = WHO.test(query.text);
  const counted = isWho ? left.filter((it) => it.commit) : []; // an author is judged by all commits found
  const rest = [...counted, ...left.filter((it) => !counted.includes(it))];
  const statements = cited.map((it, at) => ({
    text: it.path ? aboutFile(query, it) : aboutCommit(query, it, commits.get(it.commit)),
    sources: [at],
  }));
  const who = isWho ? aboutAuthors([...cited, ...counted], commits) : undefined;
  if (who) statements.unshift(who);
  return { statements, evidence: [...cited, ...rest] };
}

/** What is said when nothing answers. Its sources are empty only where there is no evidence at all. */
export function notFound(evidence: readonly Evidence[]): Statement {
  const nearest = evidence.slice(0, NEAREST);
  const places = nearest.map((it) => place(it)).join(", ");
  const text = places
    ? `Not found: nothing in this repository answers the question well. The nearest places are ${places}.`
    : "Not found: nothing in this repository shares a word or a meaning with the question.";
  return { text, sources: nearest.map((_, at) => at) };
}

function aboutFile(query: Query, item: Evidence): string {
  const [kind = "", ...rest] = item.title.split(" ");
  const name = rest.join(" ");
  const said = firstSentence(item.text, isProse(item.path));
  const where = place(item);
  if (kind === "section" && name) return ended(said ? `Section “${name}” of ${where} says: ${said}` : `See section “${name}” of ${where}`);
  const first = name ? signature(item, name) : "";
  if (first) return ended(`\`${name}\` is defined in ${where}: ${said || code(first)}`);
  if (said && isProse(item.path)) return ended(`${where} says: ${said}`);
  const line = bestLine(query, item);
  const inside = name && kind !== "section" ? `Inside \`${name}\`, ` : "See ";
  return line ? `${inside}${where}: ${code(line)}.` : `See ${where}.`;
}

/** Lines that may stand above a definition's own. */
const ABOVE = /^\s*(?:$|\/\/|\/\*|\*|#(?!define)|--|;|%|@|\[[A-Z]|template\s*<|"""|\{-)/;

/** The definition's own line, when the region begins with it; "" when it begins further inside. */
function signature(item: Evidence, name: string): string {
  const last = name.split(/[.:#]/).at(-1) ?? name;
  const lines = item.text.split("\n");
  const named = lines.findIndex((line) => line.includes(last) && !ABOVE.test(line));
  const before = lines.slice(0, Math.max(0, named)).filter((line) => !ABOVE.test(line));
  if (named < 0 || before.length > 1) return "";
  return (lines[named] ?? "").trim().replace(/\s*[{:(]\s*$/, "");
}

/** The line among the best ones that shares most with the question. */
function bestLine(query: Query, item: Evidence): string {
  const words = [...query.literals, ...query.words.split(/[^\p{L}\p{N}_$]+/u)].map((it) => it.toLowerCase()).filter((it) => it.length > 2);
  const lines = item.text.split("\n");
  const near = lines.slice(Math.max(0, item.bestStart - item.startLine), Math.max(1, item.bestEnd - item.startLine + 1));
  let best = "";
  let most = -1;
  for (const line of near) {
    const lower = line.toLowerCase();
    const shared = words.filter((word) => lower.includes(word)).length;
    if (shared > most && /[\p{L}\p{N}]/u.test(line)) [best, most] = [line.trim(), shared];
  }
  return best;
}

/** Who made most of the commits told of; undefined where one commit says it all. */
function aboutAuthors(cited: readonly Evidence[], commits: ReadonlyMap<string, CommitRow>): Statement | undefined {
  const made = new Map<string, { at: number; date: number }[]>();
  for (const [at, { commit }] of cited.entries()) {
    const row = commits.get(commit);
    for (const author of row ? [row.author, ...coAuthors(row.body)] : [])
      if (author) made.set(author, [...(made.get(author) ?? []), { at, date: row!.date }]);
  }
  const all = [...new Map([...made.values()].flat().map((it) => [it.at, it])).values()];
  if (all.length < 2) return undefined;
  const told = [...made].sort((a, b) => b[1].length - a[1].length).slice(0, NEAREST);
  const each = told.map(([author, rows]) => `${author} (${rows.length}, the last on ${day(Math.max(...rows.map(({ date }) => date)))})`);
  return {
    text: `The ${all.length} commits that fit best are by ${each.join(", ")}.`,
    sources: all.map(({ at }) => at).sort((a, b) => a - b),
  };
}

function aboutCommit(query: Query, item: Evidence, commit: CommitRow | undefined): string {
  const short = item.commit.slice(0, 10);
  if (!commit) return ended(`Commit ${short}: “${item.text.split("\n")[0] ?? ""}”`);
  const when = day(commit.date);
  const who = commit.author || "an unknown author";
  const what = `“${clip(commit.subject)}”`;
  const released = item.release ? `, first released in ${item.release}` : "";
  const lead = /^\s*when\b/i.test(query.text)
    ? `On ${when}, in commit ${short} by ${who}${released}: ${what}`
    : WHO.test(query.text)
      ? `${who}, in commit ${short} on ${when}: ${what}`
      : `Commit ${short} of ${when} by ${who}: ${what}`;
  const changed = item.change && REMOVED.test(query.text) ? removedLine(query, item.text) : "";
  if (changed) return ended(`${lead.replace(/[.:]?$/, "")}. It removed this line of ${item.change!.oldPath}: ${code(changed)}`);
  const reason = isMerge(commit) || !/\bwhy\b/i.test(query.text) ? "" : firstSentence(withoutTrailers(commit.body), true);
  return reason ? ended(`${lead.replace(/[.:]?$/, "")}. Its message says: ${reason}`) : ended(lead);
}

/** The removed line of a patch that shares most words with the question; "" where there is none. */
function removedLine(query: Query, text: string): string {
  const words = query.words
    .toLowerCase()
    .split(/[^\p{L}\p{N}_$]+/u)
    .filter((word) => word.length > 2);
  let best = "";
  let most = 0;
  for (const line of text.split("\n")) {
    const shared = line.startsWith("-") ? words.filter((word) => line.toLowerCase().includes(word)).length : 0;
    if (shared > most) [best, most] = [line.slice(1).trim(), shared];
  }
  return best;
}

function code(line: string): string {
  const clean = clip(line).replace(/`/g, "'");
  return `\`${clean}\``;
}

function clip(text: string): string {
  const line = text.replace(/\s+/g, " ").trim();
  return line.length > LINE ? `${line.slice(0, LINE - 1).trimEnd()}…` : line;
}

function ended(text: string): string {
  return /[.!?…。][”"]?$/.test(text) ? text : `${text}.`;
}
