/**
 * Which expression comes in a place of a call's arguments: a softmax over a few features of each that stands near above, or that was passed
 * there elsewhere.
 *
 * Fitted as the chances of names are (chances.ts).
 */
import type { CallSite } from "./calls.ts";
import { bareName, definesMembers, wordsOf } from "./chances.ts";
import { type Expression, isLiteral, namesOf } from "./expressions.ts";
import type { AlikeArguments, LikeArgument } from "./likeness.ts";
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
  | "receiver"
  /** A literal, by the share of literals in that place of other calls; a string that is what the line assigns. */
  | "literalWanted"
  | "assignedText"
  /** A field of the object itself, whose name is the parameter's; begins with a dot as others there do. */
  | "field"
  | "dotted"
  /** What likeness.ts says of it, in the file itself and in other files: shares, runs of two and of four tokens. */
  | `${"here" | "other"}${"Around" | "Same" | "SamePlace" | "Run2" | "Run4"}`;

export const argumentWeights: Partial<Record<ArgumentFeature, number>> = {
  absent: -0.2,
  address: -0.3,
  addressMissing: -0.5,
  addressWanted: 0.6,
  assigned: 0.7,
  assignedText: 1.8,
  callable: -0.6,
  capital: -0.7,
  count: -0.8,
  declared: 0.4,
  declaredNear: 0.8,
  declares: -0.7,
  dotted: -0.2,
  field: 0.8,
  hereAround: 2.4,
  hereRun2: 1.3,
  hereRun4: 0.4,
  hereSame: -0.4,
  hereSamePlace: 1.4,
  index: -0.2,
  literal: 0.2,
  literalWanted: 1.8,
  near: 3,
  once: -0.4,
  otherAround: 1.6,
  otherRun2: 0.8,
  otherRun4: 0.8,
  otherSame: -0.8,
  otherSamePlace: 3.4,
  parameter: -0.1,
  parameterHere: 0.7,
  passed: 0.2,
  passedFirst: 0.3,
  passedLast: 0.5,
  receiver: -1.3,
  used: -1.9,
  words: 1.6,
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
  alike: AlikeArguments;
}

export interface Candidate {
  text: string;
  features: Partial<Record<ArgumentFeature, number>>;
}

const mostCandidates = 80;
/** How like a place must be for what is passed there to count. */
const strayLikeness = 0.4;
const strayRun = 3;
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
  for (const one of writtenAlike(place)) texts.add(one);
  for (const one of fieldsNamed(place.parameter, around)) texts.add(one);
  const literals = passed.filter(isLiteral).length / Math.max(1, passed.length);
  const assigned = assignedName(place.before);
  const quote = passed.find((one) => /^["']/.test(one))?.[0];
  if (assigned !== "" && quote) texts.add(`${quote}${assigned}${quote}`);
  return [...texts].map((text) => ({ text, features: featuresOf(text, place, { ...counts, addresses, literals, assigned }) }));
}

/** What places like the cursor's pass, and can be written here. */
function writtenAlike({ alike, around }: ArgumentPlace): string[] {
  return [...alike.here, ...alike.elsewhere]
    .filter(([, { around, run, same }]) => around > strayLikeness || run >= strayRun || same > 0)
    .map(([text]) => text)
    .filter((text) => isWritable(text, around));
}

/** Fields of the object itself that the file uses, named as the parameter. */
function fieldsNamed(parameter: string, around: Surroundings): string[] {
  if (parameter === "") return [];
  return ["self", "this", "$this"].flatMap((object) =>
    [...around.members(object).keys()]
      .filter((member) => bareName(member) === bareName(parameter))
      .map((member) => `${object}${object === "$this" ? "->" : "."}${member}`),
  );
}

/** The name that the line assigns, "" where it assigns none. */
function assignedName(before: string): string {
  return /([\p{L}_$][\p{L}\p{N}_]*)(?:\s*:[^=]*)?\s*:?=(?![=>])[^=]*$/u.exec(before)?.[1] ?? "";
}

function isName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}

/** What another file passes can be written here where this file has its names, too. */
function isWritable(expression: string, around: Surroundings): boolean {
  if (isLiteral(expression) || /^\.[\p{L}_]\w*$/u.test(expression)) return true;
  const names = namesOf(expression);
  return names.length > 0 && !/\s\w+$/.test(expression) && names.every((name) => around.occurrences.has(name));
}

interface Counts {
  whole: ReadonlyMap<string, number>;
  last: ReadonlyMap<string, number>;
  first: ReadonlyMap<string, number>;
  /** Share of those that begin with "&"; that are literals. */
  addresses: number;
  literals: number;
  /** What the line assigns. */
  assigned: string;
}

function featuresOf(
  text: string,
  { around, before, written, parameter, isFunction, alike }: ArgumentPlace,
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
    literalWanted: literal ? counts.literals : 0,
    assignedText: +(literal && counts.assigned !== "" && text.slice(1, -1) === counts.assigned),
    field: +(/^(?:self\.|this\.|\$this->)/.test(text) && bareName(last) === bareName(parameter)),
    dotted: +text.startsWith("."),
    ...likeFeatures("here", alike.here.get(text)),
    ...likeFeatures("other", alike.elsewhere.get(text)),
    ...(literal ? {} : assignment(before, first)),
    receiver: +(
      !literal &&
      before.includes(text) &&
      new RegExp(`(?<![\\p{L}\\p{N}_$])${literally(text)}(?:\\.|->|::)[\\p{L}\\p{N}_$]*$`, "u").test(before)
    ),
  };
}

function likeFeatures(where: "here" | "other", like: LikeArgument | undefined): Candidate["features"] {
  if (!like) return {};
  return {
    [`${where}Around`]: like.around,
    [`${where}Same`]: +(like.same > 0),
    [`${where}SamePlace`]: like.same,
    [`${where}Run2`]: +(like.run >= 2),
    [`${where}Run4`]: +(like.run >= 4),
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
