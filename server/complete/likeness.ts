/**
 * What stands where the text is like that before the cursor: names, and arguments of calls, in the file itself, in those passages of other
 * files that share most words with the lines around the cursor, and where the user has just written in other files.
 *
 * A place is like the cursor's by the names around it, those that few passages hold counting most, and by the tokens straight before it.
 */
import type { IndexReader } from "../index/api.ts";
import { atOnce, type Steps, turn } from "../turns.ts";
import { Kept } from "./kept.ts";
import type { NameSources } from "./known-names.ts";
import type { EditedRegion } from "./recent-edits.ts";

export interface LikenessSources extends NameSources {
  readonly index: NameSources["index"] & Pick<IndexReader, "searchFiles" | "documentFrequency">;
}

/** How like the cursor's place those places are where something stands. */
export interface Like {
  /** Of the likest: share of the names around the cursor, by weight, that stand around it, too, 0..1; the same where a bracket follows. */
  around: number;
  called: number;
  /** Tokens straight before it that are the cursor's: most, 0..`longestRun`; the same where a bracket follows. */
  run: number;
  calledRun: number;
  /** Passages that hold it, each by its score beside the best passage's. */
  passages: number;
  /** Of all places: what each has of both, the likest counting most. */
  sum: number;
}

/** The file's text around the cursor, the cursor's place in it, and where the user has just written. */
export interface LikenessPlace {
  path: string;
  text: string;
  at: number;
  edited?: readonly EditedRegion[];
}

/** In the file itself, and in passages of others. */
export interface Alike<T = Like> {
  here: ReadonlyMap<string, T>;
  elsewhere: ReadonlyMap<string, T>;
}

/** An argument by its text: the likest of all places where one stands; and of those in the same place of calls of the same function. */
export interface LikeArgument {
  around: number;
  run: number;
  same: number;
  /** How often it is passed to anything; in the same place. */
  times: number;
  timesThere: number;
}

export type AlikeArguments = Alike<LikeArgument>;

export const nothingAlike: Alike & AlikeArguments = { here: new Map(), elsewhere: new Map() };

const mostPassages = 48;
const longestRun = 8;
/** Lines before and after a place whose names are compared. */
const linesBefore = 3;
const linesAfter = 2;
/** Lines whose words are looked for. */
const queryBefore = 6;
const queryAfter = 3;
/** Lines of the file itself that are compared. */
const hereBefore = 600;
const hereAfter = 200;
/** Names around the cursor, the heaviest, one bit each. */
const mostNames = 31;
const longestArgument = 60;
const token = /"(?:[^"\\\n]|\\.)*"|'(?:[^'\\\n]|\\.)*'|[\p{L}_$][\p{L}\p{N}_$]*|\d+|[^\s\p{L}\p{N}_$]/gu;
const nameStart = /[\p{L}_$]/u;

export class Likeness {
  readonly #here: Passage[];
  readonly #elsewhere: readonly Passage[];
  readonly #lines: { above: readonly string[]; below: readonly string[] };
  readonly #weigh: (name: string) => number;
  readonly #labels: boolean;

  private constructor(
    { path, text, at }: { path: string; text: string; at: number },
    elsewhere: readonly Passage[],
    frequency: (word: string) => number,
  ) {
    this.#labels = path.endsWith(".swift");
    const above = text.slice(0, at).split("\n");
    const below = text.slice(at).split("\n");
    this.#lines = { above: above.slice(-linesBefore - 1, -1), below: below.slice(1, 1 + linesAfter) };
    const here = [above.slice(-hereBefore - 1, -1), below.slice(1, 1 + hereAfter)];
    this.#here = here.map((lines) => keptPassage(ownKept, lines.join("\n")));
    this.#elsewhere = elsewhere;
    this.#weigh = (name) => 1 / (1 + Math.log1p(frequency(name)));
  }

  static async read(sources: LikenessSources, { path, text, at, edited = [] }: LikenessPlace): Promise<Likeness> {
    const [found, written] = await Promise.all([passagesLike(sources, path, queryOf(text, at)), writtenElsewhere(sources, path, edited)]);
    return new Likeness({ path, text, at }, [...written, ...found], (word) => sources.index.documentFrequency(word));
  }

