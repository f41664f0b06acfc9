/** Runs asynchronous work one after another, in the order asked for. */
export class Queue {
  #last: Promise<unknown> = Promise.resolve();

  /** Resolves or rejects as `work` does; what comes after runs either way. */
  run<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#last.then(work);
    this.#last = result.catch(() => undefined); // its caller hears of it
    return result;
  }

  /** Resolves when everything asked for so far has run. */
  async idle(): Promise<void> {
    await this.#last;
  }
}
