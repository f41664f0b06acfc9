/** Calls of a function elsewhere in the repository, kept until the index changes. */
import { type CallSite, callsIn } from "./calls.ts";
import { Kept } from "./kept.ts";
import type { NameSources } from "./known-names.ts";

const mostHits = 24;
const mostTexts = 8;
const mostKept = 32;
const kept = new Kept<CallSite[]>(mostKept);

/** Calls of `name` in files other than `path`. */
export async function callSites(sources: NameSources, path: string, name: string): Promise<CallSite[]> {
  return kept.get(await sources.index.files(), `${name}\n${path}`, () => read(sources, path, name));
}

async function read(sources: NameSources, path: string, name: string): Promise<CallSite[]> {
  const hits = await sources.index.searchFiles(name, mostHits, { path: 0, symbols: 0, body: 1 });
  const paths = [...new Set(hits.map((hit) => hit.path))].filter((other) => other !== path).slice(0, mostTexts);
  const texts = await Promise.all(paths.map((other) => sources.fileText(other)));
  return texts.flatMap((text) => (text === undefined ? [] : callsIn(text, name)));
}
