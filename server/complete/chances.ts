/**
 * Which name comes at the cursor, if it is one that the file or the repository knows: some features of each name, weighed by a ranker.
 *
 * Fitted on calls of something defined in another file, in the development benchmark's repositories (test/bench/completion/fit), with nothing
 * of a place but its text and the repository without the rest of its line; see docs/completion.md.
 */
import { atOnce, type Steps } from "../turns.ts";
import { languageWords } from "./expressions.ts";
import type { Definition, KnownNames } from "./known-names.ts";
import type { Alike, Like } from "./likeness.ts";
import { placeOfName } from "./name-place.ts";
import { type Ranked, type Ranking, rankInSteps } from "./ranker.ts";
import { freeRanker, memberRanker } from "./rankers.ts";
import { membersIn, type Receiver, receiverOf, type Surroundings } from "./surroundings.ts";
import { bareName, wordsOf } from "./words.ts";

/** What is known of a name: 1 or 0 where not said otherwise. */
export type NameFeature =
  /** Stands in an import statement, and nowhere else. */
  | "imported"
  | "unused"
  /** Follows a call's bracket somewhere in the file. */
  | "called"
  /** Stands in the file once, in one of the lines above. */
  | "fresh"
  /** Logarithm of how often it stands in the file; 1 on the line above, falling to 0 over 30 lines. */
  | "count"
  | "near"
  /** Defined in the file, in what it imports, in a file beside it, somewhere else; something that can be called; a type. */
  | "file"
  | "importedFile"
  | "beside"
  | "named"
  | "callable"
  | "type"
  /** Defined inside of something else only. */
  | "inner"
  /** A capital after `new`, `throw` or `raise`; after anything else. */
  | "newType"
  | "capital"
  /** Share of the name's words that stand in the line; in the three lines above. */
  | "words"
  | "wordsAbove"
  /** Share of its parameters whose names stand near above; one that takes none. */
  | "fits"
  | "takesNone"
  /** Asks something (`isX`, `hasX`) where a condition stands. */
  | "asks"
  /** Its signature has the type that is wanted: of what is assigned, or a truth value in a condition; has another. */
  | "returns"
  | "returnsOther"
  /** Can be called, and no other place of the repository has it; logarithm of how many passages do. */
  | "uncalled"
  | "popular"
  /** After a receiver. Logarithm of how often the file, and other files, ask it of a receiver of that name. */
  | "asked"
  | "elsewhere"
  /** A member of the receiver's type, or of a parent of it; defined in the module that the receiver names; and such a one that can be called. */
  | "member"
  | "inherited"
  | "ofModule"
  | "memberCallable"
  /** Not defined in the module that the receiver is. */
  | "outside"
  /** Where a type's functions are defined one by one: one that has none yet; the next in the order of its declaration. */
  | "undefinedYet"
  | "declaredNext"
  /** Known from passages alone that are like the cursor's place. */
  | "stray"
  | LikeFeature;
/** What likeness.ts says of its places, in the file itself and in other files: numbers in logarithms, shares, runs of one and of three tokens. */
type LikeFeature = `${"here" | "other"}${(typeof likeNames)[number]}`;
const likeNames = ["Around", "Called", "Run", "Run1", "Run3", "CalledRun1", "CalledRun3", "Sum", "Passages"] as const;
const likeKeys = { here: likeNames.map((name) => `here${name}` as const), other: likeNames.map((name) => `other${name}` as const) };
export type NameFeatures = Partial<Record<NameFeature, number>>;

const callableKinds = new Set([
  "function",
  "method",
  "declaration",
  "class",
  "struct",
  "constructor",
  "macro",
  "interface",
  "enum",
  "object",
  "record",
]);
const typeKinds = new Set(["class", "struct", "interface", "enum", "object", "record"]);
/** Lines above that count as near. */
const nearLines = 30;
/** Operators and destructors are defined, too, but not written in a call. */
const plainName = /^[\p{L}_$][\p{L}\p{N}_$]+$/u;
/** How like a place must be for a name that only it tells of, and how many such names are looked at. */
const strayLikeness = 0.25;
const strayRun = 2;
const mostStray = 80;

/**
 * How likely it is one of these names that comes, rather than what the model says: after a receiver of which a language's own server offers the
 * members (the right one in 86 of 87 places, test/bench/completion/members.ts), after another, where an import waits to be used, else.
 */
