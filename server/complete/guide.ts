/**
 * Leads the decoder to names that exist: what the model says of each token is weighed with the scores of the names it may begin.
 *
 * Where a name begins, the tokens that begin a name share their probability anew, by the best name each can still become; that a name
 * begins at all stays as likely as the model has it. Inside a name the tokens compete in the same way. So the model can still write
 * what nobody has defined, when it is sure. A function that was named is called, with as many arguments as its definition has.
 */

import { inTurns } from "../turns.ts";
import { argumentChancesInSteps, argumentShare } from "./arguments.ts";
import type { CallSite } from "./calls.ts";
import type { Likeness } from "./likeness.ts";
import type { Distribution } from "./logits.ts";
import type { Begun } from "./name-trie.ts";
import { type NameScorer, type NameScores, scoreOf } from "./scores.ts";
import type { Choices } from "./search.ts";
import type { Parameters } from "./signature.ts";
import { callAround, type Surroundings } from "./surroundings.ts";
import { tailChances } from "./tails.ts";
import { textOf, type Vocabulary } from "./vocabulary.ts";

export interface Guide {
  /** What may come after `line` as a whole; undefined where nothing is known of that. `outstanding`: bytes that come first. */
  choices(line: string, outstanding: string): Promise<Choices | undefined>;
  /** Tells that one of the choices was taken; `line` has it. */
  found(line: string): void;
  /** Weighs the token after `line`: a byte string, the line up to that token. */
  weigh(line: string, next: Distribution): void;
}

const none: Begun = { ids: [], scores: [] };
/** What a token may have before the name it begins: nothing, or a character. */
const leads = ["", " ", "(", ".", "[", "!", "&", "*", "{", "<", "@", ":", '"', "'"];
/** Of the distance to the likeliest token what is left to a token that may begin a known name. */
const temper = 0.8;
/** For the bracket after a function's name, less where the function may be an argument; and against too few or too many arguments. */
const called = 5;
const calledInside = 2;
const miscounted = 3;
/** For what follows an argument that is whole. */
const certain = 20;
/** How much the model has to say in which argument, which name it is, and what follows the call on its line. */
const argumentTrust = 0.3;
const nameTrust = 0.05;
/** Names were fitted on calls alone: elsewhere they are less sure. */
const nameSharpness = 0.8;
const tailTrust = 0.3;

export interface GuideOptions {
  scorer: NameScorer;
  around: Surroundings;
  /** Of the name at the cursor: what each known one's probability is, and of one of them. */
  names: { chances: ReadonlyMap<string, number>; share: number };
  /** The line up to that name, and what is written of it. */
  origin: string;
  partial: string;
  vocabulary: Vocabulary;
  /** Calls of a function in this file and in others. */
  sites: (name: string) => Promise<readonly CallSite[]>;
  likeness: Pick<Likeness, "argumentsInSteps">;
  /** Ends what is worked out for `choices`. */
  signal: AbortSignal;
}

