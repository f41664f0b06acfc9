/** What was read of documents, kept by those asked for last: the next question often looks at the same files. A document never changes. */

export class Kept<T> {
  readonly #read: (documents: readonly number[]) => Promise<T[]>;
  readonly #sizeOf: (value: T) => number;
  readonly #most: number;
  /** The latest at the end. */
  readonly #values = new Map<number, T>();
  #size = 0;

  /** `sizeOf`: at 0 a value is not kept; beyond `most` together, what was asked for longest ago is forgotten. */
  constructor(read: (documents: readonly number[]) => Promise<T[]>, sizeOf: (value: T) => number, most: number) {
    this.#read = read;
    this.#sizeOf = sizeOf;
    this.#most = most;
  }

  /** Of several documents, in their order. */
  async of(documents: readonly number[]): Promise<T[]> {
    const found = new Map(documents.map((document) => [document, this.#values.get(document)]));
    const missing = [...found.keys()].filter((document) => found.get(document) === undefined);
    const read = missing.length > 0 ? await this.#read(missing) : [];
    for (const [at, document] of missing.entries()) found.set(document, read[at] as T);
    for (const [document, value] of found) this.#keep(document, value as T);
    return documents.map((document) => found.get(document) as T);
  }

  clear(): void {
    this.#values.clear();
    this.#size = 0;
  }

  #keep(document: number, value: T): void {
    this.#forget(document);
    if (this.#sizeOf(value) === 0) return;
    this.#values.set(document, value);
    this.#size += this.#sizeOf(value);
    for (const oldest of this.#values.keys()) {
      if (this.#size <= this.#most) break;
      this.#forget(oldest);
    }
  }

  #forget(document: number): void {
    const value = this.#values.get(document);
    if (value === undefined) return;
    this.#values.delete(document);
    this.#size -= this.#sizeOf(value);
  }
}
