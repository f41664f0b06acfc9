/** Evidence of ranked files: one region a file while files are left, then second regions of the best ones; copies collapse into one. */
import { Collapsing } from "./copies.ts";
import { fileEvidence } from "./evidence.ts";
import { type Place, placesOf } from "./places.ts";
import type { Query } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence } from "./types.ts";

/** Places of a file beside the best one that may be shown. */
const SECONDS = 2;
/** Files looked at for one shown: where more are copies, fewer are shown. */
const LOOKED_AT = 3;
/** A second region's score for each point of its place. */
const SECOND_SHARE = 0.1;

interface Placed {
  file: RankedFile;
  places: Place[];
}

/** At most `k` regions, best first. Files that cannot be read any more are left out. */
export async function regionsOf(sources: SearchSources, query: Query, ranked: readonly RankedFile[], k: number): Promise<Evidence[]> {
  const bestPassage = ranked.reduce((best, it) => Math.max(best, it.candidate.passages[0]?.score ?? 0), 0);
  const collapsing = new Collapsing();
  const shown: Placed[] = [];
  for (let at = 0; collapsing.size < k && at < Math.min(ranked.length, LOOKED_AT * k); ) {
    const next = ranked.slice(at, at + k - collapsing.size);
    at += next.length;
    const placed = await Promise.all(
      next.map(async (file) => ({ file, places: await placesOf(sources.index, file.candidate, bestPassage) })),
    );
    const evidence = await Promise.all(placed.map(({ file, places }) => fileEvidence(sources, query, file, places)));
    for (const each of evidence) if (each) collapsing.add(each);
    shown.push(...placed);
  }
  const found = collapsing.evidence();
  if (found.length >= k) return found;
  const seconds = shown.flatMap(({ file, places }) =>
    places
      .slice(1, 1 + SECONDS)
      .map((place) => fileEvidence(sources, query, { ...file, score: file.score * place.score * SECOND_SHARE }, [place])),
  );
  const lowest = found.at(-1)?.score ?? 0;
  for (const second of await Promise.all(seconds.slice(0, k - found.length)))
    if (second && !found.some((other) => covers(other, second))) found.push({ ...second, score: Math.min(second.score, lowest) });
  return found;
}

function covers(a: Evidence, b: Evidence): boolean {
  return a.path === b.path && a.startLine <= b.endLine && b.startLine <= a.endLine;
}
