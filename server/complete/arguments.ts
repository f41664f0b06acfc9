/**
 * Which expression comes in a place of a call's arguments: some features of each that stands near above, or that was passed there elsewhere,
 * weighed by a ranker.
 *
 * Fitted as the chances of names are (chances.ts).
 */
import { atOnce, type Steps } from "../turns.ts";
import type { CallSite } from "./calls.ts";
import { definesMembers } from "./chances.ts";
import { type Expression, isLiteral, namesOf } from "./expressions.ts";
import type { AlikeArguments, LikeArgument } from "./likeness.ts";
import { assignedName } from "./name-place.ts";
import { type Ranked, type Ranking, rankInSteps } from "./ranker.ts";
import { argumentRanker } from "./rankers.ts";
import { typeWords } from "./scope.ts";
import type { Surroundings } from "./surroundings.ts";
import { tally } from "./tally.ts";
import { bareName, wordsOf } from "./words.ts";

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
  | `${"here" | "other"}${(typeof likeNames)[number]}`
  /** Seen from the cursor (scope.ts); its first name is; a parameter of a function around the cursor; the one after the argument before. */
  | "visible"
  | "firstVisible"
  | "ownParameter"
  | "nextParameter"
  /** Declared with the parameter's type; with another. */
  | "typeSame"
  | "typeOther"
  /** Share of its words that the function's name has; that the line has; its last word is the function's. */
  | "calleeWords"
  | "lineWords"
  | "calleeLast"
  /** Stands in the lines below. */
  | "below"
  /** The same for all candidates of a place: the first argument, the last, how many calls are known, whether the parameter is. */
  | "first"
  | "final"
  | "sites"
  | "parameterKnown";

/** Probability that the argument is one of these expressions: with, without knowledge of other calls and parameters. */
export const argumentShare = 0.7;

export interface ArgumentPlace {
  around: Surroundings;
  /** The line up to the list's bracket. */
  before: string;
  /** Arguments that are written. */
  written: readonly string[];
  /** The function's name. */
  callee: string;
  /** Name of the parameter, and its type, "" where it is not known. */
  parameter: string;
  type: string;
  /** Most arguments that the function takes. */
  most: number;
  /** Other calls of the function. */
  sites: readonly CallSite[];
  isFunction: (name: string) => boolean;
  alike: AlikeArguments;
}

type ArgumentFeatures = Partial<Record<ArgumentFeature, number>>;

/** How like a place must be for what is passed there to count. */
const strayLikeness = 0.4;
const strayRun = 3;
const longestPassed = 60;
/** Characters of a literal that may be passed wherever any like place passes it. */
const shortLiteral = 6;

/** Probabilities of expressions; the sum is 1, or 0 where there is none. */
export function argumentChances(place: ArgumentPlace): Map<string, number> {
  return atOnce(argumentChancesInSteps(place));
}

