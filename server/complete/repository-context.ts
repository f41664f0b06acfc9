/**
 * What the repository says about a cursor, as text for a model that has no memory of it.
 *
 * First the definitions that the file can name: members of the receiver, then what it imports, a signature each; then passages
 * with the same words as the lines around the cursor. What stands in the file already, or twice, is left out. The most telling part
 * comes last, nearest to the code.
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
const signatureShare = 0.5;
const mostPassages = 12;
/** Lines above the cursor whose words are looked for. */
const queryLines = 6;

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
  const query = `${prefix.split("\n").slice(-queryLines).join(" ")} ${suffix.split("\n").slice(0, 3).join(" ")}`;
  const hits = await sources.index.searchFiles(query, mostPassages * 2, { path: 0.5, symbols: 1, body: 1 });
  const parts: ContextPart[] = [];
  let left = budget;
  for (const hit of hits.filter((one) => one.path !== path).slice(0, mostPassages)) {
    const lines = (await sources.fileText(hit.path))?.split("\n").slice(hit.startLine - 1, hit.endLine) ?? [];
    const known = taken.filter((part) => part.path === hit.path).map((part) => part.text);
    const text = lines.filter((line) => line.trim() !== "" && !known.some((one) => one.includes(line.trim()))).join("\n");
    if (text === "" || text.length + hit.path.length + 2 > left) continue;
    parts.push({ path: hit.path, text });
    left -= text.length + hit.path.length + 2;
  }
  return parts;
}

function sizeOf(parts: readonly ContextPart[]): number {
  return parts.reduce((sum, { path, text }) => sum + path.length + text.length + 2, 0);
}
