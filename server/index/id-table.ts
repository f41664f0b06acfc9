/**
 * What ids belong to, in memory: blocks of ids, each with a value. A question looks up hundreds of ids spread over the whole database, which costs
 * 20 us each in SQL and nothing here.
 *
 * Ids only grow and never come again, so a table is complete up to its last id, and what it still knows of blocks that are gone does no harm.
 */
export interface IdBlocks {
  /** Ascending. */
  firsts: number[];
  counts: number[];
  values: number[];
}

export class IdTable {
  /** Blocks with a first id above this one. */
  readonly #read: (after: number) => IdBlocks;
  readonly #firsts: number[] = [];
  readonly #ends: number[] = [];
  readonly #values: number[] = [];

  constructor(read: (after: number) => IdBlocks) {
    this.#read = read;
  }

  /** The value of the block that holds `id`, and the block's first id; undefined where none does. */
  find(id: number): { first: number; value: number } | undefined {
    if (id >= (this.#ends.at(-1) ?? 0)) this.#extend();
    let low = 0;
    let high = this.#firsts.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.#firsts[middle]! <= id) low = middle + 1;
      else high = middle;
    }
    if (low === 0 || id >= this.#ends[low - 1]!) return undefined;
    return { first: this.#firsts[low - 1]!, value: this.#values[low - 1]! };
  }

  #extend(): void {
    const { firsts, counts, values } = this.#read(this.#firsts.at(-1) ?? 0);
    firsts.forEach((first, i) => {
      this.#firsts.push(first);
      this.#ends.push(first + counts[i]!);
      this.#values.push(values[i]!);
    });
  }
}