export function nameGuide({ scorer, around, names, origin, partial, vocabulary, sites, likeness, signal }: GuideOptions): Guide {
  /** The best name that each token may become, where names stand after `lead`. */
  const startsAfter = (text: string, lead: string): Begun[] =>
    scorer.at(text + lead).map((layer) => vocabulary.names.startsOf(layer).get(lead) ?? none);
  const all = vocabulary.beginning("");
  const asked = new Set<string>();
  /** Arguments that were found, as lines up to their end. */
  const ends = new Set<string>();
  const spaced = isSpaced(around.text);
  const nameChoices = (outstanding: string): Choices => {
    const texts = new Map<string, number>();
    for (const [name, chance] of names.chances)
      if (name.length > partial.length) texts.set(outstanding + bytesOf(name.slice(partial.length)), chance);
    const { beginningName: rivals, endingName: endings } = vocabulary;
    return { texts, share: names.share, rivals, trust: nameTrust, sharpness: nameSharpness, endings };
  };
  const argumentChoices = async ({ name, open, written, current }: Place, text: string): Promise<Choices> => {
    const parameters = scorer.parametersOf(name);
    const parameter = parameters?.names[written.length] ?? "";
    const found = await sites(name);
    const calls = scorer.labels ? found.map(withoutLabels) : found;
    const label = (scorer.labels && parameters?.labels[written.length]) || "";
    const isFunction = (one: string) => scorer.parametersOf(one) !== undefined;
    const alike = await inTurns(likeness.argumentsInSteps(open === text.length ? `${text}(` : text, name, written.length), signal);
    const signature = { parameter, type: parameters?.types[written.length] ?? "", most: parameters?.most ?? Number.POSITIVE_INFINITY };
    const place = { around, callee: name, before: text.slice(0, open), written, ...signature, sites: calls, isFunction, alike };
    const chances = await inTurns(argumentChancesInSteps(place), signal);
    const lead =
      (open === text.length ? "(" : "") +
      (current === "" && (written.length > 0 || spaced) ? " " : "") +
      (label === "" ? "" : `${label}: `);
    const none = open === text.length ? emptyChance(parameters, calls) : 0;
    const texts = new Map([...chances].map(([argument, chance]) => [bytesOf(lead + argument), chance * (1 - none)]));
    if (none > 0) texts.set("()", none);
    return { texts, share: argumentShare, rivals: all, trust: argumentTrust, endings: vocabulary.endingArgument, closed: new Set(["()"]) };
  };
  const isLineFree = /^[^\S\n]*(?:\n|$)/.test(around.text.slice(around.at));
  let tailAsked = false;
  const tailChoices = async (text: string, found: boolean): Promise<Choices | undefined> => {
    const call = calledAt(text, origin.length);
    if (!call || tailAsked || !isLineFree || !(call.closed || found)) return undefined;
    const calls = await sites(call.name);
    const chance = call.closed ? 1 : closeChance(call.written, scorer.parametersOf(call.name), calls);
    if (chance === 0) return undefined;
    tailAsked = call.closed;
    const bracket = call.closed ? "" : call.spaced ? " )" : ")";
    const { chances, share } = tailChances({ around, head: origin, call: text.slice(origin.length) + bracket, sites: calls });
    const texts = new Map([...chances].map(([tail, one]) => [bytesOf(bracket + tail), one]));
    return { texts, share: share * chance, rivals: all, trust: tailTrust, endings: vocabulary.endingLine, last: true };
  };
  return {
    found(line) {
      if (asked.size > 1) ends.add(line);
    },
    async choices(line, outstanding) {
      const text = lastLine(line);
      if (!asked.has("")) {
        asked.add("");
        return nameChoices(outstanding);
      }
      const tails = await tailChoices(text, ends.has(line));
      if (tails || ends.has(line)) return tails;
      const place = text.length > origin.length ? placeOf(text, scorer) : undefined;
      if (place?.current.trim() !== "" || asked.has(placeKey(place))) return undefined;
      asked.add(placeKey(place));
      return argumentChoices(place, text);
    },
    weigh(line, next) {
      const text = lastLine(line);
      const part = lastName(text);
      weighArguments(scorer, text, vocabulary, next);
      if (ends.has(line)) return next.shift(vocabulary.endingArgument, certain);
      if (part !== "") weighBracket(scorer, text, part, vocabulary, next);
      if (part !== "" && text.length - part.length > origin.length)
        weighInside(scorer.at(text.slice(0, text.length - part.length)), part, vocabulary, next);
      if (text.length <= origin.length) return;
      // A token may close a name and begin the next: "(data".
      const [some, ids] = part === "" ? [leads, vocabulary.beginningName] : [leads.slice(1), vocabulary.closingName];
      weighStart(
        some.flatMap((lead) => startsAfter(text, lead)),
        ids,
        next,
      );
    },
  };
}

/**
 * The call of the name that begins at `origin`: how many arguments are written, whether the text ends with its closing bracket, and
 * whether a blank follows the opening one.
 */
