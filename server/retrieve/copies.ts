/**
 * Near-duplicate regions (forks, copies, versions of a file): the best one stands for all of them.
 *
 * Two regions are copies when most of their lines are the same, whatever their order and indentation. Short regions say too little.
 */
import type { Evidence } from "./types.ts";

/** Share of distinct lines in common (Jaccard) from which regions are copies. */
const SAME = 0.8;
/** Distinct lines a region must have to be judged: constructors of one family are as alike and say different things. */
const LONG_ENOUGH = 8;

export class Collapsing {
  readonly #kept: { evidence: Evidence; lines: Set<string> }[] = [];

  /** Keeps a region of a file, or counts it as a copy of one that is kept. */
  add(evidence: Evidence): void {
    const lines = linesOf(evidence.text);
    const original = this.#kept.find((it) => it.evidence.path !== evidence.path && areCopies(it.lines, lines));
    if (original) original.evidence.copies = (original.evidence.copies ?? 0) + 1;
    else this.#kept.push({ evidence, lines });
  }

  get size(): number {
    return this.#kept.length;
  }

  /** What is kept, in the order it was added, each with the number of its copies among its reasons. */
  evidence(): Evidence[] {
    return this.#kept.map(({ evidence }) =>
      evidence.copies ? { ...evidence, reasons: [...evidence.reasons, told(evidence.copies)] } : evidence,
    );
  }
}

function told(copies: number): string {
  return copies === 1 ? "1 copy elsewhere" : `${copies} copies elsewhere`;
}

function linesOf(text: string): Set<string> {
  return new Set(
    text
      .split("\n")
      .map((line) => line.trim())
      .filter((line) => line.length > 1),
  );
}

function areCopies(a: ReadonlySet<string>, b: ReadonlySet<string>): boolean {
  if (Math.min(a.size, b.size) < LONG_ENOUGH || Math.min(a.size, b.size) < SAME * Math.max(a.size, b.size)) return false;
  let common = 0;
  for (const line of a) if (b.has(line)) common++;
  return common >= SAME * (a.size + b.size - common);
}
