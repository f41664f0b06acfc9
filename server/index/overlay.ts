/**
 * Unsaved text of open files, in place of their saved text: searchable by words at once, never written to the database.
 *
 * Its passages have ids below 0, used again once free, so that they stay few.
 */
import type { PassageText } from "../../native/addon.ts";
import type { PassageLines } from "./types.ts";

export interface UnsavedPassage extends PassageLines {
  path: string;
}

export class Overlay {
  readonly #byPath = new Map<string, number[]>();
  readonly #byId = new Map<number, { lines: UnsavedPassage; text: PassageText }>();
  readonly #free: number[] = [];
  #lowest = 0;

  /** The lowest id ever given. */
  get lowest(): number {
    return this.#lowest;
  }

  has(path: string): boolean {
    return this.#byPath.has(path);
  }

  get paths(): number {
    return this.#byPath.size;
  }

  passage(id: number): UnsavedPassage | undefined {
    return this.#byId.get(id)?.lines;
  }

  /** All of them, for a word index made anew. */
  texts(): PassageText[] {
    return [...this.#byId.values()].map(({ text }) => text);
  }

  /** Replaces the unsaved passages of a path; null: the file has none. Returns what to add to the word index and which ids to remove. */
  set(path: string, passages: (PassageLines & { symbols: string; text: string })[] | null): { added: PassageText[]; removed: Int32Array } {
    const old = this.#byPath.get(path) ?? [];
    const added = (passages ?? []).map(({ startLine, endLine, symbols, text }) => {
      const id = this.#free.pop() ?? --this.#lowest;
      const passage = { id, path, symbols, body: text };
      this.#byId.set(id, { lines: { path, startLine, endLine }, text: passage });
      return passage;
    });
    for (const id of old) this.#byId.delete(id);
    this.#free.push(...old);
    if (passages)
      this.#byPath.set(path, added.map(({ id }) => id)); // biome-ignore format: one thought
    else this.#byPath.delete(path);
    return { added, removed: Int32Array.from(old) };
  }
}
