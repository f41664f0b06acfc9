/** Files for a question, ranked: gathered, described, and looked into where that costs more for the best ones only. */
import { type Gathered, gather } from "./candidates.ts";
import { findLiterals } from "./literals.ts";
import type { Query } from "./query.ts";
import { type RankedFile, rank, rankedAgain } from "./rank.ts";
import type { SearchSources } from "./sources.ts";
import { findUses } from "./uses.ts";

/** Files whose definitions are looked at. */
const LOOKED_INTO = 40;

export interface RankedFiles {
  gathered: Gathered;
  /** Best first, also those that score nothing. */
  ranked: RankedFile[];
  stages: Record<string, number>;
}

/** Rejects when the index cannot be read, or with the signal's reason. */
export async function rankFiles(sources: SearchSources, query: Query, signal?: AbortSignal): Promise<RankedFiles> {
  const gathered = await gather(sources, query);
  signal?.throwIfAborted();
  const start = performance.now();
  const first = rank(gathered.candidates, query);
  const candidates = first.map((it) => it.candidate);
  await Promise.all([
    findUses(sources.index, candidates.slice(0, LOOKED_INTO), gathered.status.passages),
    findLiterals(sources, query, candidates),
  ]);
  signal?.throwIfAborted();
  const ranked = rankedAgain(first, query);
  return { gathered, ranked, stages: { ...gathered.stages, rank: performance.now() - start } };
}
