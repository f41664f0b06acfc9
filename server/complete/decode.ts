/**
 * Greedy decoding of the rest of a line.
 *
 * Tokens are chosen one at a time, each the likeliest of those allowed: while bytes of the healed token are outstanding only tokens
 * that agree with them, then any text, and after the first text a line end or <eof> too. Where the model would rather have said
 * nothing the text is unlikely, and its confidence says so. Between two tokens the caller may cancel.
 */
import type { Attended } from "../../native/addon.ts";
import { SPECIAL } from "../../native/tokenizer.ts";
import type { Frame } from "./frame.ts";
import type { Guide } from "./guide.ts";
import { type Distribution, logAdd } from "./logits.ts";
import { repeated } from "./repeats.ts";
import { search, withStop } from "./search.ts";
import { type DecodeSession, TokenTree } from "./token-tree.ts";
import { textOf, type Vocabulary } from "./vocabulary.ts";

export interface DecodeOptions {
  /** Documents that are not attended: the file's own stored version. */
  hidden: Int32Array;
  maxTokens: number;
  signal: AbortSignal;
  /** Awaited once the context is read. */
  guide?: Promise<Guide> | undefined;
  /** The line up to the cursor. */
  line: string;
  /** Tokens of a byte string. */
  encode: (bytes: string) => readonly number[];
}

/** Steps of the engine that all searches of a line may take, and one of them. */
const mostCalls = 12;
const mostCallsOnce = 6;
/** Tokens that are read along with the one wanted, where the text has said them before. */
const mostRepeated = 2;

export interface Decoded {
  /** What follows the cursor, to the first line end, without blanks at its end. */
  text: string;
  /** Where each token ends in the text (UTF-16), and its natural log probability among the allowed ones. */
  tokens: { end: number; logProb: number }[];
  /** Log probability of the stop itself: that the text ends here; -Infinity where it was cut at `maxTokens`. */
  stopLogProb: number;
  stop: "line end" | "end of text" | "length";
  /** Chunks attended while decoding, heaviest first: mean weights over the tokens. */
  attended: Attended[];
}

/** Throws NativeError (code "cancelled" after session.cancel()), and the signal's reason once it is aborted. */
export async function decode(session: DecodeSession, frame: Frame, vocabulary: Vocabulary, options: DecodeOptions): Promise<Decoded> {
  const { signal, maxTokens, encode } = options;
  options.guide?.catch(() => undefined); // said below, where it is awaited; not at all where the engine failed before
  const line = Buffer.from(options.line, "utf8").toString("latin1");
  const kept = line.slice(0, Math.max(0, line.length - frame.healed.length));
  signal.throwIfAborted();
  let leave = (_: unknown) => {};
  const cancelled = new Promise<never>((_, reject) => {
    leave = reject;
  });
  cancelled.catch(() => undefined); // heard where the guide is awaited
  const cancel = () => {
    session.cancel();
    leave(signal.reason);
  };
  signal.addEventListener("abort", cancel, { once: true });
  const all = withStop(vocabulary.beginning(""));
  try {
    const tree = new TokenTree(session, frame.ids, options.hidden);
    let state = await tree.after([]);
    const guide = await Promise.race([options.guide, cancelled]);
    let bytes = "";
    const path: number[] = [];
    const tokens: Decoded["tokens"] = [];
    const weights = new Map<string, Attended>();
    const write = (id: number, logProb: number) => {
      bytes += vocabulary.text(id);
      path.push(id);
      const written = bytes.slice(frame.healed.length);
      if (written) tokens.push({ end: textOf(written).length, logProb });
    };
    const text = textOfFrame(frame.ids);
    let calls = mostCalls;
    const after = (tokens: readonly number[], ahead: readonly number[]) => {
      calls--;
      return tree.after(tokens, ahead);
    };
    for (let steps = 1; ; steps++) {
      signal.throwIfAborted();
      addWeights(weights, state.attended);
      const outstanding = frame.healed.slice(bytes.length);
      const choices = guide && calls > 0 ? await Promise.race([guide.choices(kept + bytes, outstanding), cancelled]) : undefined;
      const found = choices && (await search(choices, { state, path, after, encode, all, calls: Math.min(calls, mostCallsOnce) }));
      if (found) {
        for (const [at, id] of found.tokens.entries()) write(id, at === found.tokens.length - 1 ? found.logProb : 0);
        if (choices.last) return finish(bytes.slice(frame.healed.length), tokens, found.logProb, "line end", shares(weights, steps));
        guide?.found(kept + bytes);
        state = found.state;
        continue;
      }
      const allowed = vocabulary.beginning(outstanding);
      guide?.weigh(kept + bytes, state.next);
      const choice = choose(state.next, { allowed, free: outstanding === "" }, vocabulary, bytes.slice(frame.healed.length).trim() !== "");
      const made = bytes + vocabulary.text(choice.id);
      const written = made.slice(frame.healed.length);
      const ended = written.indexOf("\n");
      if (choice.id === SPECIAL.eof || ended >= 0) {
        const rest = ended >= 0 ? written.slice(0, ended) : written;
        return finish(rest, tokens, choice.logProb, ended >= 0 ? "line end" : "end of text", shares(weights, steps));
      }
      write(choice.id, choice.logProb);
      if (path.length >= maxTokens) return finish(written, tokens, Number.NEGATIVE_INFINITY, "length", shares(weights, steps));
      state = await tree.after(path, inLine(repeated([...text, ...path], mostRepeated), vocabulary));
    }
  } finally {
    signal.removeEventListener("abort", cancel);
  }
}

