/**
 * Which commit broke a test: the files that the question is about, and what their definitions come from, are suspects; commits that
 * touched one are looked at, the latest first.
 *
 * The test is found as any file is. What it tests is what its text names: the files that define these names, rare names first.
 */
import { rankFiles } from "./files.ts";
import type { Query } from "./query.ts";
import type { SearchSources } from "./sources.ts";

/** Asks which change made something fail. */
export const BROKE =
  /\b(?:which|what|who) (?:\w+ ){0,2}(?:broke|breaks|made|makes|caused|causes)\b|\b(?:broke|regress(?:ed|ion)|(?:started|began) (?:to fail|failing))\b/i;

/** Files of the question that are suspects themselves, and names of a test that are looked up. */
const FILES = 3;
const NAMES = 40;
/** Suspects at most. */
const MOST = 8;
/** A name that more files define says nothing. */
const COMMON = 3;

/** Suspicion by path relative to the git top level, 0..1; undefined where the question asks for no such thing. */
export async function suspectsOf(sources: SearchSources, query: Query): Promise<ReadonlyMap<string, number> | undefined> {
  if (!BROKE.test(query.text)) return undefined;
  const { ranked } = await rankFiles(sources, query);
  const best = ranked.filter((it) => it.score > 0).slice(0, FILES);
  const suspects = new Map(best.map(({ candidate }, place) => [candidate.path, 1 / (1 + place)]));
  const test = best.find(({ candidate }) => candidate.role === "test")?.candidate.path;
  for (const [at, path] of (test ? await tested(sources, test) : []).entries())
    if (suspects.size < MOST && !suspects.has(path)) suspects.set(path, 1 / (1.5 + at / 2));
  return new Map([...suspects].map(([path, suspicion]) => [sources.headerPath(path), suspicion]));
}

/** Files that define what a test names, the one with most of its names first. */
async function tested(sources: SearchSources, test: string): Promise<string[]> {
  const { index } = sources;
  const text = (await sources.fileText(test)) ?? "";
  const names = [...new Set(text.match(/[\p{L}_$][\p{L}\p{N}_$]{3,}/gu) ?? [])];
  const rare = names.sort((a, b) => index.documentFrequency(a) - index.documentFrequency(b)).slice(0, NAMES);
  const rows = await index.symbolsNamed(rare);
  const definers = new Map<string, Set<number>>();
  for (const { name, document } of rows) definers.set(name, (definers.get(name) ?? new Set()).add(document));
  const counts = new Map<number, number>();
  for (const documents of definers.values())
    if (documents.size <= COMMON) for (const id of documents) counts.set(id, (counts.get(id) ?? 0) + 1);
  const files = await index.documents([...counts.keys()]);
  return files
    .filter(({ path, role }) => path !== test && role === "source")
    .sort((a, b) => (counts.get(b.id) ?? 0) - (counts.get(a.id) ?? 0))
    .map(({ path }) => path);
}