function calledAt(text: string, origin: number): { name: string; written: number; closed: boolean; spaced: boolean } | undefined {
  const start = /^([\p{L}_$][\p{L}\p{N}_$]*)(?:<[^()]*>)?!?\(/u.exec(text.slice(origin));
  if (!start) return undefined;
  const name = start[1] as string;
  const closed = text.endsWith(")");
  const call = callAround(closed ? text.slice(0, -1) : text);
  if (call?.open !== origin + start[0].length - 1) return undefined;
  const written = call.written.length + +(call.current.trim() !== "");
  return { name, written, closed, spaced: /^\s/.test(text.slice(call.open + 1)) };
}

/** Probability that a call with that many arguments ends with them. */
function closeChance(written: number, parameters: Parameters | undefined, calls: readonly CallSite[]): number {
  if (parameters && written >= parameters.most) return 0.97;
  if (parameters && written < parameters.least) return 0;
  const others = calls.filter((call) => !call.defines && call.arguments.length >= written);
  return (others.filter((call) => call.arguments.length === written).length + 1) / (others.length + 2);
}

function withoutLabels(call: CallSite): CallSite {
  return { ...call, arguments: call.arguments.map((one) => one.replace(/^\w+:\s+/, "")) };
}

/** Probability that nothing is passed. */
function emptyChance(parameters: Parameters | undefined, calls: readonly CallSite[]): number {
  if (parameters?.most === 0) return 0.97;
  if (parameters && parameters.least > 0) return 0;
  return (calls.filter((call) => call.arguments.length === 0).length + 0.5) / (calls.length + 1);
}

/** Whether a blank stands behind brackets in this text. */
function isSpaced(text: string): boolean {
  const [blank, tight] = [text.match(/\w\( \S/g)?.length ?? 0, text.match(/\w\(\w/g)?.length ?? 0];
  return blank > tight;
}

function bytesOf(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

type Place = Pick<NonNullable<ReturnType<typeof callAround>>, "name" | "open" | "written" | "current">;

/** The argument that follows `text`: also that after the name of a function, whose bracket is to come. */
function placeOf(text: string, scorer: NameScorer): Place | undefined {
  const call = callAround(text);
  const part = lastName(text);
  if (part === "" || !scorer.parametersOf(part)) return call;
  return { name: part, open: text.length, written: [], current: "" };
}

function placeKey({ open, written }: Place): string {
  return `${open}:${written.length}`;
}

function lastLine(line: string): string {
  return textOf(line.slice(line.lastIndexOf("\n") + 1));
}

function lastName(text: string): string {
  return /[\p{L}_$][\p{L}\p{N}_$]*$/u.exec(text)?.[0] ?? "";
}

/** A function's name is followed by a bracket; by an empty pair only where nothing must stand in it. */
function weighBracket(scorer: NameScorer, text: string, part: string, vocabulary: Vocabulary, next: Distribution): void {
  const parameters = scorer.parametersOf(part);
  if (!parameters) return;
  next.shift(vocabulary.from("("), callAround(text) ? calledInside : called);
  if (parameters.least > 0) next.shift(vocabulary.from("()"), -miscounted);
}

function weighInside(scores: NameScores, part: string, vocabulary: Vocabulary, next: Distribution): void {
  const longer = scores.flatMap((layer) => [...layer].filter(([name]) => name.length > part.length && name.startsWith(part)));
  const top = next.highest();
  const begun = vocabulary.names.best(longer, part.length).get("") ?? none;
  for (const [at, id] of begun.ids.entries()) next.set(id, raised(next.logits[id] as number, top, begun.scores[at] as number));
  const whole = scoreOf(scores, part) ?? 0;
  if (whole > 0) for (const id of vocabulary.endingName) next.set(id, raised(next.logits[id] as number, top, whole));
}

/** By token, of the call under way: the best score of what it may begin. */
let best = new Float64Array();

function weighStart(starts: readonly Begun[], ids: Int32Array, next: Distribution): void {
  if (best.length !== next.logits.length) best = new Float64Array(next.logits.length);
  const begun: number[] = [];
  for (const { ids, scores } of starts)
    for (let at = 0; at < ids.length; at++) {
      const id = ids[at] as number;
      if (best[id] === 0) begun.push(id);
      best[id] = Math.max(best[id] as number, scores[at] as number);
    }
  const before = next.logSum(ids);
  const top = next.highest();
  for (const id of begun) {
    next.set(id, raised(next.logits[id] as number, top, best[id] as number));
    best[id] = 0;
  }
  const after = next.logSum(ids);
  if (after !== Number.NEGATIVE_INFINITY) next.shift(ids, before - after);
}

/** Too few arguments do not end a call, too many are not begun. */
function weighArguments(scorer: NameScorer, text: string, vocabulary: Vocabulary, next: Distribution): void {
  const call = callAround(text);
  const parameters = call && scorer.parametersOf(call.name);
  if (!call || !parameters) return;
  const written = call.written.length + (call.current.trim() === "" ? 0 : 1);
  if (written < parameters.least) next.shift(vocabulary.from(")"), -miscounted);
  if (written >= parameters.most) next.shift(vocabulary.from(","), -miscounted);
}

/** Nearer to the likeliest token, and up by the score. */
function raised(logit: number, top: number, score: number): number {
  return temper * logit + (1 - temper) * top + score;
}