  /** Of names, where `line` is what is written of the cursor's line. */
  names(line: string): Alike {
    return atOnce(this.namesInSteps(line));
  }

  *namesInSteps(line: string): Steps<Alike> {
    const cursor = this.#cursor(line);
    const [here, elsewhere] = [new Map<string, Like>(), new Map<string, Like>()];
    for (const [passages, into] of [
      [this.#here, here],
      [this.#elsewhere, elsewhere],
    ] as const)
      for (const passage of passages) {
        addNames(passage, cursor, into);
        yield;
      }
    return { here, elsewhere };
  }

  /** Of arguments, where `line` ends in a call of `callee` before its argument number `slot` (from 0). */
  arguments(line: string, callee: string, slot: number): AlikeArguments {
    return atOnce(this.argumentsInSteps(line, callee, slot));
  }

  *argumentsInSteps(line: string, callee: string, slot: number): Steps<AlikeArguments> {
    const cursor = this.#cursor(line);
    const place = { callee, slot, labels: this.#labels };
    const [here, elsewhere] = [new Map<string, LikeArgument>(), new Map<string, LikeArgument>()];
    for (const [passages, into] of [
      [this.#here, here],
      [this.#elsewhere, elsewhere],
    ] as const)
      for (const passage of passages) {
        addArguments(passage, cursor, place, into);
        yield;
      }
    return { here, elsewhere };
  }

  #cursor(line: string): Cursor {
    const { above, below } = this.#lines;
    const names = new Set(tokensOf([...above, line, ...below].join("\n")).filter((one) => nameStart.test(one)));
    const heaviest = [...names].map((name) => ({ name, weight: this.#weigh(name) })).sort((a, b) => b.weight - a.weight);
    const sum = heaviest.reduce((total, { weight }) => total + weight, 0);
    const compared = heaviest.slice(0, mostNames);
    return {
      bits: new Map(compared.map(({ name }, bit) => [name, 1 << bit])),
      weights: compared.map(({ weight }) => weight / sum),
      tokens: tokensOf([...above.slice(-1), line].join("\n")).reverse(),
    };
  }
}

/** The lines around the cursor, without what is written of the name at the cursor: so the keys of a name ask the same. */
function queryOf(text: string, at: number): string {
  const above = text.slice(0, at).split("\n").slice(-queryBefore).join(" ");
  return [
    above.replace(/[\p{L}\p{N}_$]*$/u, ""),
    ...text
      .slice(at)
      .split("\n")
      .slice(0, queryAfter + 1),
  ].join(" ");
}

/** Passages by path and query, the last few, kept until the index changes. */
const mostKept = 4;
/** Passages whose files are read at once: the thread is free in between. */
const readTogether = 8;
const kept = new Kept<readonly Passage[]>(mostKept);

async function passagesLike(sources: LikenessSources, path: string, query: string): Promise<readonly Passage[]> {
  return kept.get(await sources.index.files(), `${path}\n${query}`, () => readPassages(sources, path, query));
}

async function readPassages(sources: LikenessSources, path: string, query: string): Promise<readonly Passage[]> {
  const hits = await sources.index.searchFiles(query, mostPassages, { path: 0.5, symbols: 1, body: 1 });
  const others = hits.filter((hit) => hit.path !== path);
  const best = others[0]?.score ?? 1;
  const found: Passage[] = [];
  for (let at = 0; at < others.length; at += readTogether) {
    const some = others.slice(at, at + readTogether);
    const paths = [...new Set(some.map((hit) => hit.path))];
    const texts = new Map(await Promise.all(paths.map(async (one) => [one, await sources.fileText(one)] as const)));
    for (const { path, startLine, endLine, score } of some) {
      const lines =
        texts
          .get(path)
          ?.split("\n")
          .slice(startLine - 1, endLine) ?? [];
      found.push(passageOf(lines.join("\n"), score / best));
    }
    await turn();
  }
  return found;
}

/** Of files that may be read (one that the user excludes may not). They count as the best passage does. */
async function writtenElsewhere(sources: LikenessSources, path: string, edited: readonly EditedRegion[]): Promise<Passage[]> {
  const others = edited.filter((one) => one.path !== path);
  if (others.length === 0) return [];
  const files = await sources.index.files();
  const isReadable = (one: string) => readable.get(files, one, async () => (await sources.fileText(one)) !== undefined);
  const shown = await Promise.all(others.map((one) => isReadable(one.path)));
  return others.filter((_, at) => shown[at]).map(({ text }) => keptPassage(editedKept, text));
}

/** By path: unsaved text would be searched for secrets with every key. */
const readable = new Kept<boolean>(32);

/** A piece of text, cut into tokens. */
interface Passage {
  text: string;
  /** The tokens of all lines, where each begins in the text, and which of them is each line's first. */
  tokens: readonly string[];
  starts: readonly number[];
  lines: readonly number[];
  /** 1 where a token is a name. */
  named: Uint8Array;
  /** Its score beside the best passage's. */
  share: number;
  /** Found when they are first asked for. */
  arguments?: readonly Argument[];
}

interface Argument {
  text: string;
  callee: string;
  slot: number;
  /** Number of its first token, and of the line that has it. */
  first: number;
  line: number;
}

interface Cursor {
  /** Of the names around it: a bit each, and by bit the weight. */
  bits: ReadonlyMap<string, number>;
  weights: readonly number[];
  /** Tokens before it, nearest first. */
  tokens: readonly string[];
}

function tokensOf(text: string): string[] {
  return text.match(token) ?? [];
}

function passageOf(text: string, share: number): Passage {
  const [tokens, starts, lines]: [string[], number[], number[]] = [[], [], []];
  let start = 0;
  for (const line of text.split("\n")) {
    lines.push(tokens.length);
    for (const match of line.matchAll(token)) {
      tokens.push(match[0]);
      starts.push(start + match.index);
    }
    start += line.length + 1;
  }
  lines.push(tokens.length);
  return { text, tokens, starts, lines, named: Uint8Array.from(tokens, (one) => +nameStart.test(one)), share };
}

/** Of the file itself, and of edits: keys of one line leave the others as they are. */
const ownKept = new Map<string, Passage>();
const editedKept = new Map<string, Passage>();
const mostTexts = 12;

function keptPassage(kept: Map<string, Passage>, text: string): Passage {
  const passage = kept.get(text) ?? passageOf(text, 1);
  kept.delete(text);
  kept.set(text, passage);
  if (kept.size > mostTexts) kept.delete(kept.keys().next().value as string);
  return passage;
}

/** Which of the cursor's names each line has. */
function masksOf({ tokens, lines }: Passage, { bits }: Cursor): Int32Array {
  const masks = new Int32Array(lines.length - 1);
  for (let line = 0; line < masks.length; line++)
    for (let at = lines[line] as number; at < (lines[line + 1] as number); at++)
      masks[line] = (masks[line] as number) | (bits.get(tokens[at] as string) ?? 0);
  return masks;
}

/** Which of the cursor's names stand in the lines around a line. */
function maskAround(masks: Int32Array, line: number): number {
  let mask = 0;
  for (let at = Math.max(0, line - linesBefore); at <= Math.min(masks.length - 1, line + linesAfter); at++)
    if (at !== line) mask |= masks[at] as number;
  return mask;
}

function weightOf(mask: number, weights: readonly number[]): number {
  let sum = 0;
  for (let rest = mask; rest !== 0; rest &= rest - 1) sum += weights[31 - Math.clz32(rest & -rest)] as number;
  return sum;
}

function runOf(tokens: readonly string[], before: number, cursor: readonly string[]): number {
  let run = 0;
  while (run < longestRun && run < before && run < cursor.length && tokens[before - 1 - run] === cursor[run]) run++;
  return run;
}

function addNames(passage: Passage, cursor: Cursor, into: Map<string, Like>): void {
  const { tokens, lines, named, share } = passage;
  const masks = masksOf(passage, cursor);
  const seen = new Set<string>();
  for (let line = 0; line < masks.length; line++) {
    let mask = maskAround(masks, line);
    let around = weightOf(mask, cursor.weights);
    let worth = Math.exp(6 * around);
    for (let at = lines[line] as number; at < (lines[line + 1] as number); at++) {
      if (named[at] === 0) continue;
      const name = tokens[at] as string;
      const run = runOf(tokens, at, cursor.tokens);
      let like = into.get(name);
      if (!like) {
        like = { around: 0, called: 0, run: 0, calledRun: 0, passages: 0, sum: 0 };
        into.set(name, like);
      }
      like.around = Math.max(like.around, around);
      like.run = Math.max(like.run, run);
      if (tokens[at + 1] === "(") {
        like.called = Math.max(like.called, around);
        like.calledRun = Math.max(like.calledRun, run);
      }
      like.sum += worth + (runWorth[run] as number) - 2;
      if (!seen.has(name)) {
        seen.add(name);
        like.passages += share;
      }
      const bit = cursor.bits.get(name) ?? 0;
      if ((mask | bit) === mask) continue;
      mask |= bit;
      around = weightOf(mask, cursor.weights);
      worth = Math.exp(6 * around);
    }
  }
}

/** By length of a run. */
const runWorth = Array.from({ length: longestRun + 1 }, (_, run) => 2 ** run);

function addArguments(
  passage: Passage,
  cursor: Cursor,
  { callee, slot, labels }: { callee: string; slot: number; labels: boolean },
  into: Map<string, LikeArgument>,
): void {
  passage.arguments ??= argumentsOf(passage);
  const masks = masksOf(passage, cursor);
  for (const one of passage.arguments) {
    let mask = maskAround(masks, one.line);
    for (let at = passage.lines[one.line] as number; at < one.first; at++) mask |= cursor.bits.get(passage.tokens[at] as string) ?? 0;
    const around = weightOf(mask, cursor.weights);
    const text = labels ? one.text.replace(/^\w+:\s+/, "") : one.text;
    const like = into.get(text) ?? { around: 0, run: 0, same: 0, times: 0, timesThere: 0 };
    into.set(text, like);
    like.times++;
    if (one.slot === slot) like.timesThere++;
    like.around = Math.max(like.around, around);
    like.run = Math.max(like.run, runOf(passage.tokens, one.first, cursor.tokens));
    if (one.callee === callee && one.slot === slot) like.same = Math.max(like.same, 0.2 + around);
  }
}

/** Arguments of the passage's calls, each on one line and not too long. */
function argumentsOf({ text, tokens, starts, lines }: Passage): Argument[] {
  const found: Argument[] = [];
  const open: { callee: string | undefined; slot: number; first: number; line: number }[] = [];
  let line = 0;
  const end = (at: number) => {
    const call = open.at(-1);
    if (!call || call.callee === undefined || at === call.first) return;
    const argument = text.slice(starts[call.first], (starts[at - 1] as number) + (tokens[at - 1] as string).length);
    if (argument.length > longestArgument || argument.includes("\n")) return;
    found.push({ text: argument, callee: call.callee, slot: call.slot, first: call.first, line: call.line });
  };
  for (let at = 0; at < tokens.length; at++) {
    while (at >= (lines[line + 1] as number)) line++;
    const one = tokens[at] as string;
    const call = open.at(-1);
    if (call && at === call.first) call.line = line;
    if (one === "(") {
      const callee = tokens[at - 1] ?? "";
      open.push({ callee: nameStart.test(callee) ? callee : undefined, slot: 0, first: at + 1, line });
    } else if (one === "[" || one === "{") open.push({ callee: undefined, slot: 0, first: at + 1, line });
    else if (one === ")" || one === "]" || one === "}") {
      end(at);
      open.pop();
    } else if (one === "," && call) {
      end(at);
      call.slot++;
      call.first = at + 1;
    }
  }
  return found;
}