const shares = { offered: 0.98, member: 0.9, waiting: 0.8, free: 0.6 };

/** Added to the score of a member that the language's own server does not offer: it may be about to be written. */
const notOffered = -4;

export function shareOfNames(around: Surroundings, known: KnownNames): number {
  if (receiverOf(around.line).receiver) return known.offered ? shares.offered : shares.member;
  for (const [name, { count, imported }] of around.occurrences)
    if (imported > 0 && count <= imported && known.definitions.get(name)?.some((one) => callableKinds.has(one.kind))) return shares.waiting;
  return shares.free;
}

/** Probabilities of the names that may stand at the cursor; the sum is 1, or 0 where no name is known. */
export function nameChances(place: NamePlace): Map<string, number> {
  return atOnce(nameChancesInSteps(place));
}

export function* nameChancesInSteps(place: NamePlace): Steps<Map<string, number>> {
  const ranker = receiverOf(place.around.line).receiver ? memberRanker : freeRanker;
  return yield* rankInSteps(yield* candidatesInSteps(place), ranker);
}

export interface NamePlace {
  around: Surroundings;
  known: KnownNames;
  /** How many passages of the repository hold a word. */
  frequency: (word: string) => number;
  alike: Alike;
}

/** The names that may stand at the cursor, and what is known of them. */
export function nameCandidates(place: NamePlace): Ranking {
  return atOnce(candidatesInSteps(place));
}

function* candidatesInSteps({ around, known, frequency, alike }: NamePlace): Steps<Ranking> {
  const { receiver, partial } = receiverOf(around.line);
  const head = around.line.slice(0, around.line.length - partial.length);
  const members = groupByName(known.members);
  const names = receiver
    ? [...members.keys(), ...known.elsewhere.keys(), ...around.members(receiver.name).keys(), ...innerNames(known)]
    : [...around.occurrences.keys(), ...known.definitions.keys()];
  const stray = strayNames(alike, new Set(names));
  const condition = conditionEnd.test(head);
  const constructs = /\b(?:new|throw|raise)\s+$/.test(head);
  const question: Question = {
    around,
    known,
    frequency,
    alike,
    stray,
    receiver,
    members,
    lineWords: new Set(wordsOf(around.line)),
    wordsAbove: new Set(wordsOf(linesAbove(around.text.slice(0, around.at), 4))),
    near: namesAbove(around),
    constructs,
    condition,
    wanted: wantedTypes(head, condition, around),
    isModule: receiver !== null && known.members.some((one) => one.scope === "module") && around.typesOf(receiver.name).length === 0,
    order: receiver && definesMembers(head) ? declarationOrder(around, known, receiver.name) : undefined,
  };
  yield;
  const candidates: Ranked[] = [];
  for (const name of new Set([...names, ...stray])) {
    if (!name.startsWith(partial) || !plainName.test(name) || languageWords.has(name)) continue;
    candidates.push({ text: name, features: featuresOf(name, question), by: known.offered && !known.offered.has(name) ? notOffered : 0 });
    yield;
  }
  return { candidates, common: placeOfName(head, { condition, constructs, receiver: receiver !== null }) };
}

interface Question extends NamePlace {
  stray: ReadonlySet<string>;
  receiver: Receiver | null;
  members: ReadonlyMap<string, readonly Definition[]>;
  lineWords: ReadonlySet<string>;
  wordsAbove: ReadonlySet<string>;
  /** Names near above, in lower case and without underscores. */
  near: ReadonlySet<string>;
  constructs: boolean;
  condition: boolean;
  isModule: boolean;
  /** Types of which one is wanted; none where that is not known. */
  wanted: readonly string[];
  /** Members of the type whose functions are being defined that have no definition yet; the first is the next. */
  order: readonly string[] | undefined;
}

