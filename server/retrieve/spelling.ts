/**
 * Words of a question that the repository does not have, read as words it has: one letter missing, too many, wrong, or two of them
 * swapped. The first letter is taken to be right, as it nearly always is; short words have too many neighbours.
 */
import type { Query } from "./query.ts";
import type { SearchSources } from "./sources.ts";

/** Letters from which a word is corrected, and up to which. */
const SHORTEST = 5;
const LONGEST = 24;
/** Words corrected in a question: a text with more unknown words is not mistyped but about something else. */
const MOST = 2;
/** Neighbours looked up in the text. */
const VERIFIED = 3;
const LETTERS = "abcdefghijklmnopqrstuvwxyz_";

/** The words to read for unknown ones, by the word as written. Empty when all are known or nothing is near. */
export async function corrections(sources: SearchSources, query: Query): Promise<Map<string, string>> {
  const { index } = sources;
  const words = [...new Set([...query.words.split(/[^\p{L}\p{N}_$]+/u), ...query.identifiers])];
  const unknown = words.filter((word) => correctable(word) && index.documentFrequency(word) === 0);
  const found = new Map<string, string>();
  if (unknown.length > MOST) return found;
  for (const word of unknown) {
    const near = await nearest(sources, word);
    if (near) found.set(word, near);
  }
  return found;
}

/** The question with its corrections: searched as if they had been written. */
export function corrected(query: Query, found: ReadonlyMap<string, string>): Query {
  if (found.size === 0) return query;
  const right = (text: string) => text.replace(/[\p{L}\p{N}_$]+/gu, (word) => found.get(word) ?? word);
  return {
    ...query,
    text: right(query.text),
    words: right(query.words),
    identifiers: query.identifiers.map(right),
    names: query.names.map(right),
  };
}

function correctable(word: string): boolean {
  return word.length >= SHORTEST && word.length <= LONGEST && /^[A-Za-z_$]+$/.test(word);
}

/** The most frequent word one edit away that is really written somewhere; undefined when there is none. */
async function nearest(sources: SearchSources, word: string): Promise<string | undefined> {
  const near = [...new Set(neighbours(word))]
    .map((it) => ({ word: it, frequency: sources.index.documentFrequency(it) }))
    .filter((it) => it.frequency > 0)
    .sort((a, b) => b.frequency - a.frequency)
    .slice(0, VERIFIED);
  for (const { word: found } of near) if (await isWritten(sources, found)) return found;
  return undefined;
}

/** The index knows words by their stems, so that "workes" has the frequency of "work": the text must have the word itself. */
async function isWritten(sources: SearchSources, word: string): Promise<boolean> {
  const [hit] = await sources.index.searchFiles(word, 1, { path: 0, symbols: 1, body: 1 });
  const text = hit && (await sources.fileText(hit.path));
  return (
    (text !== undefined &&
      new RegExp(`(?<![a-z])${word.replaceAll("$", "\\$")}(?![a-z])`, "i").test(text.replace(/([a-z\d])([A-Z])/g, "$1 $2"))) ||
    (text?.includes(word) ?? false)
  );
}

function* neighbours(word: string): Generator<string> {
  for (let at = 1; at < word.length; at++) {
    const before = word.slice(0, at);
    const after = word.slice(at + 1);
    if (after && after[0] !== word[at]) yield before + after[0] + word[at] + after.slice(1);
    yield before + after;
    for (const letter of LETTERS) {
      yield before + letter + after;
      yield before + letter + word.slice(at);
    }
  }
  for (const letter of LETTERS) yield word + letter;
}
