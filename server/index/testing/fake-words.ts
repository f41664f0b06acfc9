/**
 * A word index in TypeScript with the native one's contract, for tests of what is built around it. Exact where the contract is: adding
 * replaces, removing unknown ids does nothing, a saved file says when it is damaged. Scores are plain BM25F.
 */
import { createHash } from "node:crypto";
import { fstatSync, readSync, writeSync } from "node:fs";
import type { FieldWeights, NativeAddon, NativeWords, PassageText, Result, WordHits } from "../../../native/addon.ts";

export class FakeWords implements NativeWords {
  readonly #passages = new Map<number, PassageText>();

  async add(passages: PassageText[]): Promise<Result<true>> {
    for (const passage of passages) this.#passages.set(passage.id, passage);
    return true;
  }

  remove(ids: Int32Array): Result<true> {
    for (const id of ids) this.#passages.delete(id);
    return true;
  }

  async search(query: string, k: number, weights: FieldWeights): Promise<Result<WordHits>> {
    const words = [...new Set(this.terms(query))];
    const idf = words.map((word) => Math.log(1 + (this.#passages.size + 0.5) / (this.documentFrequency(word) + 0.5)));
    const mass = idf.reduce((sum, each) => sum + each, 0);
    const hits = [...this.#passages.values()].map((passage) => {
      const counts = words.map(
        (word) =>
          weights.path * this.#count(passage.path, word) +
          weights.symbols * this.#count(passage.symbols, word) +
          weights.body * this.#count(passage.body, word),
      );
      const score = counts.reduce((sum, count, i) => sum + (idf[i]! * count) / (count + 1), 0);
      const found = counts.reduce((sum, count, i) => sum + (count ? idf[i]! : 0), 0);
      return { id: passage.id, score, coverage: mass ? found / mass : 0 };
    });
    const best = hits.filter(({ score }) => score > 0).sort((a, b) => b.score - a.score || a.id - b.id).slice(0, k); // biome-ignore format: one thought
    return {
      ids: Int32Array.from(best, ({ id }) => id),
      scores: Float32Array.from(best, ({ score }) => score),
      coverage: Float32Array.from(best, ({ coverage }) => coverage),
    };
  }

  terms(text: string): string[] {
    return (text.match(/[\p{L}\p{N}_]+/gu) ?? []).map((word) => word.toLowerCase());
  }

  documentFrequency(word: string): number {
    const [term] = this.terms(word);
    if (!term) return 0;
    return [...this.#passages.values()].filter(({ path, symbols, body }) => this.#count(`${path} ${symbols} ${body}`, term) > 0).length;
  }

  stats(): { passages: number; terms: number; postings: number; bytes: number } {
    return { passages: this.#passages.size, terms: 0, postings: 0, bytes: 1000 * this.#passages.size };
  }

  async save(fd: number, transaction: number): Promise<Result<true>> {
    const content = JSON.stringify({ transaction, passages: [...this.#passages.values()] });
    writeSync(fd, `${createHash("sha256").update(content).digest("hex")}${content}`);
    return true;
  }

  async load(fd: number): Promise<Result<number>> {
    const bytes = Buffer.alloc(fstatSync(fd).size);
    readSync(fd, bytes, 0, bytes.length, 0);
    const content = bytes.subarray(64);
    if (createHash("sha256").update(content).digest("hex") !== bytes.subarray(0, 64).toString())
      return { failed: true, code: "io", message: "its checksum is wrong" };
    const { transaction, passages } = JSON.parse(content.toString());
    for (const passage of passages) this.#passages.set(passage.id, passage);
    return transaction;
  }

  #count(text: string, word: string): number {
    return this.terms(text).filter((term) => term === word).length;
  }
}

/** An addon of which only the word index works. */
export const fakeAddon: NativeAddon = {
  contract: 1,
  isa: () => "baseline",
  loadEngine: async () => ({ failed: true, code: "internal", message: "this addon has no engine" }),
  createTokenizer: async () => ({ failed: true, code: "internal", message: "this addon has no tokenizer" }),
  createWords: () => new FakeWords(),
};
