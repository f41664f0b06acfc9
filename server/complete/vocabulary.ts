/** The vocabulary by its bytes: which tokens may come next where the bytes to come are known (token healing). */

import { SPECIAL } from "../../native/tokenizer.ts";
import { NameTrie } from "./name-trie.ts";

/** Built once a tokenizer. Byte strings have one character a byte. */
export class Vocabulary {
  readonly size: number;
  readonly #texts: string[];
  /** Ids in the order of their bytes, specials left out. */
  readonly #sorted: Int32Array;
  readonly #ending: Uint8Array;
  readonly #exact = new Map<string, number>();
  /** Tokens that begin a name, with at most one character before it. */
  readonly beginningName: Int32Array;
  /** Those of them that close a name before them. */
  readonly closingName: Int32Array;
  /** Tokens that cannot continue a name: it ends before them. */
  readonly endingName: Int32Array;
  /** Tokens that may follow an argument. */
  readonly endingArgument: Int32Array;
  /** Tokens that end a line, the stop among them. */
  readonly endingLine: Int32Array;
  readonly #endsName: Uint8Array;
  readonly names: NameTrie;

  /** `entries`: bytes by id, as NativeTokenizer.vocabulary() gives them. */
  constructor(entries: readonly Uint8Array[]) {
    this.size = entries.length;
    this.#texts = entries.map((bytes) => Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1"));
    this.#ending = Uint8Array.from(this.#texts, (text) => (/^[ \t\r]*\n/.test(text) ? 1 : 0));
    const ids = entries.map((_, id) => id).filter((id) => this.text(id) !== "");
    for (const id of ids) this.#exact.set(this.text(id), id);
    this.#sorted = Int32Array.from([...this.#exact.keys()].sort(), (text) => this.#exact.get(text) as number); // no two have the same bytes
    this.#endsName = new Uint8Array(this.size);
    const texts = new Map(ids.map((id) => [id, textOf(this.text(id))]));
    this.beginningName = Int32Array.from(ids.filter((id) => /^[^\p{L}\p{N}\s]?[\p{L}_$]|^ [\p{L}_$]/u.test(texts.get(id) as string)));
    this.endingName = Int32Array.from(ids.filter((id) => !/^[\p{L}\p{N}_$]/u.test(texts.get(id) as string)));
    this.endingArgument = Int32Array.from(ids.filter((id) => /^\s*[,)\]};:]/.test(texts.get(id) as string)));
    this.endingLine = Int32Array.from([...ids.filter((id) => this.endsLine(id)), SPECIAL.eof]);
    for (const id of this.endingName) this.#endsName[id] = 1;
    this.closingName = this.beginningName.filter((id) => this.#endsName[id] === 1);
    this.names = new NameTrie(ids.map((id) => [id, this.text(id)]));
  }

  /** Whether a name that stands before the token ends there. */
  endsName(id: number): boolean {
    return this.#endsName[id] === 1;
  }

  /** The token of exactly these bytes. */
  id(bytes: string): number | undefined {
    return this.#exact.get(bytes);
  }

  /** Whether nothing but blanks stands before the token's first line end. */
  endsLine(id: number): boolean {
    return this.#ending[id] === 1;
  }

  text(id: number): string {
    return this.#texts[id] ?? "";
  }

  /** Tokens that begin with `start`. */
  from(start: string): Int32Array {
    if (start === "") return this.#sorted;
    const next = start.slice(0, -1) + String.fromCharCode(start.charCodeAt(start.length - 1) + 1);
    return this.#sorted.subarray(this.#lowerBound(start), this.#lowerBound(next));
  }

  /** Tokens that begin with `required`, and those that are a beginning of it; all but the specials where it is "". */
  beginning(required: string): Int32Array {
    const longer = this.from(required);
    const parts: number[] = [];
    for (let length = 1; length < required.length; length++) {
      const id = this.#exact.get(required.slice(0, length));
      if (id !== undefined) parts.push(id);
    }
    return parts.length === 0 ? longer : Int32Array.from([...parts, ...longer]);
  }

  #lowerBound(text: string): number {
    let low = 0;
    let high = this.#sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.text(this.#sorted[middle] as number) < text) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}

/** Text of a byte string. An incomplete character at the end becomes U+FFFD. */
export function textOf(bytes: string): string {
  return /[^\u0000-\u007f]/.test(bytes) ? Buffer.from(bytes, "latin1").toString("utf8") : bytes;
}
