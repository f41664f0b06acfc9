/** Outlines of documents, kept by those who asked last: the next question often looks at the same files. A document never changes. */
import type { StoreReader } from "./store-reader.ts";
import type { StoreThread } from "./store-thread.ts";
import type { OutlineRow } from "./types.ts";

/** Definitions kept; beyond, what was asked for longest ago is forgotten. */
const keptRows = 100_000;

export class Outlines {
  readonly #reader: Pick<StoreThread<StoreReader>, "call">;
  /** The latest at the end. */
  readonly #kept = new Map<number, readonly OutlineRow[]>();
  #rows = 0;

  constructor(reader: Pick<StoreThread<StoreReader>, "call">) {
    this.#reader = reader;
  }

  /** Of several documents, in their order. */
  async of(documents: readonly number[]): Promise<(readonly OutlineRow[])[]> {
    const found = new Map(documents.map((document) => [document, this.#kept.get(document)]));
    const missing = documents.filter((document) => !found.get(document));
    if (missing.length > 0) {
      const read = await this.#reader.call("outlines", missing);
      for (const [at, document] of missing.entries()) found.set(document, JSON.parse(read[at] ?? "[]"));
    }
    for (const [document, rows] of found) this.#keep(document, rows ?? []);
    return documents.map((document) => found.get(document) ?? []);
  }

  #keep(document: number, rows: readonly OutlineRow[]): void {
    this.#forget(document);
    this.#kept.set(document, rows);
    this.#rows += 1 + rows.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#rows <= keptRows) break;
      this.#forget(oldest);
    }
  }

  #forget(document: number): void {
    const rows = this.#kept.get(document);
    if (!rows) return;
    this.#kept.delete(document);
    this.#rows -= 1 + rows.length;
  }
}
