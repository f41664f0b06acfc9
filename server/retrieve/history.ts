/** The history's answer to a question: commits in the period it names, and of those that are shown what of their changes fits, as it was. */
import { changeIn } from "./changes.ts";
import { type RankedCommit, rankCommits } from "./commits.ts";
import { commitEvidence } from "./evidence.ts";
import { scoreCommits } from "./meaning.ts";
import { namesTime, readPeriod } from "./period.ts";
import { type Query, readQuery } from "./query.ts";
import type { SearchSources } from "./sources.ts";
import { suspectsOf } from "./suspects.ts";
import type { Evidence } from "./types.ts";

/** Commits, best first, at most `k`. A period without any commit that fits was none, unless its words can mean nothing else. */
export async function rankHistory(sources: SearchSources, query: Query, k: number): Promise<RankedCommit[]> {
  const { index, past } = sources;
  const [meanings, suspects] = await Promise.all([scoreCommits(sources, query.text), suspectsOf(sources, query)]);
  const period = namesTime(query.text) ? readPeriod(query.text, await past.tags(), Date.now() / 1000) : undefined;
  if (period) {
    const { words } = readQuery(period.rest || query.text);
    const ranked = await rankCommits(index, { ...query, words }, { k, period, meanings, suspects });
    if (ranked.length > 0 || period.isSure) return ranked;
  }
  return rankCommits(index, query, { k, meanings, suspects });
}

/** What is shown of ranked commits, in their order; those gone meanwhile are left out. */
export async function commitsShown({ index, past }: SearchSources, query: Query, ranked: readonly RankedCommit[]): Promise<Evidence[]> {
  if (ranked.length === 0) return [];
  const [rows, places, containing] = await Promise.all([
    index.commits(ranked.map(({ commit }) => commit.sha)),
    index.diffPlaces(ranked.flatMap(({ part }) => part ?? [])),
    query.kind === "history" ? past.containing(ranked.map(({ commit }) => commit.sha)) : undefined,
  ]);
  const rowOf = new Map(rows.map((row) => [row.sha, row]));
  const placeOf = new Map(places.map((place) => [place.part, place]));
  const placed = ranked.map((it) => ({ ...it, place: placeOf.get(it.part ?? 0) }));
  const patches = await past.patches(placed.flatMap(({ commit, place }) => (place ? { sha: commit.sha, path: place.path } : [])));
  return placed.flatMap(({ place, ...it }) => {
    const row = rowOf.get(it.commit.sha);
    const change = place && changeIn(index, query, place, patches.get(it.commit.sha));
    return row ? [commitEvidence(row, it, change, containing?.get(row.sha))] : [];
  });
}
