/**
 * Texts asked for as they stand: which candidates hold them, and on which line.
 *
 * The word index splits texts into words, so order, punctuation and neighbours are lost there. Only candidates are read,
 * the most promising ones first.
 */
import type { Candidate } from "./candidates.ts";
import { matchingLines } from "./expressions.ts";
import type { Expression, Query } from "./query.ts";
import type { SearchSources } from "./sources.ts";

/** Files read for a question, and for a regular expression, whose words say less of where it matches. */
const FILES = 40;
const FILES_MATCHED = 150;

/** Sets `literal` and `literalLine` of the candidates by reading their text. `candidates`: best first. */
export async function findLiterals(sources: SearchSources, query: Query, candidates: readonly Candidate[]): Promise<void> {
  if (query.expression) return findMatches(sources, query.expression, candidates.slice(0, FILES_MATCHED));
  if (query.literals.length === 0) return;
  await Promise.all(
    candidates.slice(0, FILES).map(async (candidate) => {
      const text = await sources.fileText(candidate.path);
      if (text !== undefined) Object.assign(candidate, literalMatch(text, query.literals));
    }),
  );
}

async function findMatches(sources: SearchSources, expression: Expression, candidates: readonly Candidate[]): Promise<void> {
  const texts = await Promise.all(candidates.map(({ path }) => sources.fileText(path)));
  const lines = matchingLines(
    expression,
    texts.map((text) => text ?? ""),
  );
  for (const [at, line] of (lines ?? []).entries())
    if (line > 0) Object.assign(candidates[at] as Candidate, { literal: 1, literalLine: line });
}

/** Share of `literals` in `text` (a match in other case counts half), and the 1-based line of the first one; 0 and 0 when none is there. */
export function literalMatch(text: string, literals: readonly string[]): { literal: number; literalLine: number } {
  let found = 0;
  let first = Number.POSITIVE_INFINITY;
  let lower = "";
  for (const literal of literals) {
    let at = text.indexOf(literal);
    let share = 1;
    if (at < 0) {
      lower ||= text.toLowerCase();
      at = lower.indexOf(literal.toLowerCase());
      share = 0.5;
    }
    if (at < 0) continue;
    found += share;
    first = Math.min(first, at);
  }
  if (found === 0) return { literal: 0, literalLine: 0 };
  return { literal: found / literals.length, literalLine: lineOf(text, first) };
}

function lineOf(text: string, offset: number): number {
  let line = 1;
  for (let at = text.indexOf("\n"); at >= 0 && at < offset; at = text.indexOf("\n", at + 1)) line++;
  return line;
}
