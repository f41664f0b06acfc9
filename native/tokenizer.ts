/**
 * Text to tokens and back, and the frames that the model was trained on (model/README.md, Documents).
 *
 * The text of a frame is tokenized in one go, as in training; special tokens come from the frame alone, never from text.
 */
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { CHUNK, type NativeAddon, NativeError, type NativeTokenizer, type Tokenized, unwrap } from "./addon.ts";

/** The special tokens of model/tokenizer.json. */
export const SPECIAL = { pad: 0, eof: 1, file: 2, q: 3, a: 4, suf: 5, mid: 6, commit: 7 } as const;

/** A document ready to encode. */
export interface Framed {
  /** With the frame's special tokens, without padding. */
  ids: Int32Array;
  /** First and last line (1-based) of every chunk, 2 x chunks entries. Chunks of a file's header alone belong to line 1. */
  chunkLines: Int32Array;
}

export class Tokenizer {
  readonly #native: NativeTokenizer;

  private constructor(native: NativeTokenizer) {
    this.#native = native;
  }

  /** Loads tokenizer.json of a model's folder. Rejects with NativeError "io" when it cannot be read, "bad-model" when it is damaged. */
  static async load(addon: NativeAddon, modelFolder: string): Promise<Tokenizer> {
    const path = join(modelFolder, "tokenizer.json");
    let json: Uint8Array;
    try {
      json = readFileSync(path); // at once: what the caller does next may keep this thread busy
    } catch (error) {
      const message = `The model's tokenizer cannot be read (${path}: ${(error as Error).message}). Install Everyline again.`;
      throw new NativeError({ failed: true, code: "io", message });
    }
    return new Tokenizer(unwrap(await addon.createTokenizer(json)));
  }

  /** Tokens of a text, with the UTF-8 byte offset after each. Lone surrogates count as U+FFFD. */
  encodeText(text: string): Tokenized {
    return unwrap(this.#native.encode(Buffer.from(text, "utf8")));
  }

  /** The text of tokens; specials give nothing, bytes that form no character give U+FFFD. */
  decode(ids: Int32Array): string {
    return Buffer.from(this.#native.decode(ids)).toString("utf8");
  }

  /** Every token's bytes by id; specials empty. */
  vocabulary(): Uint8Array[] {
    return this.#native.vocabulary();
  }

  /** `<file>PATH\nTEXT<eof>`. `text` as of normaliseText. */
  frameFile(path: string, text: string): Framed {
    const header = Buffer.from(`${path}\n`, "utf8");
    const bytes = Buffer.concat([header, Buffer.from(text, "utf8")]);
    const tokens = unwrap(this.#native.encode(bytes));
    const ids = framed(SPECIAL.file, tokens.ids, SPECIAL.eof);
    return { ids, chunkLines: chunkLines(bytes, header.length, tokens.ends, Math.ceil(ids.length / CHUNK)) };
  }

  /** `<commit>HEAD DIFF<eof>`: subject and body, then the patch, tokenized apart as in training. Its chunks have no lines (all 0). */
  frameCommit(head: string, diff: string): Framed {
    const [first, rest] = [this.encodeText(head).ids, this.encodeText(diff).ids];
    const text = new Int32Array(first.length + rest.length);
    text.set(first);
    text.set(rest, first.length);
    const ids = framed(SPECIAL.commit, text, SPECIAL.eof);
    return { ids, chunkLines: new Int32Array(2 * Math.ceil(ids.length / CHUNK)) };
  }

  /** `<q>TEXT<a>` */
  frameQuestion(text: string): Int32Array {
    return framed(SPECIAL.q, this.encodeText(text).ids, SPECIAL.a);
  }
}

/**
 * The text of a file's bytes as the model reads it: a byte order mark dropped, CRLF as LF, invalid UTF-8 as U+FFFD.
 * Keeps the number of lines; a lone CR stays.
 */
export function normaliseText(bytes: Uint8Array): string {
  return new TextDecoder("utf-8").decode(bytes).replaceAll("\r\n", "\n");
}

function framed(first: number, ids: Int32Array, last: number): Int32Array {
  const out = new Int32Array(ids.length + 2);
  out[0] = first;
  out.set(ids, 1);
  out[out.length - 1] = last;
  return out;
}

const LF = 10;

/**
 * Lines of each chunk. Blank space at a chunk's ends does not count (a token `\n    ` is the indentation of the next line, not the line before),
 * unless the chunk holds nothing else.
 */
function chunkLines(bytes: Uint8Array, headerBytes: number, ends: Int32Array, chunks: number): Int32Array {
  const lines = new Int32Array(2 * chunks);
  let at = 0;
  let line = 1;
  for (let chunk = 0; chunk < chunks; chunk++) {
    // Token 0 of the document is the frame's first special, and ends[i] belongs to token i + 1.
    const lastToken = Math.min((chunk + 1) * CHUNK - 2, ends.length - 1);
    const end = lastToken < 0 ? 0 : ends[lastToken]!;
    let first = 0;
    let last = 0;
    const before = line;
    for (; at < end; at++) {
      const byte = bytes[at]!;
      if (byte > 32) {
        if (first === 0) first = line;
        last = line;
      }
      if (byte === LF && at >= headerBytes) line++;
    }
    lines[2 * chunk] = first || before;
    lines[2 * chunk + 1] = last || before;
  }
  return lines;
}