/** What follows the cursor, then what stands before it: there the text goes on. */
function textOfFrame(ids: Int32Array): number[] {
  const at = ids.indexOf(SPECIAL.suf);
  return [...ids.subarray(at), ...ids.subarray(0, at)];
}

/** Up to the first special or line end. */
function inLine(tokens: readonly number[], vocabulary: Vocabulary): readonly number[] {
  const end = tokens.findIndex((id) => vocabulary.text(id) === "" || vocabulary.text(id).includes("\n"));
  return end < 0 ? tokens : tokens.slice(0, end);
}

function finish(bytes: string, tokens: Decoded["tokens"], stopLogProb: number, stop: Decoded["stop"], attended: Attended[]): Decoded {
  return { text: textOf(bytes).trimEnd(), tokens, stopLogProb, stop, attended };
}

function shares(weights: Map<string, Attended>, steps: number): Attended[] {
  return [...weights.values()].map((one) => ({ ...one, weight: one.weight / steps })).sort((a, b) => b.weight - a.weight);
}

function addWeights(weights: Map<string, Attended>, attended: readonly Attended[]): void {
  for (const one of attended) {
    const key = `${one.document}:${one.chunk}`;
    const known = weights.get(key);
    if (known) known.weight += one.weight;
    else weights.set(key, { ...one });
  }
}

export interface Allowed {
  /** Tokens that agree with the bytes outstanding, without <eof>. */
  allowed: Int32Array;
  /** Whether none are outstanding. */
  free: boolean;
}

/**
 * The likeliest token that agrees with the bytes outstanding, with its log probability among all that do. A stop is only taken where it
 * is allowed (`mayStop`), but counts among the others anyhow.
 */
export function choose(
  next: Distribution,
  { allowed, free }: Allowed,
  vocabulary: Vocabulary,
  mayStop: boolean,
): { id: number; logProb: number } {
  const { logits } = next;
  let best = free && mayStop ? SPECIAL.eof : -1;
  for (let at = 0; at < allowed.length; at++) {
    const id = allowed[at] as number;
    if (best >= 0 && (logits[id] as number) <= (logits[best] as number)) continue;
    if (mayStop || !free || !vocabulary.endsLine(id)) best = id;
  }
  const rest = next.logSum(allowed);
  const all = free ? logAdd(rest, logits[SPECIAL.eof] as number) : rest;
  return { id: best, logProb: (logits[best] as number) - all };
}
