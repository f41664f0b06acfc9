/**
 * Which names may come later in a completion (its arguments, what is asked of them), from what the file and the repository say of them.
 *
 * The scores only weigh names against each other; how likely a name is at all, and which of them fits, the model says (guide.ts). The
 * name at the cursor itself has chances.ts.
 */

import type { KnownNames } from "./known-names.ts";
import type { Parameters } from "./signature.ts";
import { callAround, receiverOf, type Surroundings } from "./surroundings.ts";
import { wordsOf } from "./words.ts";

/** Natural logarithms of odds. */
export const scoreWeights = {
  /** Occurrences in the file: any, near above. */
  occurs: 0.3,
  near: 1,
  /** Declared above and not used yet. */
  fresh: 1,
  /** Defined in the file, or what it imports. */
  defined: 0.3,
  /** Named as the parameter; or with the same last word. */
  parameter: 4,
  likeParameter: 1.5,
  /** After a receiver: asked of it in the file, a member of its type, a member of anything imported or beside. */
  asked: 2.5,
  member: 3,
  someMember: 0.5,
};

/** Lines above in which a name counts as near. */
const nearLines = 30;

/** Scores in layers: a name's is that of the last layer that has it, which is the highest. A layer never changes, so what is made of it is kept. */
export type NameScores = readonly ReadonlyMap<string, number>[];

export function scoreOf(scores: NameScores, name: string): number | undefined {
  return scores.findLast((layer) => layer.has(name))?.get(name);
}

export interface NameScorer {
  /** Scores of the names that may begin after `before`, the line up to there. Names without a score have none to speak of. */
  at(before: string): NameScores;
  /** Whether arguments are written with the labels of parameters. */
  readonly labels: boolean;
  /** Parameters of the function of that name, where it is known. */
  parametersOf(name: string): Parameters | undefined;
}

export interface ScorerOptions {
  around: Surroundings;
  known: KnownNames;
  /** Whether arguments are written with the names of parameters. */
  labels: boolean;
}

export function nameScorer({ around, known, labels }: ScorerOptions): NameScorer {
  const defined = definedNames(known.definitions);
  const free = freeNames(around, defined);
  const parametersOf = remembering((name: string) => known.parametersOf(name));
  const membersOf = remembering((receiver: string) => memberNames(around, defined, receiver));
  const passed = remembering((parameter: string) => withParameter(free, parameter, (name) => labels || around.occurrences.has(name)));
  const score = (before: string): NameScores => {
    const { receiver } = receiverOf(before);
    if (receiver) return membersOf(receiver.name);
    const call = /[(,]\s*$/.test(before) ? callAround(before) : undefined;
    const parameter = call && parametersOf(call.name)?.names[call.written.length];
    return parameter ? passed(parameter) : free;
  };
  return { labels, parametersOf, at: remembering(score) };
}

function remembering<T>(work: (key: string) => T): (key: string) => T {
  const known = new Map<string, T>();
  return (key) => {
    const made = known.has(key) ? (known.get(key) as T) : work(key);
    known.set(key, made);
    return made;
  };
}

/** What definitions alone say: the same for all keys while they are kept. */
interface DefinedNames {
  /** Of those that can be named without a receiver. */
  free: ReadonlyMap<string, number>;
  /** Of those that a receiver of any type may have. */
  members: ReadonlyMap<string, number>;
  /** Names by what they are defined in. */
  inside: ReadonlyMap<string, ReadonlySet<string>>;
}

const definedIn = new WeakMap<KnownNames["definitions"], DefinedNames>();

function definedNames(definitions: KnownNames["definitions"]): DefinedNames {
  const known = definedIn.get(definitions) ?? readDefined(definitions);
  definedIn.set(definitions, known);
  return known;
}

function readDefined(definitions: KnownNames["definitions"]): DefinedNames {
  const w = scoreWeights;
  const free = new Map<string, number>();
  const members = new Map<string, number>();
  const inside = new Map<string, Set<string>>();
  for (const [name, all] of definitions) {
    if (!isWritable(name)) continue;
    if (all.some(({ scope }) => scope !== "beside")) free.set(name, w.defined);
    if (all.some(({ container, kind }) => container !== "" || kind === "method")) members.set(name, w.someMember);
    for (const { container } of all) inside.set(container, (inside.get(container) ?? new Set()).add(name));
  }
  return { free, members, inside };
}

/** What is in scope under the parameter's name, or ends in its last word. */
function withParameter(free: NameScores, parameter: string, inScope: (name: string) => boolean): NameScores {
  const w = scoreWeights;
  const last = wordsOf(parameter).at(-1);
  const scores = new Map<string, number>();
  if (last !== undefined)
    for (const layer of free)
      for (const name of endingIn(layer).get(last) ?? []) scores.set(name, (scoreOf(free, name) as number) + w.likeParameter);
  scores.delete(parameter);
  if (inScope(parameter)) scores.set(parameter, (scoreOf(free, parameter) ?? 0) + w.parameter);
  return [...free, scores];
}

const byLastWord = new WeakMap<ReadonlyMap<string, number>, ReadonlyMap<string, readonly string[]>>();

/** A layer's names by their last word. */
function endingIn(layer: ReadonlyMap<string, number>): ReadonlyMap<string, readonly string[]> {
  const known = byLastWord.get(layer);
  if (known) return known;
  const found = new Map<string, string[]>();
  for (const name of layer.keys()) {
    const last = wordsOf(name).at(-1);
    if (last === undefined) continue;
    const names = found.get(last);
    if (names) names.push(name);
    else found.set(last, [name]);
  }
  byLastWord.set(layer, found);
  return found;
}

function freeNames(around: Surroundings, defined: DefinedNames): NameScores {
  const w = scoreWeights;
  const scores = new Map<string, number>();
  for (const [name, { count, above, imported }] of around.occurrences) {
    if (count <= imported || !isWritable(name)) continue;
    const near = above < nearLines ? w.near * (1 - above / nearLines) + (count === 1 ? w.fresh : 0) : 0;
    scores.set(name, w.occurs + near + (defined.free.get(name) ?? 0));
  }
  return [defined.free, scores];
}

function memberNames(around: Surroundings, defined: DefinedNames, receiver: string): NameScores {
  const w = scoreWeights;
  const scores = new Map<string, number>();
  for (const type of around.typesOf(receiver)) for (const name of defined.inside.get(type) ?? []) scores.set(name, w.member);
  for (const [name, count] of around.members(receiver))
    if (isWritable(name)) scores.set(name, (scores.get(name) ?? defined.members.get(name) ?? 0) + w.asked + 0.5 * Math.log(count));
  return [defined.members, scores];
}

/** Single letters are everywhere: the model knows them better. */
function isWritable(name: string): boolean {
  return name.length > 1;
}
