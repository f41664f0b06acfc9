/** What was found of the index, the last few values by key, kept while the index lists the same files. */
export class Kept<T> {
  readonly #most: number;
  readonly #byFiles = new WeakMap<object, Map<string, Promise<T>>>();

  constructor(most: number) {
    this.#most = most;
  }

  /** The value of a key, made once; the one that was asked for longest ago goes when there are too many, and one that fails goes at once. */
  get(files: object, key: string, make: () => Promise<T>): Promise<T> {
    const values = this.#byFiles.get(files) ?? new Map<string, Promise<T>>();
    this.#byFiles.set(files, values);
    const value = values.get(key) ?? make();
    values.delete(key);
    values.set(key, value);
    value.catch(() => values.delete(key));
    if (values.size > this.#most) values.delete(values.keys().next().value as string);
    return value;
  }
}
