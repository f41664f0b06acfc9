/**
 * What the repository says about a cursor, as text for a model that has no memory of it.
 *
 * First the definitions that the file can name, a signature each: members of the receiver, what it imports. Then, of the passages
 * with the same words as the lines around the cursor, the few lines that are most like them: many short pieces say more names than few
 * whole passages. What stands twice is left out. The most telling part comes last, nearest to the code.
 */
import type { IndexReader } from "../index/api.ts";
import type { Definition, KnownNames, NameSources } from "./known-names.ts";
import type { Surroundings } from "./surroundings.ts";

export interface ContextSources extends NameSources {
  readonly index: NameSources["index"] & Pick<IndexReader, "searchFiles">;
}

/** Lines of one file, or signatures of its definitions. */
export interface ContextPart {
  path: string;
  text: string;
}

export interface ContextQuestion {
  path: string;
  prefix: string;
  suffix: string;
  around: Surroundings;
  known: KnownNames;
  /** Characters of all parts together. */
  budget: number;
}

/** Of the budget: signatures. Passages take what is left. */
const signatureShare = 0.1;
const mostPassages = 48;
/** Lines of a passage that are taken: more where there is room, for few passages are much like the place. */
const pieceLines = (budget: number) => Math.round(6 + budget / 400);
/** Lines above the cursor whose words are looked for, and those that pieces are to be like. */
const queryLines = 6;
const likeLines = 12;

/** Least telling first. */
export async function repositoryContext(sources: ContextSources, question: ContextQuestion): Promise<ContextPart[]> {
  const signatures = signatureParts(question, question.budget * signatureShare);
  const left = question.budget - sizeOf(signatures);
  const passages = await passageParts(sources, question, left, signatures);
  return [...passages.reverse(), ...signatures.reverse()];
}

/** Signatures by file, the files in the order of their first. */
function signatureParts({ path, around, known }: ContextQuestion, budget: number): ContextPart[] {
  const byPath = new Map<string, string[]>();
  const seen = new Set<string>();
  let left = budget;
  for (const { signature, path: from } of ordered(around, known)) {
    if (from === path || signature === "" || seen.has(signature)) continue;
    const lines = byPath.get(from) ?? [];
    const cost = signature.length + 1 + (lines.length === 0 ? from.length + 1 : 0);
    if (cost > left) break;
    seen.add(signature);
    byPath.set(from, [...lines, signature]);
    left -= cost;
  }
  return [...byPath].map(([from, lines]) => ({ path: from, text: lines.join("\n") }));
}

/** Members of the receiver, names in import statements, the rest of imported files. */
function ordered(around: Surroundings, known: KnownNames): Definition[] {
  const all = [...known.definitions.values()].flat().filter((one) => one.scope === "imported");
  const named = (one: Definition) => (around.occurrences.get(one.name)?.imported ?? 0) > 0;
  const outer = (one: Definition) => one.container === "";
  return [
    ...known.members,
    ...all.filter(named),
    ...all.filter((one) => !named(one) && outer(one)),
    ...all.filter((one) => !named(one) && !outer(one)),
  ];
}

async function passageParts(
  sources: ContextSources,
  { path, prefix, suffix }: ContextQuestion,
  budget: number,
  taken: readonly ContextPart[],
): Promise<ContextPart[]> {
  const above = prefix.split("\n");
  const query = `${above.slice(-queryLines).join(" ")} ${suffix.split("\n").slice(0, 3).join(" ")}`;
  const hits = await sources.index.searchFiles(query, mostPassages, { path: 0.5, symbols: 1, body: 1 });
  const weights = wordWeights(above.slice(-likeLines));
  const most = pieceLines(budget);
  const seen = new Set(taken.flatMap((part) => part.text.split("\n")));
  const parts: ContextPart[] = [];
  let left = budget;
  for (const hit of hits.filter((one) => one.path !== path)) {
    const lines = (await sources.fileText(hit.path))?.split(/\r?\n/).slice(hit.startLine - 1, hit.endLine) ?? [];
    const piece = likest(lines.filter(saysSomething), most, weights).filter((line) => !seen.has(line.trim()));
    const text = dedented(piece);
    if (text === "" || text.length + hit.path.length + 2 > left) continue;
    for (const line of piece) seen.add(line.trim());
    parts.push({ path: hit.path, text });
    left -= text.length + hit.path.length + 2;
  }
  return parts;
}

/** By word: how near above the cursor it stands, the line itself 1. */
function wordWeights(lines: readonly string[]): Map<string, number> {
  const weights = new Map<string, number>();
  for (const [at, line] of lines.entries()) for (const word of wordsIn(line)) weights.set(word, 2 / (1 + lines.length - at));
  return weights;
}

/** So many lines in a row that share most with the words. */
function likest(lines: readonly string[], count: number, weights: ReadonlyMap<string, number>): readonly string[] {
  const likeness = lines.map((line) => [...wordsIn(line)].reduce((sum, word) => sum + (weights.get(word) ?? 0), 0));
  let best = 0;
  let most = -1;
  for (let start = 0; start <= Math.max(0, lines.length - count); start++) {
    const sum = likeness.slice(start, start + count).reduce((a, b) => a + b, 0);
    if (sum > most) [best, most] = [start, sum];
  }
  return lines.slice(best, best + count);
}

function saysSomething(line: string): boolean {
  return /[\p{L}_]{2}/u.test(line);
}

function wordsIn(text: string): Set<string> {
  return new Set(text.match(/[\p{L}_][\p{L}\p{N}_]{2,}/gu));
}

function dedented(lines: readonly string[]): string {
  const indent = Math.min(...lines.map((line) => line.search(/\S/)));
  return lines.map((line) => line.slice(indent).trimEnd()).join("\n");
}

function sizeOf(parts: readonly ContextPart[]): number {
  return parts.reduce((sum, { path, text }) => sum + path.length + text.length + 2, 0);
}
