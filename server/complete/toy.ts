/** For tests: a vocabulary of single bytes and a few words, and a session that says a text it was given. */
import type { Attended, Step, Tokenized } from "../../native/addon.ts";
import { NativeError } from "../../native/addon.ts";
import { SPECIAL } from "../../native/tokenizer.ts";
import { Distribution } from "./logits.ts";
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

  constructor(line: string) {
    this.line = line;
  }

  async begin(ids: Int32Array, hidden: Int32Array, before: number): Promise<Step> {
    const said = ids.length - ids.indexOf(SPECIAL.mid) - 1;
    if (said === 0) {
      this.begun.push({ ids, hidden });
      this.line = this.lines.shift() ?? this.line;
    }
    const asked = this.cancelled;
    await this.ready;
    if (this.cancelled > asked) throw new NativeError({ failed: true, code: "cancelled", message: "cancelled" });
    return { ...this.#after(said), before: Array.from({ length: before }, (_, at) => this.#after(said - before + at)) };
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

  #after(said: number): Step {
    const logits = new Float32Array(specials + 256 + words.length);
    logits[toyTokenizer.encodeText(this.line).ids[said] ?? SPECIAL.eof] = this.certainty;
    return { logits, powers: powersOf(logits), attended: this.attended, computed: 1 };
  }
}

/** As the engine takes them. */
function powersOf(logits: Float32Array): Float32Array {
  const top = logits.reduce((most, one) => Math.max(most, one), Number.NEGATIVE_INFINITY);
  return logits.map((one) => Math.exp(one - top));
}

export function distributionOf(logits: Float32Array): Distribution {
  return new Distribution(logits, powersOf(logits));
}
