/** The history's answer to a question: commits in the period it names, each with what of its changes fits, as it was. */
import { changeIn } from "./changes.ts";
import { type RankedCommit, rankCommits } from "./commits.ts";
import { commitEvidence } from "./evidence.ts";
import { readPeriod } from "./period.ts";
import { type Query, readQuery } from "./query.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence } from "./types.ts";

/** Commits, best first, at most `k`, and the evidence of each. */
export async function searchHistory(
  sources: SearchSources,
  query: Query,
  k: number,
): Promise<{ ranked: RankedCommit[]; evidence: Evidence[] }> {
  const ranked = await rankInPeriod(sources, query, k);
  const changed = ranked.filter(({ place }) => place);
  const patches = await sources.past.patches(changed.map(({ commit }) => commit.sha));
  const evidence = ranked.map((it) => commitEvidence(it, it.place && changeIn(sources.index, query, it.place, patches.get(it.commit.sha))));
  return { ranked, evidence };
}

/** A period without any commit that fits was none: "in 1.2" may be part of a name. */
async function rankInPeriod({ index, past }: SearchSources, query: Query, k: number): Promise<RankedCommit[]> {
  const period = readPeriod(query.text, await past.tags(), Date.now() / 1000);
  if (period) {
    const { words } = readQuery(period.rest || query.text);
    const ranked = await rankCommits(index, { ...query, words }, k, period);
    if (ranked.length > 0) return ranked;
  }
  return rankCommits(index, query, k);
}
