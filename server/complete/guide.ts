/**
 * Leads the decoder to names that exist: what the model says of each token is weighed with the scores of the names it may begin.
 *
 * Where a name begins, the tokens that begin a name share their probability anew, by the best name each can still become; that a name
 * begins at all stays as likely as the model has it. Inside a name the tokens compete in the same way. So the model can still write
 * what nobody has defined, when it is sure. A function that was named is called, with as many arguments as its definition has.
 */

import type { NameCopy } from "./copy.ts";
import { logSum } from "./logits.ts";
import type { NameScorer, NameScores } from "./scores.ts";
import { callAround } from "./surroundings.ts";
import { textOf, type Vocabulary } from "./vocabulary.ts";

export interface Guide {
  /**
   * Weighs the logits of the token after `line`: a byte string, the line up to that token. `allowed`: the tokens that may come, without
   * <eof>. `previous`: the token chosen last, undefined at first.
   */
  weigh(line: string, logits: Float32Array, allowed: Int32Array, previous: number | undefined): void;
}

/** What a token may have before the name it begins: nothing, or a character. */
const leads = ["", " ", "(", ".", "[", "!", "&", "*", "{", "<", "@", ":", '"', "'"];
/** Of the distance to the likeliest token what is left to a token that may begin a known name. */
const temper = 0.8;
/** For the bracket after a function's name, less where the function may be an argument; and against too few or too many arguments. */
const called = 5;
const calledInside = 2;
const miscounted = 3;

export interface GuideOptions {
  scorer: NameScorer;
  /** Of the name at the cursor. */
  copy: NameCopy;
  /** The line up to that name. */
  origin: string;
  vocabulary: Vocabulary;
}

export function nameGuide({ scorer, copy, origin, vocabulary }: GuideOptions): Guide {
  const starts = new WeakMap<NameScores, Map<string, Map<number, number>>>();
  const startsOf = (scores: NameScores, lead: string): Map<number, number> => {
    const known = starts.get(scores) ?? new Map<string, Map<number, number>>();
    starts.set(scores, known);
    const made = known.get(lead) ?? startTokens(scores, lead, vocabulary);
    known.set(lead, made);
    return made;
  };
  return {
    weigh(line, logits, allowed, previous) {
      const text = textOf(line.slice(line.lastIndexOf("\n") + 1));
      const part = /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(text)?.[0] ?? "";
      weighArguments(scorer, text, vocabulary, logits);
      if (part !== "") weighBracket(scorer, text, part, vocabulary, logits);
      if (text.length - part.length <= origin.length) copy.weigh(logits, allowed, previous);
      else if (part !== "") weighInside(scorer.at(text.slice(0, text.length - part.length)), part, vocabulary, logits);
      if (text.length <= origin.length) return;
      // A token may close a name and begin the next: "(data".
      const [some, ids] = part === "" ? [leads, vocabulary.beginningName] : [leads.slice(1), vocabulary.closingName];
      weighStart(
        some.map((lead) => startsOf(scorer.at(text + lead), lead)),
        ids,
        logits,
      );
    },
  };
}

/** A function's name is followed by a bracket; by an empty pair only where nothing must stand in it. */
function weighBracket(scorer: NameScorer, text: string, part: string, vocabulary: Vocabulary, logits: Float32Array): void {
  const parameters = scorer.parametersOf(part);
  if (!parameters) return;
  shift(vocabulary.from("("), callAround(text) ? calledInside : called, logits);
  if (parameters.least > 0) shift(vocabulary.from("()"), -miscounted, logits);
}

function weighInside(scores: NameScores, part: string, vocabulary: Vocabulary, logits: Float32Array): void {
  const best = new Map<number, number>();
  for (const [name, score] of scores) {
    if (!name.startsWith(part)) continue;
    if (name === part) for (const id of vocabulary.endingName) atLeast(best, id, score);
    else for (const id of beginnings(vocabulary, name.slice(part.length))) atLeast(best, id, score);
  }
  raise(best, logits);
}

function weighStart(starts: readonly ReadonlyMap<number, number>[], ids: Int32Array, logits: Float32Array): void {
  const best = new Map<number, number>();
  for (const one of starts) for (const [id, score] of one) atLeast(best, id, score);
  const before = logSum(ids, logits);
  raise(best, logits);
  shift(ids, before - logSum(ids, logits), logits);
}

/** Too few arguments do not end a call, too many are not begun. */
function weighArguments(scorer: NameScorer, text: string, vocabulary: Vocabulary, logits: Float32Array): void {
  const call = callAround(text);
  const parameters = call && scorer.parametersOf(call.name);
  if (!call || !parameters) return;
  const written = call.before + (call.current.trim() === "" ? 0 : 1);
  if (written < parameters.least) shift(vocabulary.from(")"), -miscounted, logits);
  if (written >= parameters.most) shift(vocabulary.from(","), -miscounted, logits);
}

/** The best name that each token may become, where names stand after `lead`. */
function startTokens(scores: NameScores, lead: string, vocabulary: Vocabulary): Map<number, number> {
  const best = new Map<number, number>();
  for (const [name, score] of scores)
    for (const id of beginnings(vocabulary, lead + name)) if (vocabulary.text(id).length > lead.length) atLeast(best, id, score);
  return best;
}

/** Tokens that `text` begins with. */
function* beginnings(vocabulary: Vocabulary, text: string): Generator<number> {
  const bytes = Buffer.from(text, "utf8").toString("latin1");
  for (let length = Math.min(bytes.length, vocabulary.longest); length > 0; length--) {
    const id = vocabulary.id(bytes.slice(0, length));
    if (id !== undefined) yield id;
  }
}

function atLeast(best: Map<number, number>, id: number, score: number): void {
  if (score > (best.get(id) ?? 0)) best.set(id, score);
}

/** Nearer to the likeliest token, and up by the score. */
function raise(best: ReadonlyMap<number, number>, logits: Float32Array): void {
  let top = Number.NEGATIVE_INFINITY;
  for (const logit of logits) if (logit > top) top = logit;
  for (const [id, score] of best) logits[id] = temper * (logits[id] as number) + (1 - temper) * top + score;
}

function shift(ids: Int32Array, by: number, logits: Float32Array): void {
  for (const id of ids) logits[id] = (logits[id] as number) + by;
}
