/**
 * How much the rest of the repository uses what a file defines: the core of a project is named in many places, its corners in few.
 *
 * The references of a definition are the passages that hold its name, which the word index counts. Only names that are words of code alone
 * (humps, underscores) are counted: others would count prose.
 */
import type { IndexReader } from "../index/api.ts";
import type { Candidate } from "./candidates.ts";

/** Known by document: a document never changes, and what others write of it changes slowly. */
const known = new WeakMap<IndexReader, Map<number, number>>();
/** Documents kept; all are forgotten beyond. */
const MOST = 50_000;

/** Sets `uses` of the candidates: 0..1, the logarithm of the references as a share of that of all `passages`. */
export async function findUses(index: IndexReader, candidates: readonly Candidate[], passages: number): Promise<void> {
  let references = known.get(index);
  if (!references || references.size > MOST) {
    references = new Map();
    known.set(index, references);
  }
  const files = candidates.flatMap(({ document }) => document ?? []);
  const fresh = files.map(({ id }) => id).filter((id) => !references.has(id));
  const names = fresh.length > 0 ? await index.namesOf(fresh) : [];
  for (const [at, id] of fresh.entries()) references.set(id, referencesOf(index, names[at] ?? []));
  for (const candidate of candidates) {
    const count = candidate.document ? (references.get(candidate.document.id) ?? 0) : 0;
    candidate.uses = Math.min(1, Math.log1p(count) / Math.log1p(Math.max(1, passages)));
  }
}

function referencesOf(index: IndexReader, names: readonly string[]): number {
  let count = 0;
  for (const name of names) if (isDistinctive(name)) count += Math.max(0, index.documentFrequency(name) - 1); // one is the definition
  return count;
}

function isDistinctive(name: string): boolean {
  return /[a-z\d][A-Z]|[^_]_[^_]/.test(name);
}
