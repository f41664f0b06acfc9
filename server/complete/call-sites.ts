/** Calls of a function elsewhere in the repository, kept until the index changes. */
import { type CallSite, callsIn } from "./calls.ts";
import type { NameSources } from "./known-names.ts";

const mostHits = 24;
const mostTexts = 8;
const mostKept = 32;
const keptOf = new WeakMap<object, Map<string, Promise<CallSite[]>>>();

/** Calls of `name` in files other than `path`. */
export async function callSites(sources: NameSources, path: string, name: string): Promise<CallSite[]> {
  const files = await sources.index.files();
  const kept = keptOf.get(files) ?? new Map<string, Promise<CallSite[]>>();
  keptOf.set(files, kept);
  const key = `${name}\n${path}`;
  const sites = kept.get(key) ?? read(sources, path, name);
  kept.delete(key);
  kept.set(key, sites);
  sites.catch(() => kept.delete(key));
  if (kept.size > mostKept) kept.delete(kept.keys().next().value as string);
  return sites;
}

async function read(sources: NameSources, path: string, name: string): Promise<CallSite[]> {
  const hits = await sources.index.searchFiles(name, mostHits, { path: 0, symbols: 0, body: 1 });
  const paths = [...new Set(hits.map((hit) => hit.path))].filter((other) => other !== path).slice(0, mostTexts);
  const texts = await Promise.all(paths.map((other) => sources.fileText(other)));
  return texts.flatMap((text) => (text === undefined ? [] : callsIn(text, name)));
}