export function* argumentChancesInSteps(place: ArgumentPlace): Steps<Map<string, number>> {
  if (definesMembers(place.before.replace(/[\p{L}\p{N}_$~]*$/u, ""))) return parametersDeclared(place);
  return yield* rankInSteps(yield* candidatesInSteps(place), argumentRanker);
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

export function argumentCandidates(place: ArgumentPlace): Ranking {
  return atOnce(candidatesInSteps(place));
}

function* candidatesInSteps(place: ArgumentPlace): Steps<Ranking> {
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
  const all: Counts = {
    ...counts,
    addresses,
    literals,
    assigned,
    calleeWords: wordsOf(place.callee),
    lineWords: wordsOf(place.before.slice(0, -place.callee.length)),
    types: typeWords(place.type).map((word) => word.toLowerCase()),
  };
  const candidates: Ranked[] = [];
  for (const text of texts) {
    candidates.push({ text, features: featuresOf(text, place, all) });
    yield;
  }
  return { candidates, common: placeFeatures(place, passed.length) };
}

/** What places like the cursor's pass, and can be written here. */
function writtenAlike({ alike, around }: ArgumentPlace): string[] {
  return [...alike.here, ...alike.elsewhere]
    .filter(([text, { around, run, same }]) => around > strayLikeness || run >= strayRun || same > 0 || isShortLiteral(text))
    .map(([text]) => text)
    .filter((text) => isWritable(text, around));
}

function isShortLiteral(text: string): boolean {
  return text.length <= shortLiteral && isLiteral(text);
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

function isName(text: string): boolean {
  return /^[\p{L}_][\p{L}\p{N}_]*$/u.test(text);
}

/** What another file passes can be written here where this file has its names, too. */
function isWritable(expression: string, around: Surroundings): boolean {
  if (isLiteral(expression) || /^\.[\p{L}_]\w*$/u.test(expression)) return true;
  const names = namesOf(expression);
  return names.length > 0 && !/\s\w+$/.test(expression) && names.every((name) => around.occurrences.has(name));
}

function placeFeatures({ written, most, parameter }: ArgumentPlace, sites: number): ArgumentFeatures {
  return {
    first: +(written.length === 0),
    final: +(written.length === most - 1),
    sites: Math.log1p(sites),
    parameterKnown: +(parameter !== ""),
  };
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
  /** Words of the function's name, and of the line before it; of the parameter's type, in lower case. */
  calleeWords: readonly string[];
  lineWords: readonly string[];
  types: readonly string[];
}

function featuresOf(text: string, place: ArgumentPlace, counts: Counts): ArgumentFeatures[] {
  const { around, before, written, parameter, isFunction, alike } = place;
  const literal = isLiteral(text);
  const address = /^[&*]/.test(text);
  const known: Expression | undefined = around.expressions.get(text) ?? (address ? around.expressions.get(text.slice(1)) : undefined);
  const last = literal ? "" : lastName(text);
  const first = literal ? "" : firstName(text);
  const wanted = wordsOf(parameter);
  const words = wordsOf(last);
  const shared = words.filter((word) => wanted.includes(word)).length;
  const near = known ? Math.max(0, 1 - Math.log(Math.max(1, known.above)) / Math.log(300)) : 0;
  const own: ArgumentFeatures = {
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
    receiver: +(
      !literal &&
      before.includes(text) &&
      new RegExp(`(?<![\\p{L}\\p{N}_$])${literally(text)}(?:\\.|->|::)[\\p{L}\\p{N}_$]*$`, "u").test(before)
    ),
  };
  const likes = [likeFeatures("here", alike.here.get(text)), likeFeatures("other", alike.elsewhere.get(text))];
  const types = typeFeatures(text, { literal, last }, around, counts.types);
  if (literal) return [own, types, ...likes];
  return [own, types, ...likes, assignment(before, first), scopeFeatures(text, { first, last, words, known }, place, counts)];
}

function scopeFeatures(
  text: string,
  { first, last, words, known }: { first: string; last: string; words: readonly string[]; known: Expression | undefined },
  { around, written }: ArgumentPlace,
  { calleeWords, lineWords }: Counts,
): ArgumentFeatures {
  const { parameters } = around.scope;
  const share = (of: readonly string[]) => words.filter((word) => of.includes(word)).length / Math.max(1, words.length);
  const name = text.replace(/^[&*]/, "");
  const at = parameters.indexOf(name);
  const previous = written.length === 0 ? -1 : parameters.indexOf((written.at(-1) as string).replace(/^[&*]/, ""));
  return {
    visible: +(known?.visible ?? false),
    firstVisible: +(parameters.includes(first) || (around.expressions.get(first)?.visible ?? false)),
    ownParameter: +(at >= 0),
    nextParameter: +(at >= 0 && at === previous + 1 && (previous >= 0 || written.length === 0)),
    calleeWords: share(calleeWords),
    calleeLast: +(words.length > 0 && words.at(-1) === calleeWords.at(-1)),
    lineWords: share(lineWords),
    below: +(around.below.has(first) && around.below.has(last)),
  };
}

/** Whether it has the parameter's type, as far as both are known. */
function typeFeatures(
  text: string,
  { literal, last }: { literal: boolean; last: string },
  around: Surroundings,
  wanted: readonly string[],
): ArgumentFeatures {
  const own = wanted.length === 0 ? undefined : literal ? literalTypes(text) : around.scope.types.get(last);
  if (!own) return {};
  for (const word of own) if (wanted.includes(word.toLowerCase())) return { typeSame: 1 };
  return { typeOther: 1 };
}

function literalTypes(text: string): readonly string[] | undefined {
  if (/^["'`]/.test(text)) return ["string", "str", "char", "StringRef", "CharSequence", "StringLiteral"];
  if (/^(?:true|false)$/i.test(text)) return ["bool", "boolean"];
  if (/^-?\d/.test(text)) return numberTypes;
  return undefined;
}

const numberTypes =
  "int integer number long short float double byte size_t usize isize u8 u16 u32 u64 i8 i16 i32 i64 uint8_t uint16_t uint32_t uint64_t int32_t int64_t uint int64 int32 uint64 uint32 timeduration duration".split(
    " ",
  );

const likeNames = ["Around", "Same", "SamePlace", "Run2", "Run4", "Times", "TimesThere"] as const;
const likeKeys = { here: likeNames.map((name) => `here${name}` as const), other: likeNames.map((name) => `other${name}` as const) };

function likeFeatures(where: "here" | "other", like: LikeArgument | undefined): ArgumentFeatures {
  const features: ArgumentFeatures = {};
  if (!like) return features;
  const { around, same, run, times, timesThere } = like;
  const values = [around, +(same > 0), same, +(run >= 2), +(run >= 4), Math.log1p(times), Math.log1p(timesThere)];
  for (const [at, key] of likeKeys[where].entries()) features[key] = values[at] as number;
  return features;
}

/** Whether the line assigns the name, and whether it declares it: then it has no value yet. */
function assignment(before: string, name: string): ArgumentFeatures {
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

function lastName(expression: string): string {
  return namesOf(expression).at(-1) ?? expression;
}

function firstName(expression: string): string {
  return namesOf(expression)[0] ?? expression;
}
