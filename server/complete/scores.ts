/**
 * Which names may come later in a completion (its arguments, what is asked of them), from what the file and the repository say of them.
 *
 * The scores only weigh names against each other; how likely a name is at all, and which of them fits, the model says (guide.ts). The
 * name at the cursor itself has chances.ts.
 */

import { wordsOf } from "./chances.ts";
import type { KnownNames } from "./known-names.ts";
import type { Parameters } from "./signature.ts";
import { callAround, receiverOf, type Surroundings } from "./surroundings.ts";

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

export type NameScores = ReadonlyMap<string, number>;

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
  const free = freeNames(around, known);
  const scores = new Map<string, NameScores>();
  const parameters = new Map<string, Parameters | undefined>();
  const parametersOf = (name: string) => {
    if (!parameters.has(name)) parameters.set(name, known.parametersOf(name));
    return parameters.get(name);
  };
  const score = (before: string): NameScores => {
    const { receiver } = receiverOf(before);
    if (receiver) return memberNames(around, known, receiver.name);
    const call = /[(,]\s*$/.test(before) ? callAround(before) : undefined;
    const parameter = call && parametersOf(call.name)?.names[call.written.length];
    return parameter ? withParameter(free, parameter, (name) => labels || around.occurrences.has(name)) : free;
  };
  return {
    labels,
    parametersOf,
    at(before) {
      const made = scores.get(before) ?? score(before);
      scores.set(before, made);
      return made;
    },
  };
}

/** What is in scope under the parameter's name, or ends in its last word. */
function withParameter(free: NameScores, parameter: string, inScope: (name: string) => boolean): NameScores {
  const w = scoreWeights;
  const last = wordsOf(parameter).at(-1);
  const scores = new Map(free);
  if (inScope(parameter)) scores.set(parameter, (free.get(parameter) ?? 0) + w.parameter);
  for (const [name, score] of free)
    if (name !== parameter && last !== undefined && wordsOf(name).at(-1) === last) scores.set(name, score + w.likeParameter);
  return scores;
}

function freeNames(around: Surroundings, known: KnownNames): NameScores {
  const w = scoreWeights;
  const scores = new Map<string, number>();
  for (const [name, { count, above, imported }] of around.occurrences) {
    if (count <= imported) continue;
    const near = above < nearLines ? w.near * (1 - above / nearLines) + (count === 1 ? w.fresh : 0) : 0;
    scores.set(name, w.occurs + near);
  }
  for (const [name, definitions] of known.definitions)
    if (definitions.some(({ scope }) => scope !== "beside")) scores.set(name, (scores.get(name) ?? 0) + w.defined);
  return writable(scores);
}

function memberNames(around: Surroundings, known: KnownNames, receiver: string): NameScores {
  const w = scoreWeights;
  const scores = new Map<string, number>();
  const add = (name: string, score: number) => scores.set(name, (scores.get(name) ?? 0) + score);
  const atLeast = (name: string, score: number) => scores.set(name, Math.max(scores.get(name) ?? 0, score));
  const types = new Set(around.typesOf(receiver));
  for (const [name, definitions] of known.definitions)
    for (const { container, kind } of definitions) {
      if (types.has(container)) atLeast(name, w.member);
      else if (container !== "" || kind === "method") atLeast(name, w.someMember);
    }
  for (const [name, count] of around.members(receiver)) add(name, w.asked + 0.5 * Math.log(count));
  return writable(scores);
}

/** Single letters are everywhere: the model knows them better. */
function writable(scores: Map<string, number>): NameScores {
  for (const name of scores.keys()) if (name.length < 2) scores.delete(name);
  return scores;
}
