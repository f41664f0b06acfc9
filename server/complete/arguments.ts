/**
 * Which expression comes in a place of a call's arguments: a softmax over a few features of each that stands near above, or that was passed
 * there elsewhere.
 *
 * Fitted on calls of the development benchmark's repositories; see docs/completion.md.
 */
import type { CallSite } from "./calls.ts";
import { bareName, definesMembers, wordsOf } from "./chances.ts";
import { type Expression, isLiteral, namesOf } from "./expressions.ts";
import type { Surroundings } from "./surroundings.ts";

/** 1 or 0 where not said otherwise. */
export type ArgumentFeature =
  /** The last name is the parameter's; and stands above; share of words that the two have in common. */
  | "parameter"
  | "parameterHere"
  | "words"
  /** Logarithm of how often the same stands in that place of other calls; the last name alone; the first. */
  | "passed"
  | "passedLast"
  | "passedFirst"
  /** 1 on the line before, falling to 0 over 300 lines with the logarithm of the distance. */
  | "near"
  /** Stands in the line before the cursor, or the one above; in the line. */
  | "last"
  | "inLine"
  /** Stands once above; logarithm of how often it does. */
  | "once"
  | "count"
  /** Is declared or assigned above; and in the five lines above. */
  | "declared"
  | "declaredNear"
  /** Neither it nor its first name stands above. */
  | "absent"
  /** What it is like: asked of something, a literal, after & or *, beginning with a capital, a function, with an index. */
  | "chain"
  | "literal"
  | "address"
  | "capital"
  | "callable"
  | "index"
  /** Others that stand in its place are addresses, and it is one; or is none. */
  | "addressWanted"
  | "addressMissing"
  /** Is an argument of this call already, what the line assigns, what it declares, what is called. */
  | "used"
  | "assigned"
  | "declares"
  | "receiver";

export const argumentWeights: Partial<Record<ArgumentFeature, number>> = {
  addressMissing: -1.2,
  assigned: -0.1,
  callable: -0.8,
  capital: -1.3,
  chain: -0.3,
  count: -0.4,
  declared: -0.2,
  declaredNear: 1.4,
  declares: -1.2,
  inLine: -0.3,
  index: -0.7,
  last: -0.3,
  literal: 1.6,
  near: 3.2,
  once: -0.4,
  parameter: -0.8,
  parameterHere: 1.8,
  passed: 1,
  passedFirst: 0.9,
  passedLast: 1.2,
  receiver: -1.1,
  used: -1.6,
  words: 1.7,
  absent: 0.3,
};

/** Probability that the argument is one of these expressions: with, without knowledge of other calls and parameters. */
export const argumentShare = 0.7;

export interface ArgumentPlace {
  around: Surroundings;
  /** The line up to the list's bracket. */
  before: string;
  /** Arguments that are written. */
  written: readonly string[];
  /** Name of the parameter, "" where it is not known. */
  parameter: string;
  /** Other calls of the function. */
  sites: readonly CallSite[];
  isFunction: (name: string) => boolean;
}

export interface Candidate {
  text: string;
  features: Partial<Record<ArgumentFeature, number>>;
}

const mostCandidates = 80;
const longestPassed = 60;

/** Probabilities of expressions; the sum is 1, or 0 where there is none. */
export function argumentChances(place: ArgumentPlace): Map<string, number> {
  if (definesMembers(place.before.replace(/[\p{L}\p{N}_$~]*$/u, ""))) return parametersDeclared(place);
  const scored = argumentCandidates(place).map(({ text, features }) => ({
    text,
    score: Object.entries(features).reduce((sum, [name, value]) => sum + (argumentWeights[name as ArgumentFeature] ?? 0) * value, 0),
  }));
  const best = scored.sort((a, b) => b.score - a.score).slice(0, mostCandidates);
  const top = best[0]?.score ?? 0;
  const sum = best.reduce((total, { score }) => total + Math.exp(score - top), 0);
  return new Map(best.map(({ text, score }) => [text, Math.exp(score - top) / sum]));
}

/** Where a function is defined that is declared elsewhere: its parameters there, as they are written. */
function parametersDeclared({ sites, written, parameter }: ArgumentPlace): Map<string, number> {
  const declared = sites
    .filter((site) => site.defines)
    .map((site) => site.arguments[written.length]?.replace(/\s*=.*$/, "") ?? "")
    .filter((one) => one !== "" && !one.includes("\n"));
  // Of several declarations the one that names its parameter as the type's own does.
  const own = declared.filter((one) => parameter !== "" && lastName(one) === parameter);
  const some = own.length > 0 ? own : declared;
  return new Map([...tally(some)].map(([one, count]) => [one, count / some.length]));
}

