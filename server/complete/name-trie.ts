/**
 * Which tokens may begin one of many names, with the best name each may become: the vocabulary as a tree of bytes.
 *
 * Each token stands in it twice: whole, and without its first byte, for " name" and "(name". A name is walked down once, however many
 * tokens begin it.
 */

export interface Begun {
  ids: number[];
  /** Of the best name that each may become. */
  scores: number[];
}

const mostPaths = 50_000;

export class NameTrie {
  /** node * 256 + byte -> node; the root is 0. */
  readonly #next = new Map<number, number>();
  /** By node: the tokens that end there, and what stands before them ("" for the whole token). */
  readonly #ends: { lead: string; id: number }[][] = [[]];
  /** The nodes below the root that a name leads through; names come again with every token and key. */
  readonly #paths = new Map<string, Int32Array>();
  readonly #starts = new WeakMap<ReadonlyMap<string, number>, Map<string, Begun>>();
  /** By node: the best score of the call under way. */
  readonly #scores: Float64Array;

  /** `tokens`: ids with their bytes as byte strings. */
  constructor(tokens: Iterable<readonly [id: number, bytes: string]>) {
    for (const [id, bytes] of tokens) {
      this.#add(bytes, { lead: "", id });
      if (bytes.length > 1) this.#add(bytes.slice(1), { lead: bytes[0] as string, id });
    }
    this.#scores = new Float64Array(this.#ends.length);
  }

  /** `best` of names that do not change. */
  startsOf(names: ReadonlyMap<string, number>): ReadonlyMap<string, Begun> {
    const known = this.#starts.get(names) ?? this.best(names);
    this.#starts.set(names, known);
    return known;
  }

  /**
   * By lead: the tokens that begin a name with a score above 0, each once, with the best score of the names that begin with the token less its
   * lead. `written`: how many characters of every name are written already.
   */
  best(names: Iterable<readonly [name: string, score: number]>, written = 0): Map<string, Begun> {
    const scores = this.#scores;
    const reached: number[] = [];
    for (const [name, score] of names) {
      if (score <= 0) continue;
      const path = this.#path(written === 0 ? name : name.slice(written));
      for (let at = 0; at < path.length; at++) {
        const node = path[at] as number;
        const before = scores[node] as number;
        if (before === 0) reached.push(node);
        if (score > before) scores[node] = score;
      }
    }
    const found = new Map<string, Begun>();
    for (const node of reached) {
      for (const { lead, id } of this.#ends[node] as { lead: string; id: number }[]) {
        const begun = found.get(lead) ?? { ids: [], scores: [] };
        found.set(lead, begun);
        begun.ids.push(id);
        begun.scores.push(scores[node] as number);
      }
      scores[node] = 0;
    }
    return found;
  }

  #path(name: string): Int32Array {
    const known = this.#paths.get(name);
    if (known) return known;
    if (this.#paths.size >= mostPaths) this.#paths.clear();
    const path: number[] = [];
    const bytes = byteString(name);
    let node: number | undefined = 0;
    for (let at = 0; at < bytes.length; at++) {
      node = this.#next.get(node * 256 + bytes.charCodeAt(at));
      if (node === undefined) break;
      path.push(node);
    }
    const made = Int32Array.from(path);
    this.#paths.set(name, made);
    return made;
  }

  #add(bytes: string, end: { lead: string; id: number }): void {
    let node = 0;
    for (let at = 0; at < bytes.length; at++) {
      const key = node * 256 + bytes.charCodeAt(at);
      let next = this.#next.get(key);
      if (next === undefined) {
        next = this.#ends.push([]) - 1;
        this.#next.set(key, next);
      }
      node = next;
    }
    this.#ends[node]?.push(end);
  }
}

/** A character a byte. */
function byteString(text: string): string {
  return /[^\u0000-\u007f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}
