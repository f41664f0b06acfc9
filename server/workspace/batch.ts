/** Gathers what arrives in bursts and hands it over together. */

/** Hands over after this many milliseconds without anything new ... */
const idleMs = 50;
/** ... and at the latest so many after the first. */
const longestMs = 200;

export class Batch<T> {
  readonly #deliver: (items: Set<T>) => void;
  #items = new Set<T>();
  #idle: NodeJS.Timeout | undefined;
  #latest: NodeJS.Timeout | undefined;

  constructor(deliver: (items: Set<T>) => void) {
    this.#deliver = deliver;
  }

  add(item: T): void {
    this.#items.add(item);
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this.#flush(), idleMs);
    this.#latest ??= setTimeout(() => this.#flush(), longestMs);
  }

  /** Drops what is waiting; nothing is delivered afterwards until something is added. */
  clear(): void {
    clearTimeout(this.#idle);
    clearTimeout(this.#latest);
    this.#idle = this.#latest = undefined;
    this.#items = new Set();
  }

  #flush(): void {
    const items = this.#items;
    this.clear();
    if (items.size > 0) this.#deliver(items);
  }
}