export function argumentCandidates(place: ArgumentPlace): Candidate[] {
  const { around, written, sites } = place;
  const slot = written.length;
  const passed = sites
    .filter((site) => !site.defines)
    .map((site) => site.arguments[slot])
    .filter((one) => one !== undefined);
  const counts = { whole: tally(passed), last: tally(passed.map(lastName)), first: tally(passed.map(firstName)) };
  const texts = new Set(around.expressions.keys());
  for (const one of passed) if (one.length <= longestPassed && !one.includes("\n") && isWritable(one, around)) texts.add(one);
  const addresses = passed.filter((one) => one.startsWith("&")).length / Math.max(1, passed.length);
  if (addresses > 0) for (const { text, declared } of around.expressions.values()) if (declared && isName(text)) texts.add(`&${text}`);
  return [...texts].map((text) => ({ text, features: featuresOf(text, place, { ...counts, addresses }) }));
}

function isName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}

/** What another file passes can be written here where this file has its names, too. */
function isWritable(expression: string, around: Surroundings): boolean {
  if (isLiteral(expression)) return true;
  const names = namesOf(expression);
  return names.length > 0 && !/\s\w+$/.test(expression) && names.every((name) => around.occurrences.has(name));
}

interface Counts {
  whole: ReadonlyMap<string, number>;
  last: ReadonlyMap<string, number>;
  first: ReadonlyMap<string, number>;
  /** Share of those that begin with "&". */
  addresses: number;
}

function featuresOf(
  text: string,
  { around, before, written, parameter, isFunction }: ArgumentPlace,
  counts: Counts,
): Candidate["features"] {
  const literal = isLiteral(text);
  const address = /^[&*]/.test(text);
  const known: Expression | undefined = around.expressions.get(text) ?? (address ? around.expressions.get(text.slice(1)) : undefined);
  const last = literal ? "" : lastName(text);
  const first = literal ? "" : firstName(text);
  const wanted = wordsOf(parameter);
  const words = wordsOf(last);
  const shared = words.filter((word) => wanted.includes(word)).length;
  const near = known ? Math.max(0, 1 - Math.log(Math.max(1, known.above)) / Math.log(300)) : 0;
  return {
    parameter: +(parameter !== "" && !literal && bareName(last) === bareName(parameter)),
    parameterHere: +(parameter !== "" && !literal && known !== undefined && bareName(last) === bareName(parameter)),
    words: shared / Math.max(1, words.length, wanted.length),
    passed: Math.log1p(counts.whole.get(text) ?? 0),
    passedLast: literal ? 0 : Math.log1p(counts.last.get(last) ?? 0),
    passedFirst: literal ? 0 : Math.log1p(counts.first.get(first) ?? 0),
    near: literal ? 0 : near,
    last: +(!literal && known !== undefined && known.above <= 1),
    inLine: +(!literal && hasWord(before, first)),
    once: +(!literal && known?.count === 1),
    count: literal ? 0 : Math.log1p(known?.count ?? 0),
    declared: +(known?.declared ?? false),
    declaredNear: +((known?.declared ?? false) && (known?.above ?? 99) <= 5),
    absent: +(!literal && !known && !around.expressions.has(first)),
    chain: +(!literal && /\.|->|::/.test(text)),
    literal: +literal,
    address: +address,
    capital: +/^\p{Lu}/u.test(last),
    callable: +(!literal && isFunction(last)),
    index: +/\[/.test(text),
    addressWanted: text.startsWith("&") ? counts.addresses : 0,
    addressMissing: literal || text.startsWith("&") ? 0 : counts.addresses,
    used: +(!literal && written.includes(text)),
    ...(literal ? {} : assignment(before, first)),
    receiver: +(
      !literal &&
      before.includes(text) &&
      new RegExp(`(?<![\\p{L}\\p{N}_$])${literally(text)}(?:\\.|->|::)[\\p{L}\\p{N}_$]*$`, "u").test(before)
    ),
  };
}

/** Whether the line assigns the name, and whether it declares it: then it has no value yet. */
function assignment(before: string, name: string): Candidate["features"] {
  if (!before.includes(name)) return {};
  const target = /^([^=]*[^=!<>:])?(:?=)(?![=>])/.exec(before);
  if (!target || !hasWord(target[1] ?? "", name)) return {};
  const declares = target[2] === ":=" || /\b(?:const|let|var|val|auto|final)\b|[\w>\]*&]\s+[*&]*\w+\s*$/.test(target[1] ?? "");
  return declares ? { declares: 1 } : { assigned: 1 };
}

function hasWord(text: string, word: string): boolean {
  return word !== "" && text.includes(word) && new RegExp(`(?<![\\p{L}\\p{N}_$])${literally(word)}(?![\\p{L}\\p{N}_$])`, "u").test(text);
}

function literally(text: string): string {
  return text.replace(/[$\\^.*+?()[\]{}|]/g, "\\$&");
}

function tally(all: readonly string[]): Map<string, number> {
  const found = new Map<string, number>();
  for (const one of all) found.set(one, (found.get(one) ?? 0) + 1);
  return found;
}

function lastName(expression: string): string {
  return namesOf(expression).at(-1) ?? expression;
}

function firstName(expression: string): string {
  return namesOf(expression)[0] ?? expression;
}
