/**
 * Which of some texts comes: that with the highest product of its chance (what the repository says of it) and the model's probability.
 *
 * Best first. A text's bound is its chance with the probability of the tokens that were looked at; what is not looked at can only lower
 * it. So the best text is found without scoring the others to their end, in a few steps of the engine.
 */
import { SPECIAL } from "../../native/tokenizer.ts";
import type { State } from "./token-tree.ts";

export interface Choices {
  /** What may be written (byte strings), with the probability of each if one of them comes. */
  texts: ReadonlyMap<string, number>;
  /** Probability that one of them comes. */
  share: number;
  /** Tokens that begin something of the same kind. */
  rivals: Int32Array;
  /** How much the model has to say in which: the power of its probability. */
  trust: number;
  /** How sure of the best it is beside the others: the power of the scores in what is said of its probability. 1 where not given. */
  sharpness?: number;
  /** Tokens that may follow a text that is whole. */
  endings: Int32Array;
  /** Texts that anything may follow. */
  closed?: ReadonlySet<string>;
  /** Whether the line ends with them; then the text "" is one, too. */
  last?: boolean;
}

export interface Found {
  tokens: number[];
  /** Natural logarithm of the text's probability among all that could come. */
  logProb: number;
  /** After the last of them. */
  state: State;
}

interface Text {
  closed: boolean;
  tokens: readonly number[];
  /** Tokens whose probability is in `score`; one more than there are tokens when its end is, too. */
  seen: number;
  score: number;
}

export interface SearchOptions {
  /** The state where the texts begin; `path`: the tokens up to there. */
  state: State;
  path: readonly number[];
  /** `ahead`: tokens that are likely to be asked for after them. */
  after: (tokens: readonly number[], ahead: readonly number[]) => Promise<State>;
  encode: (bytes: string) => readonly number[];
  /** Ids of all tokens that can be written. */
  all: Int32Array;
  /** States asked for at most. */
  calls: number;
}

/** Texts that are looked at, by their chance. */
const mostTexts = 64;
const never = -100;

/** Undefined where what the model would write itself is likelier than each of the texts. */
export async function search(choices: Choices, options: SearchOptions): Promise<Found | undefined> {
  const { path, after, all } = options;
  const texts = textsOf(choices, options.encode);
  const states = new Map<string, State>([["", options.state]]);
  const norms = new Map<State, number>();
  const outsides = new Map<State, number>();
  const normOf = (state: State) => {
    const norm = norms.get(state) ?? state.next.logSum(all);
    norms.set(state, norm);
    return norm;
  };
  const endings = new Map<State, number>();
  const endingOf = (state: State) => {
    const ending = endings.get(state) ?? state.next.logSum(choices.endings);
    endings.set(state, ending);
    return ending;
  };
  /** Takes into the score what is known of the text; true when that is all. */
  const look = (text: Text): boolean => {
    for (; text.seen <= text.tokens.length; text.seen++) {
      if (text.closed && text.seen === text.tokens.length) continue;
      const state = states.get(text.tokens.slice(0, text.seen).join(" "));
      if (!state) return false;
      const token = text.tokens[text.seen];
      const logit = token === undefined ? endingOf(state) : (state.next.logits[token] as number);
      text.score += choices.trust * Math.max(never, logit - normOf(state));
    }
    return true;
  };
  for (let calls = 0; texts.length > 0; calls++) {
    const best = highest(texts, look);
    const whole = best.seen > best.tokens.length;
    if (!isLikely(best)) return undefined;
    if (whole || calls >= options.calls) return found(best);
    const tokens = best.tokens.slice(0, best.seen);
    states.set(tokens.join(" "), await after([...path, ...tokens], best.tokens.slice(best.seen)));
  }
  return undefined;

  /** Whether the text is likelier than what the model would write instead, at each state on the way that is known. */
  function isLikely(best: Text): boolean {
    const posterior = Math.exp(best.score - logOfSum(texts.map(({ score }) => score)));
    let path = 1;
    const end = best.tokens.length + +(choices.last ?? false);
    for (let seen = 0; seen < end; seen++) {
      const before = best.tokens.slice(0, seen);
      const state = states.get(before.join(" "));
      if (!state) break;
      if (choices.share * posterior <= path * outsideOf(before, state)) return false;
      path *= Math.exp((state.next.logits[best.tokens[seen] as number] as number) - normOf(state));
    }
    return true;
  }

  function outsideOf(before: readonly number[], state: State): number {
    const known = outsides.get(state);
    if (known !== undefined) return known;
    const going = new Set<number | undefined>();
    for (const { tokens } of texts) {
      if (!before.every((id, at) => tokens[at] === id)) continue;
      going.add(tokens[before.length]);
      if (choices.last && tokens.length === before.length) for (const id of choices.endings) going.add(id);
    }
    const made = outside(state.next.logits, normOf(state), going, choices);
    outsides.set(state, made);
    return made;
  }

  async function found(best: Text): Promise<Found> {
    const key = best.tokens.join(" ");
    const state = states.get(key) ?? (await after([...path, ...best.tokens], []));
    const { sharpness = 1 } = choices;
    const posterior = sharpness * best.score - logOfSum(texts.map(({ score }) => sharpness * score));
    return { tokens: [...best.tokens], logProb: Math.log(choices.share) + posterior, state };
  }
}

function textsOf({ texts, closed, last }: Choices, encode: SearchOptions["encode"]): Text[] {
  return [...texts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostTexts)
    .map(([text, chance]) => ({ closed: closed?.has(text) ?? false, tokens: encode(text), seen: 0, score: Math.log(chance) }))
    .filter(({ tokens }) => tokens.length > 0 || last);
}

function highest(texts: readonly Text[], look: (text: Text) => boolean): Text {
  for (const text of texts) look(text);
  return texts.reduce((best, text) => (text.score > best.score ? text : best));
}

/**
 * Probability of the likeliest that the model would write instead: of tokens that none of the texts goes on with. Those that begin something
 * of the texts' kind compete with them by the share; of a number, a string, a bracket the model knows more.
 */
function outside(logits: Float32Array, norm: number, going: ReadonlySet<number | undefined>, { rivals, share }: Choices): number {
  const isRival = maskOf(rivals, logits.length);
  let rival = Number.NEGATIVE_INFINITY;
  let other = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    const logit = logits[id] as number;
    if (logit <= (isRival[id] === 1 ? rival : other) || going.has(id)) continue;
    if (isRival[id] === 1) rival = logit;
    else other = logit;
  }
  return Math.max((1 - share) * Math.exp(rival - norm), (1 - share / 2) * Math.exp(other - norm));
}

const masks = new WeakMap<Int32Array, Uint8Array>();

/** 1 for each of the ids. */
function maskOf(ids: Int32Array, size: number): Uint8Array {
  const known = masks.get(ids);
  if (known?.length === size) return known;
  const mask = new Uint8Array(size);
  for (let at = 0; at < ids.length; at++) mask[ids[at] as number] = 1;
  masks.set(ids, mask);
  return mask;
}

function logOfSum(all: readonly number[]): number {
  const top = Math.max(...all);
  return top + Math.log(all.reduce((sum, one) => sum + Math.exp(one - top), 0));
}

/** With the stop, which is no token that can be written but may come. */
export function withStop(ids: Int32Array): Int32Array {
  const all = new Int32Array(ids.length + 1);
  all.set(ids);
  all[ids.length] = SPECIAL.eof;
  return all;
}
