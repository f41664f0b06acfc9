/**
 * Which of some texts comes: that with the highest product of its chance (what the repository says of it) and the model's probability.
 *
 * Best first. A text's bound is its chance with the probability of the tokens that were looked at; what is not looked at can only lower
 * it. So the best text is found without scoring the others to their end, in a few steps of the engine.
 */
import type { Step } from "../../native/addon.ts";
import { SPECIAL } from "../../native/tokenizer.ts";
import { logSum } from "./logits.ts";

export interface Choices {
  /** What may be written (byte strings), with the probability of each if one of them comes. */
  texts: ReadonlyMap<string, number>;
  /** Probability that one of them comes. */
  share: number;
  /** Tokens that begin something of the same kind. */
  rivals: Int32Array;
  /** How much the model has to say in which: the power of its probability. */
  trust: number;
  /** Tokens that may follow a text that is whole. */
  endings: Int32Array;
  /** Texts that anything may follow. */
  closed?: ReadonlySet<string>;
}

export interface Found {
  tokens: number[];
  /** Natural logarithm of the text's probability among all that could come. */
  logProb: number;
  /** After the last of them. */
  step: Step;
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
  step: Step;
  path: readonly number[];
  after: (tokens: readonly number[]) => Promise<Step>;
  encode: (bytes: string) => readonly number[];
  /** Ids of all tokens that can be written. */
  all: Int32Array;
  /** Steps of the engine at most. */
  calls: number;
}

/** Texts that are looked at, by their chance. */
const mostTexts = 64;
const never = -100;

/** Undefined where what the model would write itself is likelier than each of the texts. */
export async function search(choices: Choices, options: SearchOptions): Promise<Found | undefined> {
  const { path, after, all } = options;
  const texts = textsOf(choices, options.encode);
  const steps = new Map<string, Step>([["", options.step]]);
  const norms = new Map<Step, number>();
  const outsides = new Map<Step, number>();
  const normOf = (step: Step) => {
    const norm = norms.get(step) ?? logSum(all, step.logits);
    norms.set(step, norm);
    return norm;
  };
  /** Takes into the score what is known of the text; true when that is all. */
  const look = (text: Text): boolean => {
    for (; text.seen <= text.tokens.length; text.seen++) {
      if (text.closed && text.seen === text.tokens.length) continue;
      const step = steps.get(text.tokens.slice(0, text.seen).join(" "));
      if (!step) return false;
      const next = text.tokens[text.seen];
      const logit = next === undefined ? logSum(choices.endings, step.logits) : (step.logits[next] as number);
      text.score += choices.trust * Math.max(never, logit - normOf(step));
    }
    return true;
  };
  for (let calls = 0; texts.length > 0; calls++) {
    const best = highest(texts, look);
    const whole = best.seen > best.tokens.length;
    if (!isLikely(best)) return undefined;
    if (whole || calls >= options.calls) return found(best);
    const tokens = best.tokens.slice(0, best.seen);
    steps.set(tokens.join(" "), await after([...path, ...tokens]));
  }
  return undefined;

  /** Whether the text is likelier than what the model would write instead, at each state on the way that is known. */
  function isLikely(best: Text): boolean {
    const posterior = Math.exp(best.score - logOfSum(texts.map(({ score }) => score)));
    let path = 1;
    for (let seen = 0; seen < best.tokens.length; seen++) {
      const before = best.tokens.slice(0, seen);
      const step = steps.get(before.join(" "));
      if (!step) break;
      if (choices.share * posterior <= path * outsideOf(before, step)) return false;
      path *= Math.exp((step.logits[best.tokens[seen] as number] as number) - normOf(step));
    }
    return true;
  }

  function outsideOf(before: readonly number[], step: Step): number {
    const known = outsides.get(step);
    if (known !== undefined) return known;
    const going = texts.filter(({ tokens }) => before.every((id, at) => tokens[at] === id)).map(({ tokens }) => tokens[before.length]);
    const made = outside(step.logits, normOf(step), new Set(going), choices);
    outsides.set(step, made);
    return made;
  }

  async function found(best: Text): Promise<Found> {
    const key = best.tokens.join(" ");
    const step = steps.get(key) ?? (await after([...path, ...best.tokens]));
    const posterior = best.score - logOfSum(texts.map(({ score }) => score));
    return { tokens: [...best.tokens], logProb: Math.log(choices.share) + posterior, step };
  }
}

function textsOf({ texts, closed }: Choices, encode: SearchOptions["encode"]): Text[] {
  return [...texts]
    .sort((a, b) => b[1] - a[1])
    .slice(0, mostTexts)
    .map(([text, chance]) => ({ closed: closed?.has(text) ?? false, tokens: encode(text), seen: 0, score: Math.log(chance) }))
    .filter(({ tokens }) => tokens.length > 0);
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
  const kind = new Uint8Array(logits.length);
  for (let at = 0; at < rivals.length; at++) kind[rivals[at] as number] = 1;
  let rival = Number.NEGATIVE_INFINITY;
  let other = Number.NEGATIVE_INFINITY;
  for (let id = 0; id < logits.length; id++) {
    if (going.has(id)) continue;
    const logit = logits[id] as number;
    if (kind[id] === 1) rival = Math.max(rival, logit);
    else other = Math.max(other, logit);
  }
  return Math.max((1 - share) * Math.exp(rival - norm), (1 - share / 2) * Math.exp(other - norm));
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
