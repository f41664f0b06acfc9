/**
 * The native word index: passages by their words, ranked by BM25F (native/words/search.h).
 *
 * Writes take effect in the order of the calls, also where they are not awaited.
 */
import { type FieldWeights, type NativeAddon, type NativeWords, type PassageText, unwrap, type WordHits } from "./addon.ts";

export class Words {
  readonly #native: NativeWords;

  constructor(addon: NativeAddon) {
    this.#native = addon.createWords();
  }

  /** Adds passages; one whose id is there already is replaced. Throws NativeError "no-memory". */
  async add(passages: PassageText[]): Promise<void> {
    if (passages.length > 0) unwrap(await this.#native.add(passages));
  }

  /** Unknown ids are ignored. */
  remove(ids: Int32Array): void {
    unwrap(this.#native.remove(ids));
  }

  /** The best `k` passages for a query, best first; passages without any of its words are left out. */
  async search(query: string, k: number, weights: FieldWeights): Promise<WordHits> {
    return unwrap(await this.#native.search(query, k, weights));
  }

  /** The terms under which a text is indexed, in order. */
  terms(text: string): string[] {
    return this.#native.terms(text);
  }

  /** Number of passages with this word: the whole of an identifier, the stem of a plain word. */
  documentFrequency(word: string): number {
    return this.#native.documentFrequency(word);
  }

  /** `bytes` counts the index's own blocks, mapped ones included. `terms` is exact after a save or load, a lower bound otherwise. */
  stats(): ReturnType<NativeWords["stats"]> {
    return this.#native.stats();
  }

  /** Writes everything to an empty file open for writing. Throws NativeError "io". */
  async save(fd: number, transaction: number): Promise<void> {
    unwrap(await this.#native.save(fd, transaction));
  }

  /** Maps a saved file into this index, which must be empty; returns its transaction. Throws NativeError "io" when it is damaged. */
  async load(fd: number): Promise<number> {
    return unwrap(await this.#native.load(fd));
  }
}