function featuresOf(name: string, question: Question): NameFeatures[] {
  const { around, known, receiver, lineWords, wordsAbove, constructs, condition } = question;
  const definitions = known.definitions.get(name) ?? [];
  const members = question.members.get(name) ?? [];
  const all = [...definitions, ...members];
  const has = (scope: Definition["scope"]) => definitions.some((one) => one.scope === scope);
  const callable = all.some((one) => callableKinds.has(one.kind));
  const capital = /^\p{Lu}/u.test(name);
  const words = wordsOf(name);
  const share = (of: ReadonlySet<string>) => words.filter((word) => of.has(word)).length / Math.max(1, words.length);
  const features: NameFeatures[] = [
    {
      callable: +callable,
      newType: +(constructs && callable && capital),
      capital: +(!constructs && capital),
      type: +all.some((one) => typeKinds.has(one.kind)),
      file: +has("file"),
      importedFile: +has("imported"),
      beside: +(!has("imported") && has("beside")),
      named: +has("named"),
      inner: +(definitions.length > 0 && definitions.every((one) => one.container !== "" && one.container !== name)),
      words: share(lineWords),
      wordsAbove: share(wordsAbove),
      asks: +(condition && /^_?(?:is|has|can|should|are|was|contains|exists|needs|supports|includes?)(?![a-z])/.test(name)),
      stray: +question.stray.has(name),
    },
    resultFeatures(name, all, question.wanted),
    parameterFeatures(name, question),
    occurrenceFeatures(around, name, callable),
    frequencyFeatures(name, callable, question),
    likeFeatures("here", question.alike.here.get(name)),
    likeFeatures("other", question.alike.elsewhere.get(name)),
  ];
  if (receiver) features.push(memberFeatures(name, receiver.name, members, question));
  return features;
}

