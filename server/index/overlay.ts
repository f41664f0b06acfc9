/**
 * Unsaved text of open files, in place of their saved text: searchable by words at once, never written to the database.
 *
 * Its passages have ids below 0, used again once free, so that they stay few.
 */
import type { PassageText } from "../../native/addon.ts";
import type { PassageLines, PreparedFile, SymbolDefinition } from "./types.ts";

export interface UnsavedPassage extends PassageLines {
  path: string;
}

export class Overlay {
  readonly #byPath = new Map<string, { ids: number[]; symbols: readonly SymbolDefinition[] }>();
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

  /** The definitions in a path's unsaved text; undefined where it has none. */
  symbols(path: string): readonly SymbolDefinition[] | undefined {
    return this.#byPath.get(path)?.symbols;
  }

  /** Every definition in unsaved text, with its path. */
  *allSymbols(): Generator<{ path: string; symbol: SymbolDefinition }> {
    for (const [path, { symbols }] of this.#byPath) for (const symbol of symbols) yield { path, symbol };
  }

  passage(id: number): UnsavedPassage | undefined {
    return this.#byId.get(id)?.lines;
  }

  /** All of them, for a word index made anew. */
  texts(): PassageText[] {
    return [...this.#byId.values()].map(({ text }) => text);
  }

  /** Replaces the unsaved text of a path; null: the file has none. Returns what to add to the word index and which ids to remove. */
  set(path: string, text: Pick<PreparedFile, "passages" | "symbols"> | null): { added: PassageText[]; removed: Int32Array } {
    const old = this.#byPath.get(path)?.ids ?? [];
    const added = (text?.passages ?? []).map(({ startLine, endLine, symbols, text: body }) => {
      const id = this.#free.pop() ?? --this.#lowest;
      const passage = { id, path, symbols, body };
      this.#byId.set(id, { lines: { path, startLine, endLine }, text: passage });
      return passage;
    });
    for (const id of old) this.#byId.delete(id);
    this.#free.push(...old);
    if (text) this.#byPath.set(path, { ids: added.map(({ id }) => id), symbols: text.symbols });
    else this.#byPath.delete(path);
    return { added, removed: Int32Array.from(old) };
  }
}
