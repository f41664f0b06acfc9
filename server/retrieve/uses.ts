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
  const counts = references;
  await Promise.all(
    candidates.map(async (candidate) => {
      const { document } = candidate;
      if (!document) return;
      const count = counts.get(document.id) ?? (await referencesOf(index, document.id));
      counts.set(document.id, count);
      candidate.uses = Math.min(1, Math.log1p(count) / Math.log1p(Math.max(1, passages)));
    }),
  );
}

async function referencesOf(index: IndexReader, document: number): Promise<number> {
  const names = new Set((await index.symbolsOf(document)).map((symbol) => symbol.name).filter(isDistinctive));
  let count = 0;
  for (const name of names) count += Math.max(0, index.documentFrequency(name) - 1); // one is the definition
  return count;
}

function isDistinctive(name: string): boolean {
  return /[a-z\d][A-Z]|[^_]_[^_]/.test(name);
}
