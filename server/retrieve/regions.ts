/** Evidence of ranked files: one region a file while files are left, then second regions of the best ones; copies collapse into one. */
import { Asked } from "./asked.ts";
import { BEST } from "./confidence.ts";
import { Collapsing } from "./copies.ts";
import { fileEvidence } from "./evidence.ts";
import { goodChunks, type Place, placesOf } from "./places.ts";
import type { Query } from "./query.ts";
import type { RankedFile } from "./rank.ts";
import { OpenFile } from "./shown.ts";
import type { SearchSources } from "./sources.ts";
import type { Evidence } from "./types.ts";

/** Places of a file beside the best one that may be shown. */
const SECONDS = 2;
/** Files looked at for one shown: where more are copies, fewer are shown. */
const LOOKED_AT = 3;
/** Places left to them where the files there score less than this share of the best one. */
const SECONDS_SHARE = 0.2;
const WEAK = 0.5;
/** A second region's score for each point of its place. */
const SECOND_SHARE = 0.1;

interface Opened {
  ranked: RankedFile;
  file: OpenFile;
  places: Place[];
}

export interface Regions {
  evidence: Evidence[];
  /** Most of the question, by mass, that one of the first regions holds, 0..1. */
  held: number;
}

/** At most `k` regions, best first. Files that cannot be read any more are left out. */
export async function regionsOf(sources: SearchSources, query: Query, ranked: readonly RankedFile[], k: number): Promise<Regions> {
  const bestPassage = ranked.reduce((best, it) => Math.max(best, it.candidate.passages[0]?.score ?? 0), 0);
  const collapsing = new Collapsing();
  const shown: Opened[] = [];
  let held = 0;
  let looked = 0;
  for (let at = 0; collapsing.size < k && at < Math.min(ranked.length, LOOKED_AT * k); ) {
    const next = ranked.slice(at, at + k - collapsing.size);
    at += next.length;
    const opened = await openAll(sources, query, next, bestPassage);
    for (const { file, ranked, places } of opened) {
      const evidence = fileEvidence(file, ranked, places);
      if (looked++ < BEST) held = Math.max(held, file.held(evidence));
      collapsing.add(evidence);
    }
    shown.push(...opened);
  }
  const found = withoutWeak(collapsing.evidence(), k);
  return { evidence: [...found, ...secondsOf(shown, found, k - found.length)], held };
}

/** The last files make room for further regions of the best ones where they are far below them. */
function withoutWeak(found: readonly Evidence[], k: number): Evidence[] {
  const weak = WEAK * (found[0]?.score ?? 0);
  const room = Math.floor(SECONDS_SHARE * k);
  return found.filter(({ score }, at) => at < k - room || score >= weak).slice(0, k);
}

/** Further regions of files that are shown, at most `count`, below all that is `found`. */
function secondsOf(shown: readonly Opened[], found: readonly Evidence[], count: number): Evidence[] {
  const lowest = found.at(-1)?.score ?? 0;
  const places = shown.flatMap(({ places, ...opened }) => places.slice(1, 1 + SECONDS).map((place) => ({ ...opened, place })));
  const seconds: Evidence[] = [];
  for (const { file, ranked, place } of places.slice(0, count)) {
    const second = fileEvidence(file, { ...ranked, score: Math.min(lowest, ranked.score * place.score * SECOND_SHARE) }, [place]);
    if (![...found, ...seconds].some((other) => covers(other, second))) seconds.push(second);
  }
  return seconds;
}

/** Reads files and what the index knows of them, all at once. */
async function openAll(sources: SearchSources, query: Query, files: readonly RankedFile[], bestPassage: number): Promise<Opened[]> {
  const { index } = sources;
  const documents = files.map(({ candidate }) => candidate.document?.id ?? 0);
  const [texts, outlines, chunks] = await Promise.all([
    Promise.all(files.map(({ candidate }) => sources.fileText(candidate.path))),
    index.outlines(documents),
    index.chunkLines(files.map(({ candidate }, at) => ({ document: documents[at] as number, chunks: goodChunks(candidate) }))),
  ]);
  const asked = Asked.of(index, query);
  return files.flatMap((ranked, at) => {
    const text = texts[at];
    if (text === undefined) return [];
    const file = new OpenFile(asked, linesOf(text), outlines[at] ?? []);
    return [{ ranked, file, places: placesOf(ranked.candidate, bestPassage, chunks[at] ?? []) }];
  });
}

/** Saved text has no carriage returns; unsaved text may. */
function linesOf(text: string): string[] {
  return text.includes("\r") ? text.split(/\r?\n/) : text.split("\n");
}

function covers(a: Evidence, b: Evidence): boolean {
  return a.path === b.path && a.startLine <= b.endLine && b.startLine <= a.endLine;
}
