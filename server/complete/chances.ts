/**
 * Which name comes at the cursor, if it is one that the file or the repository knows: a softmax over a few features of each name.
 *
 * Fitted on the development benchmark's cases alone (calls of something defined in another file), with nothing of a case but its
 * text and the repository's definitions; see docs/completion.md.
 */
import type { Definition, KnownNames } from "./known-names.ts";
import { receiverOf, type Surroundings } from "./surroundings.ts";

/** Weights of the features where no receiver stands before the name, and where one does. A feature is 1 or 0 where not said otherwise. */
export const chanceWeights = {
  free: {
    /** Stands in an import statement, and nowhere else. */
    imported: 2.7,
    unused: 3,
    /** Follows a call's bracket somewhere in the file. */
    called: 1,
    /** Stands in the file once, in one of the lines above. */
    fresh: 0.6,
    /** Defined in the file, in what it imports, in a file beside it; something that can be called. */
    file: -0.9,
    importedFile: 1.4,
    beside: 0.2,
    callable: 2.4,
    type: -0.3,
    /** Defined inside of something else only. */
    inner: -1.8,
    /** A capital after `new`, `throw` or `raise`. */
    newType: 1.4,
    /** Share of the name's words that stand in the line. */
    words: 2.6,
  },
  member: {
    imported: 0,
    unused: 0,
    called: 1,
    fresh: 0.8,
    file: -1.5,
    importedFile: -0.5,
    beside: -0.4,
    callable: 0.1,
    type: -1,
    inner: 0,
    newType: 0,
    words: 1.6,
    /** Logarithm of how often the file, and other files, ask it of a receiver of that name. */
    asked: 0.5,
    elsewhere: 1,
    /** A member of the receiver's type, or of a parent of it; defined in the module that the receiver names; and such a one that can be called. */
    member: 1.5,
    inherited: 0.9,
    ofModule: 0.6,
    memberCallable: 2.3,
  },
};

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
/** Names that share the probability. */
const mostNames = 400;

/** How likely it is one of these names that comes, rather than what the model says: after a receiver, where an import waits to be used, else. */
const shares = { member: 0.5, waiting: 0.65, free: 0.4 };

export function shareOfNames(around: Surroundings, known: KnownNames): number {
  if (receiverOf(around.line).receiver) return shares.member;
  for (const [name, { count, imported }] of around.occurrences)
    if (imported > 0 && count <= imported && known.definitions.get(name)?.some((one) => callableKinds.has(one.kind))) return shares.waiting;
  return shares.free;
}

/** Probabilities of the names that may stand at the cursor; the sum is 1, or 0 where no name is known. */
export function nameChances(around: Surroundings, known: KnownNames): Map<string, number> {
  const { receiver, partial } = receiverOf(around.line);
  const lineWords = new Set(wordsOf(around.line));
  const constructs = /\b(?:new|throw|raise)\s+$/.test(around.line.slice(0, around.line.length - partial.length));
  const members = groupByName(known.members);
  const names = receiver
    ? [...members.keys(), ...known.elsewhere.keys(), ...around.members(receiver.name).keys(), ...innerNames(known)]
    : [...around.occurrences.keys(), ...known.definitions.keys()];
  const scored = [...new Set(names)]
    .filter((name) => name.startsWith(partial) && plainName.test(name))
    .map((name) => {
      const shared = sharedScore(name, {
        around,
        known,
        members: members.get(name) ?? [],
        lineWords,
        constructs,
        receiver: receiver !== null,
      });
      return { name, score: receiver ? shared + memberScore(name, receiver.name, around, known, members.get(name) ?? []) : shared };
    });
  return softmax(scored.sort((a, b) => b.score - a.score).slice(0, mostNames));
}

interface Question {
  around: Surroundings;
  known: KnownNames;
  members: readonly Definition[];
  lineWords: ReadonlySet<string>;
  constructs: boolean;
  receiver: boolean;
}

/** Features that names have anywhere. */
function sharedScore(name: string, { around, known, members, lineWords, constructs, receiver }: Question): number {
  const w = receiver ? chanceWeights.member : chanceWeights.free;
  const definitions = known.definitions.get(name) ?? [];
  const all = [...definitions, ...members];
  const has = (scope: Definition["scope"]) => definitions.some((one) => one.scope === scope);
  const callable = all.some((one) => callableKinds.has(one.kind));
  let score = 0;
  if (callable) score += w.callable;
  if (constructs && callable && /^\p{Lu}/u.test(name)) score += w.newType;
  if (all.some((one) => typeKinds.has(one.kind))) score += w.type;
  if (has("file")) score += w.file;
  if (has("imported")) score += w.importedFile;
  else if (has("beside")) score += w.beside;
  if (definitions.length > 0 && definitions.every((one) => one.container !== "" && one.container !== name)) score += w.inner;
  const words = wordsOf(name);
  score += (w.words * words.filter((word) => lineWords.has(word)).length) / Math.max(1, words.length);
  return score + occurrenceScore(around, name, callable, w);
}

function occurrenceScore(
  around: Surroundings,
  name: string,
  callable: boolean,
  w: Record<"called" | "imported" | "unused" | "fresh", number>,
): number {
  const occurrence = around.occurrences.get(name);
  if (!occurrence) return 0;
  const { count, calls, above, imported } = occurrence;
  let score = calls > 0 ? w.called : 0;
  // What the repository does not define (a package, a module) is left to the model.
  if (imported > 0 && callable) score += count <= imported ? w.imported + w.unused : w.imported;
  else if (count === 1 && above < nearLines) score += w.fresh;
  return score;
}

function memberScore(name: string, receiver: string, around: Surroundings, known: KnownNames, members: readonly Definition[]): number {
  const w = chanceWeights.member;
  const has = (scope: Definition["scope"]) => members.some((one) => one.scope === scope);
  let score = w.asked * Math.log1p(around.members(receiver).get(name) ?? 0) + w.elsewhere * Math.log1p(known.elsewhere.get(name) ?? 0);
  if (has("type")) score += w.member;
  if (has("parent type")) score += w.inherited;
  if (has("module")) score += w.ofModule;
  if (members.some((one) => callableKinds.has(one.kind))) score += w.memberCallable;
  return score;
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

function softmax(scored: readonly { name: string; score: number }[]): Map<string, number> {
  const top = scored[0]?.score ?? 0;
  const sum = scored.reduce((total, { score }) => total + Math.exp(score - top), 0);
  return new Map(scored.map(({ name, score }) => [name, Math.exp(score - top) / sum]));
}

/** The words of names: "getUserId" has get, user; those of two letters say nothing. */
export function wordsOf(text: string): string[] {
  return (text.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})/gu) ?? []).filter((word) => word.length > 2).map((word) => word.toLowerCase());
}
