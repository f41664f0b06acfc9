/**
 * The ids the engine reads for a cursor: PREFIX <suf> SUFFIX <mid> (model/README.md, "Documents").
 *
 * PREFIX is the end of the text before the cursor and, where that does not reach back to the beginning of the file, the file's imports
 * before it: which names there are is what the end of a text says least. The end starts at a multiple of 64 tokens of its document, so that
 * one more key changes only PREFIX's end and the engine prefills no more than that. Special tokens come from here alone, never from text.
 */
import type { Tokenized } from "../../native/addon.ts";
import { SPECIAL } from "../../native/tokenizer.ts";

const chunk = 64;
const prefixTokens = 700;
/** Of the prefix: the file's header and imports. */
const importTokens = 192;
const suffixTokens = 64;
/** Characters of the suffix that are tokenised: 64 tokens are some 250 characters, a run of blanks may make them more. */
const suffixWindow = 4096;
/** With more characters than this before the cursor, only their tail is tokenised. */
const longPrefix = 48 * 1024;
const tailLength = 16 * 1024;
/** The tail starts at the same line for this many characters of typing. */
const tailStep = 8 * 1024;

export interface Encoder {
  encodeText(text: string): Tokenized;
}

export interface Place {
  /** As in the file's header: relative to the git top level. */
  path: string;
  /** All text before and after the cursor, as in the editor. */
  prefix: string;
  suffix: string;
  /** The file's import statements. */
  imports?: readonly string[];
}

export interface Frame {
  ids: Int32Array;
  /** Text of PREFIX's last token, which is left out of the ids: what is generated must begin with it (token healing). A byte string. */
  healed: string;
}

/** `bytes` gives a token's bytes as a byte string (one character a byte). */
export function frame(place: Place, tokenizer: Encoder, bytes: (id: number) => string): Frame {
  const before = documentIds(place, tokenizer);
  const whole = before.length <= prefixTokens && before[0] === SPECIAL.file;
  const head = whole ? [] : headIds(place, tokenizer);
  const start = Math.floor(Math.max(0, before.length - prefixTokens + head.length) / chunk) * chunk;
  const prefix = [...head, ...before.slice(start)];
  const healed = prefix.pop() as number;
  const after = ids(tokenizer, place.suffix.slice(0, suffixWindow)).subarray(0, suffixTokens);
  return { ids: Int32Array.from([...prefix, SPECIAL.suf, ...after, SPECIAL.mid]), healed: bytes(healed) };
}

function headIds({ path, imports = [] }: Place, tokenizer: Encoder): number[] {
  return [SPECIAL.file, ...ids(tokenizer, `${path}\n${imports.map((statement) => `${statement}\n`).join("")}`)].slice(0, importTokens);
}

/**
 * Ids of the document up to the cursor. Of a long prefix only the tail is counted, from a line start on: the multiple of 64 is then one
 * of the tail and not of the file, which changes where the context is cut but not what it says.
 */
function documentIds(place: Place, tokenizer: Encoder): number[] {
  if (place.prefix.length <= longPrefix) return [SPECIAL.file, ...ids(tokenizer, `${place.path}\n${place.prefix}`)];
  return [...ids(tokenizer, place.prefix.slice(tailStart(place.prefix)))];
}

function tailStart(prefix: string): number {
  const near = Math.floor((prefix.length - tailLength) / tailStep) * tailStep;
  const line = prefix.indexOf("\n", near) + 1;
  return line > 0 && line <= near + tailStep ? line : near;
}

function ids(tokenizer: Encoder, text: string): Int32Array {
  return tokenizer.encodeText(text.replace(/^\uFEFF/, "").replaceAll("\r\n", "\n")).ids;
}
