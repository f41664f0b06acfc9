/** For tests: a vocabulary of single bytes and a few words, and a session that says a text it was given. */
import type { Attended, Step, Tokenized } from "../../native/addon.ts";
import { NativeError } from "../../native/addon.ts";
import { SPECIAL } from "../../native/tokenizer.ts";
import type { DecodeSession } from "./token-tree.ts";

/** Number of special tokens, which have no bytes. */
export const specials = 8;
const words = ["foo", "foob", "bar", "()", "\n    ", "getUser"];

/** Id: specials, then one token a byte, then the words. */
export const toyTokenizer = {
  vocabulary(): Uint8Array[] {
    const none = Array.from({ length: specials }, () => new Uint8Array());
    return [
      ...none,
      ...Array.from({ length: 256 }, (_, byte) => Uint8Array.of(byte)),
      ...words.map((word) => new TextEncoder().encode(word)),
    ];
  },
  encodeText(string: string): Tokenized {
    const text = new TextEncoder().encode(string);
    const ids: number[] = [];
    const ends: number[] = [];
    for (let at = 0; at < text.length; ) {
      const word = longestWord(text, at);
      ids.push(word < 0 ? specials + (text[at] as number) : specials + 256 + word);
      at += word < 0 ? 1 : (words[word] as string).length;
      ends.push(at);
    }
    return { ids: Int32Array.from(ids), ends: Int32Array.from(ends) };
  },
};

function longestWord(text: Uint8Array, at: number): number {
  let best = -1;
  for (const [index, word] of words.entries()) {
    const here = Buffer.from(text.subarray(at, at + word.length)).toString("latin1") === word;
    if (here && (best < 0 || word.length > (words[best] as string).length)) best = index;
  }
  return best;
}

/** Wants to say `line` after the context's text, token by token, then <eof>; every token with about the same certainty. */
export class ToySession implements DecodeSession {
  readonly begun: { ids: Int32Array; hidden: Int32Array }[] = [];
  line: string;
  /** Instead: a line for each context. */
  lines: string[] = [];
  attended: Attended[] = [];
  /** Resolves calls: tests hold a session up with it. */
  ready: Promise<void> = Promise.resolve();
  certainty = 12;
  cancelled = 0;
  #said: number[] = [];

  constructor(line: string) {
    this.line = line;
  }

  async begin(ids: Int32Array, hidden: Int32Array): Promise<Step> {
    this.#said = [...ids.slice(ids.indexOf(SPECIAL.mid) + 1)];
    if (this.#said.length > 0) return this.#step(); // back to a place after the same context
    this.begun.push({ ids, hidden });
    this.line = this.lines.shift() ?? this.line;
    return this.#step();
  }

  async next(token: number): Promise<Step> {
    this.#said.push(token);
    return this.#step();
  }

  /** The last line of the text before the cursor, for each context; what is left out to be healed is missing. */
  prefixes(): string[] {
    return this.begun.map(({ ids }) => {
      const bytes = [...ids.slice(0, ids.indexOf(SPECIAL.suf))].map((id) =>
        Buffer.from(toyTokenizer.vocabulary()[id] ?? []).toString("latin1"),
      );
      return bytes.join("").split("\n").at(-1) as string;
    });
  }

  cancel(): void {
    this.cancelled++;
  }

  async #step(): Promise<Step> {
    const before = this.cancelled;
    await this.ready;
    if (this.cancelled > before) throw new NativeError({ failed: true, code: "cancelled", message: "cancelled" });
    const logits = new Float32Array(specials + 256 + words.length);
    const left = toyTokenizer.encodeText(this.line).ids.slice(this.#said.length);
    logits[left[0] ?? SPECIAL.eof] = this.certainty;
    return { logits, attended: this.attended, computed: 1 };
  }
}