const conditionEnd = /(?:\b(?:if|while|unless|and|or|not|when)\b[\s(!]*|!|&&\s*|\|\|\s*)(?:[\p{L}\p{N}_$.>:-]*(?:\.|->|::))?$/u;
const truth = ["bool", "boolean", "Bool", "Boolean"];

/** Types that what is written next should have: those of the variable that is assigned, or a truth value. */
function wantedTypes(head: string, condition: boolean, around: Surroundings): string[] {
  if (condition) return truth;
  const declared = /([\p{L}_][\p{L}\p{N}_]*)(?:<[^<>]*>)?[\s*&?]+([\p{L}_$][\p{L}\p{N}_]*)\s*=\s*(?:await\s+)?[^=;(),]*$/u.exec(head);
  const type = declared?.[1] ?? "";
  if (type !== "" && !languageWords.has(type)) return [type];
  if (/^(?:u?int\d*|u?int\d+_t|size_t|bool|boolean|long|char|double|float|string)$/.test(type)) return [type];
  const assigned = declared?.[2] ?? /([\p{L}_$][\p{L}\p{N}_]*)\s*=\s*$/u.exec(head)?.[1];
  return assigned ? [...around.typesOf(assigned)] : [];
}

function resultFeatures(name: string, definitions: readonly Definition[], wanted: readonly string[]): NameFeatures {
  if (wanted.length === 0) return {};
  const results = definitions.map((one) => readResult(name, one)).filter((one) => one.size > 0);
  if (results.length === 0) return {};
  const right = results.some((result) => wanted.some((type) => result.has(type)));
  return right ? { returns: 1 } : { returnsOther: 1 };
}

/** Words of a definition's result, read once: definitions are kept while the index does not change. */
const resultsRead = new WeakMap<Definition, ReadonlySet<string>>();

function readResult(name: string, one: Definition): ReadonlySet<string> {
  const read = resultsRead.get(one) ?? new Set(resultOf(name, one.signature));
  resultsRead.set(one, read);
  return read;
}

const modifiers = new Set(
  "export public private protected static async function func fn def fun pub const inline override final internal class struct".split(" "),
);

/** What a signature says beside the name and the list of parameters: words of the type of the result, without modifiers. */
function resultOf(name: string, signature: string): string[] {
  const at = signature.indexOf(name);
  if (at < 0) return [];
  const after = signature.slice(at + name.length);
  const open = after.indexOf("(");
  const close = after.lastIndexOf(")");
  const behind = open >= 0 && close > open ? after.slice(close + 1) : "";
  return `${signature.slice(0, at)} ${behind}`.match(/[\p{L}_][\p{L}\p{N}_]*/gu)?.filter((word) => !modifiers.has(word)) ?? [];
}

/** Names that nothing else tells of, likest first. */
function strayNames({ elsewhere }: Alike, known: ReadonlySet<string>): Set<string> {
  const likest = [...elsewhere].filter(([name, { around, run }]) => !known.has(name) && (around > strayLikeness || run >= strayRun));
  return new Set(
    likest
      .sort(([, a], [, b]) => b.sum - a.sum)
      .slice(0, mostStray)
      .map(([name]) => name),
  );
}

function likeFeatures(where: "here" | "other", like: Like | undefined): NameFeatures {
  const features: NameFeatures = {};
  if (!like) return features;
  const { around, called, run, calledRun, sum, passages } = like;
  const values = [
    around,
    called,
    run / 8,
    +(run >= 1),
    +(run >= 3),
    +(calledRun >= 1),
    +(calledRun >= 3),
    Math.log1p(sum),
    Math.log1p(passages),
  ];
  for (const [at, key] of likeKeys[where].entries()) features[key] = values[at] as number;
  return features;
}

/** Whether what a function takes is at hand. */
function parameterFeatures(name: string, { known, near }: Question): NameFeatures {
  const parameters = known.parametersOf(name);
  if (!parameters) return {};
  const { names } = parameters;
  if (names.length === 0) return { takesNone: 1 };
  return { fits: names.filter((one) => near.has(bareName(one))).length / names.length };
}

function occurrenceFeatures(around: Surroundings, name: string, callable: boolean): NameFeatures {
  const occurrence = around.occurrences.get(name);
  if (!occurrence) return {};
  const { count, calls, above, imported } = occurrence;
  // What the repository does not define (a package, a module) is left to the model.
  const brought = imported > 0 && callable;
  return {
    called: +(calls > 0),
    imported: +brought,
    unused: +(brought && count <= imported),
    fresh: +(!brought && count === 1 && above < nearLines),
    count: Math.log1p(Math.max(0, count - imported)),
    near: Math.max(0, 1 - above / nearLines),
  };
}

function frequencyFeatures(name: string, callable: boolean, { around, frequency }: Question): NameFeatures {
  if (!callable) return {};
  const passages = frequency(name);
  const here = around.occurrences.get(name)?.count ?? 0;
  return { uncalled: +(passages <= 1 && here <= 1), popular: Math.log1p(passages) };
}

function memberFeatures(name: string, receiver: string, members: readonly Definition[], question: Question): NameFeatures {
  const { around, known, isModule, order } = question;
  const has = (scope: Definition["scope"]) => members.some((one) => one.scope === scope);
  const asked = around.members(receiver).get(name) ?? 0;
  const elsewhere = known.elsewhere.get(name) ?? 0;
  return {
    asked: Math.log1p(asked),
    elsewhere: Math.log1p(elsewhere),
    member: +has("type"),
    inherited: +has("parent type"),
    ofModule: +has("module"),
    memberCallable: +members.some((one) => callableKinds.has(one.kind)),
    outside: +(isModule && members.length === 0 && asked + elsewhere === 0),
    undefinedYet: +(order?.includes(name) ?? false),
    declaredNext: +(order?.[0] === name),
  };
}

/** `void Type::` at the beginning of a line: the functions of a type are defined there. */
export function definesMembers(head: string): boolean {
  return (
    /^\s*[\p{L}_][\p{L}\p{N}_:<>,]*[\s&*]+[\p{L}\p{N}_]+::$/u.test(head) && !/^\s*(?:return|else|case|throw|new|delete|co_\w+)\b/.test(head)
  );
}

/** Members that the type declares and the text does not define, from the one after the last that it does. */
function declarationOrder(around: Surroundings, known: KnownNames, type: string): string[] {
  const declared = [...new Set(known.members.filter((one) => one.scope === "type" && one.container === type).map((one) => one.name))];
  const defined = around.members(type);
  const above = [...membersIn(around.text.slice(0, around.at), type).keys()];
  const last = Math.max(-1, ...above.map((name) => declared.indexOf(name)));
  return [...declared.slice(last + 1), ...declared.slice(0, last + 1)].filter((name) => !defined.has(name));
}

function namesAbove(around: Surroundings): Set<string> {
  const near = new Set<string>();
  for (const [name, { above }] of around.occurrences) if (above < nearLines) near.add(bareName(name));
  return near;
}

function linesAbove(text: string, lines: number): string {
  return text.split("\n").slice(-lines).join("\n");
}

/** Names defined inside of something: those that a receiver of unknown type may have. */
function* innerNames(known: KnownNames): Generator<string> {
  for (const [name, definitions] of known.definitions)
    if (definitions.some((one) => one.kind === "method" || one.container !== "")) yield name;
}

function groupByName(all: readonly Definition[]): Map<string, Definition[]> {
  const found = new Map<string, Definition[]>();
  for (const one of all) found.set(one.name, [...(found.get(one.name) ?? []), one]);
  return found;
}
