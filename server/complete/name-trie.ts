/**
 * Which tokens may begin one of many names, with the best name each may become: the vocabulary as a tree of bytes.
 *
 * Each token stands in it whole and, where it begins with what can stand before a name, without its first byte, for " name" and "(name". A name is
 * walked down once, however many tokens begin it.
 */

export interface Begun {
  ids: number[];
  /** Of the best name that each may become. */
  scores: number[];
}

const mostPaths = 50_000;
/** Of nodes where no token ends. */
const none: { lead: string; id: number }[] = [];

export class NameTrie {
  /** Children of the root by byte; by node: its first child, the next of its parent's children, the byte that leads to it. None is 0. */
  readonly #first = new Int32Array(256);
  readonly #child: Int32Array;
  readonly #sibling: Int32Array;
  readonly #byte: Uint8Array;
  /** By node: the tokens that end there, and what stands before them ("" for the whole token). */
  readonly #ends: { lead: string; id: number }[][] = [[]];
  /** The nodes below the root that a name leads through; names come again with every token and key. */
  readonly #paths = new Map<string, Int32Array>();
  readonly #starts = new WeakMap<ReadonlyMap<string, number>, Map<string, Begun>>();
  /** By node: the best score of the call under way. */
  readonly #scores: Float64Array;

  /** `tokens`: ids with their bytes as byte strings. */
  constructor(tokens: readonly (readonly [id: number, bytes: string])[]) {
    const most = 1 + 2 * tokens.reduce((sum, [, { length }]) => sum + length, 0);
    this.#child = new Int32Array(most);
    this.#sibling = new Int32Array(most);
    this.#byte = new Uint8Array(most);
    for (const [id, bytes] of tokens) {
      this.#add(bytes, { lead: "", id });
      if (bytes.length > 1 && isLead(bytes.charCodeAt(0))) this.#add(bytes.slice(1), { lead: bytes[0] as string, id });
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
    for (let at = 0, node = 0; at < bytes.length; at++) {
      node = this.#below(node, bytes.charCodeAt(at));
      if (node === 0) break;
      path.push(node);
    }
    const made = Int32Array.from(path);
    this.#paths.set(name, made);
    return made;
  }

  /** The child that a byte leads to; 0 where there is none. */
  #below(node: number, byte: number): number {
    if (node === 0) return this.#first[byte] as number;
    let child = this.#child[node] as number;
    while (child !== 0 && this.#byte[child] !== byte) child = this.#sibling[child] as number;
    return child;
  }

  #add(bytes: string, end: { lead: string; id: number }): void {
    let node = 0;
    for (let at = 0; at < bytes.length; at++) {
      const byte = bytes.charCodeAt(at);
      node = this.#below(node, byte) || this.#grow(node, byte);
    }
    const ends = this.#ends[node];
    if (ends === none) this.#ends[node] = [end];
    else ends?.push(end);
  }

  #grow(node: number, byte: number): number {
    const made = this.#ends.push(none) - 1;
    this.#byte[made] = byte;
    if (node === 0) this.#first[byte] = made;
    this.#sibling[made] = this.#child[node] as number;
    this.#child[node] = made;
    return made;
  }
}

/** Whether a byte can stand before a name without being part of it. */
function isLead(byte: number): boolean {
  return byte < 128 && !/[\w$]/.test(String.fromCharCode(byte));
}

/** A character a byte. */
function byteString(text: string): string {
  return /[^\u0000-\u007f]/.test(text) ? Buffer.from(text, "utf8").toString("latin1") : text;
}
