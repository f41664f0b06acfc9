/** The parts of commits that the engine holds: which commit each is of. They come out of the cache after the files, and never keep a start waiting. */
import type { Index } from "../index/index.ts";
import type { EngineDocuments } from "./engine-documents.ts";

/** Parts asked of the cache at a time, so that others come in between. */
const atOnce = 1_000;

export class HeldCommits {
  readonly #held: EngineDocuments;
  readonly #index: Index;
  readonly #shas = new Map<number, string>();
  #filling: Promise<void> = Promise.resolve();
  /** What was encoded up to this transaction of the index is held. */
  #number = 0;

  constructor(held: EngineDocuments, index: Index) {
    this.#held = held;
    this.#index = index;
  }

  /** Full sha of the commit that a document of the engine is part of; undefined for files. */
  commitOf(document: number): string | undefined {
    return this.#shas.get(document);
  }

  add(rows: readonly { id: number; commit: string }[]): void {
    for (const { id, commit } of rows) this.#shas.set(id, commit);
  }

  remove(documents: readonly number[]): void {
    for (const id of documents) this.#shas.delete(id);
  }

  /** Nothing that is held means anything any more: the index starts anew. */
  clear(): void {
    this.#held.remove([...this.#shas.keys()]);
    this.#shas.clear();
    this.#filling = this.#filling.then(() => {
      this.#number = 0;
    });
  }

  /**
   * Adds what was encoded since the last time and is not held, newest first; what the cache has lost is queued anew. Ends early when `signal`
   * is aborted.
   */
  fill(signal: AbortSignal): Promise<void> {
    const filling = this.#filling.then(() => this.#fill(signal));
    this.#filling = filling.catch(() => {}); // the caller hears it
    return filling;
  }

  async #fill(signal: AbortSignal): Promise<void> {
    const { number, parts } = await this.#index.encodedParts(this.#number);
    const missing = parts.filter(({ document, encoding }) => this.#held.encodingOf(document) !== encoding);
    for (let from = 0; from < missing.length; from += atOnce) {
      if (signal.aborted) return;
      const some = missing.slice(from, from + atOnce);
      const lost = await this.#held.fill(some.map(({ document, encoding }) => ({ document, encoding, landmarksOnly: true })));
      if (lost.length > 0 && this.#index.writable) await this.#index.forgetEncodings(lost.map(({ encoding }) => encoding));
      this.add(some.map(({ document, sha }) => ({ id: document, commit: sha })));
    }
    this.#number = number;
  }
}
