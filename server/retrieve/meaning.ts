/**
 * HSA landmark scores of a question, folded to documents.
 *
 * The engine scores every chunk of the memory (natural log, a mean over question tokens and heads). Some chunks score well
 * for any question; what they score for a question about nothing is subtracted (measured: file NDCG@10 of these scores
 * alone 0.60 without, 0.68 with; ten such questions do no better than one). A document's score is the log-sum-exp of its
 * chunks at `TEMPERATURE`: several good chunks lift it, one is enough.
 */
import { NativeError, type SearchScores } from "../../native/addon.ts";
import { bestOf } from "./best.ts";
import type { SearchSources } from "./sources.ts";

export interface DocumentMeaning {
  document: number;
  /** Standard scores (mean 0, deviation 1 over all scored documents): of the log-sum-exp and of the best chunk. */
  sum: number;
  best: number;
  /** The best chunks, best first, at most `CHUNKS`, with their standard score among the documents' best chunks. Of few documents asked for. */
  chunks(): { chunk: number; score: number }[];
}

/** Measured best among 0.1 to 2. */
export const TEMPERATURE = 0.85;
/** The first HSA layer ranks as well as both (0.676 and 0.679), and needs the lower stack only. */
const LAYERS = 1;
/** A question about nothing. */
export const NEUTRAL_QUESTION = "how does this work";
const CHUNKS = 3;

/** Scores every file; undefined without an engine, without a tokenizer or with nothing encoded. Throws NativeError. */
export async function scoreMeaning(sources: SearchSources, text: string): Promise<Meanings | undefined> {
  const scored = await scores(sources, text);
  return scored && foldScores(scored.found, scored.neutral, (document) => sources.commitOf(document) === undefined);
}

/** Deviations above the mean commit that count as 1. */
const DEVIATIONS = 4;

/**
 * How far each encoded commit stands above the mean one, 0..1, by full sha: its best part counts. Undefined where none is encoded, and where the
 * engine fails: words answer then.
 */
export async function scoreCommits(sources: SearchSources, text: string): Promise<Map<string, number> | undefined> {
  const scored = await scores(sources, text).catch(withoutEngine);
  if (!scored?.found.documents.some((document) => sources.commitOf(document) !== undefined)) return undefined;
  const commits = new Map<string, number>();
  const parts = foldScores(scored.found, scored.neutral, (document) => sources.commitOf(document) !== undefined);
  for (const [document, sum] of parts?.sums() ?? []) {
    const sha = sources.commitOf(document);
    if (sha) commits.set(sha, Math.max(commits.get(sha) ?? 0, Math.min(1, Math.max(0, sum / DEVIATIONS))));
  }
  return commits;
}

function withoutEngine(error: unknown): undefined {
  if (!(error instanceof NativeError)) throw error;
}

interface Scored {
  found: SearchScores;
  /** Of the same chunks, for a question about nothing. */
  neutral: SearchScores | undefined;
}

/** What is being scored, by engine and question: files and commits of one question are scored together. */
const underWay = new WeakMap<object, Map<string, Promise<Scored>>>();

function scores({ engine, tokenizer }: SearchSources, text: string): Promise<Scored | undefined> {
  if (!engine || !tokenizer || !text) return Promise.resolve(undefined);
  const asked = underWay.get(engine) ?? new Map<string, Promise<Scored>>();
  underWay.set(engine, asked);
  const known = asked.get(text);
  if (known) return known;
  const fresh = scoreAll(engine, tokenizer, text).finally(() => asked.delete(text));
  asked.set(text, fresh);
  return fresh;
}

async function scoreAll(
  engine: NonNullable<SearchSources["engine"]>,
  tokenizer: NonNullable<SearchSources["tokenizer"]>,
  text: string,
): Promise<Scored> {
  const found = await engine.search(tokenizer.frameQuestion(text), LAYERS);
  return { found, neutral: await neutralScores(engine, tokenizer, found) };
}

/** Scores of the neutral question by engine: they hold until a document comes or goes. */
const neutrals = new WeakMap<object, SearchScores>();

/** The neutral question's scores of the chunks in `found`; undefined where documents came or went meanwhile. */
async function neutralScores(
  engine: NonNullable<SearchSources["engine"]>,
  tokenizer: NonNullable<SearchSources["tokenizer"]>,
  found: SearchScores,
): Promise<SearchScores | undefined> {
  const known = neutrals.get(engine);
  if (known && sameChunks(found, known)) return known;
  const fresh = await engine.search(tokenizer.frameQuestion(NEUTRAL_QUESTION), LAYERS);
  neutrals.set(engine, fresh);
  return sameChunks(found, fresh) ? fresh : undefined;
}

function sameChunks(a: SearchScores, b: SearchScores): boolean {
  return a.scores.length === b.scores.length && same(a.documents, b.documents) && same(a.firsts, b.firsts);
}

function same(a: Int32Array, b: Int32Array): boolean {
  if (a.length !== b.length) return false;
  for (let at = 0; at < a.length; at++) if (a[at] !== b[at]) return false;
  return true;
}

/** Folds chunk scores, less those of a neutral question over the same chunks, to the documents wanted. Undefined when there are no scores. */
export function foldScores(found: SearchScores, neutral?: SearchScores, wanted = (_document: number) => true): Meanings | undefined {
  return found.documents.length === 0 || found.scores.length === 0 ? undefined : new Meanings(found, neutral, wanted);
}

/** What a question means to every document that has chunks. Thousands of them are scored, few are looked at. */
export class Meanings {
  readonly #documents: Int32Array;
  readonly #firsts: Int32Array;
  readonly #scores: Float32Array;
  readonly #positions: ReadonlyMap<number, number>;
  /** Log-sum-exp and maximum of each document's chunks. */
  readonly #sums: Float64Array;
  readonly #bests: Float64Array;
  readonly #sumScale: Spread;
  readonly #bestScale: Spread;

  constructor({ documents, firsts, scores }: SearchScores, neutral: SearchScores | undefined, wanted: (document: number) => boolean) {
    this.#documents = documents;
    this.#firsts = firsts;
    this.#scores = neutral ? less(scores, neutral.scores) : scores;
    this.#positions = positionsIn(neutral?.documents ?? documents); // the neutral question's are the same ones, and stay
    this.#sums = new Float64Array(documents.length);
    this.#bests = new Float64Array(documents.length);
    for (let at = 0; at < documents.length; at++) {
      if (wanted(documents[at] as number)) this.#fold(at);
      else this.#bests[at] = this.#sums[at] = Number.NEGATIVE_INFINITY;
    }
    this.#sumScale = spread(this.#sums);
    this.#bestScale = spread(this.#bests);
  }

  /** Undefined for a document without chunks. */
  of(document: number): DocumentMeaning | undefined {
    const at = this.#positions.get(document);
    return at === undefined || !Number.isFinite(this.#sums[at]) ? undefined : this.#at(at);
  }

  /** At most `count`, best first. */
  best(count: number): DocumentMeaning[] {
    return bestOf(this.#sums, count).map((at) => this.#at(at));
  }

  /** Standard score of every document's log-sum-exp. */
  *sums(): Generator<[document: number, sum: number]> {
    for (let at = 0; at < this.#documents.length; at++)
      if (Number.isFinite(this.#sums[at])) yield [this.#documents[at] as number, standard(this.#sums[at] as number, this.#sumScale)];
  }

  #fold(at: number): void {
    const scores = this.#scores;
    const first = this.#firsts[at] as number;
    const end = this.#firsts[at + 1] as number;
    const best = maximum(scores, first, end);
    let sum = 0;
    for (let chunk = first; chunk < end; chunk++) sum += decayed((best - (scores[chunk] as number)) / TEMPERATURE);
    this.#bests[at] = best;
    this.#sums[at] = best + TEMPERATURE * Math.log(sum);
  }

  #at(at: number): DocumentMeaning {
    return {
      document: this.#documents[at] as number,
      sum: standard(this.#sums[at] as number, this.#sumScale),
      best: standard(this.#bests[at] as number, this.#bestScale),
      chunks: () =>
        bestChunks(this.#scores, this.#firsts[at] as number, this.#firsts[at + 1] as number).map(({ chunk, score }) => ({
          chunk,
          score: standard(score, this.#bestScale),
        })),
    };
  }
}

/** exp(-x) of x in steps, up to where it adds nothing to 1. */
const STEPS = 256;
const DECAY = Float64Array.from({ length: 16 * STEPS + 1 }, (_, step) => Math.exp(-step / STEPS));

/** exp(-below) for below >= 0, to 2e-6 of itself: a question takes it of every chunk there is. */
function decayed(below: number): number {
  const steps = below * STEPS;
  if (!(steps < DECAY.length - 1)) return 0;
  const step = steps | 0;
  const from = DECAY[step] as number;
  return from + ((DECAY[step + 1] as number) - from) * (steps - step);
}

const positionsMade = new WeakMap<Int32Array, ReadonlyMap<number, number>>();

/** Positions of documents by their ids. */
function positionsIn(documents: Int32Array): ReadonlyMap<number, number> {
  const known = positionsMade.get(documents);
  if (known) return known;
  const fresh = new Map<number, number>();
  for (const [at, document] of documents.entries()) fresh.set(document, at);
  positionsMade.set(documents, fresh);
  return fresh;
}

function less(scores: Float32Array, neutral: Float32Array): Float32Array {
  const left = new Float32Array(scores.length);
  for (let at = 0; at < scores.length; at++) left[at] = (scores[at] as number) - (neutral[at] as number);
  return left;
}

function maximum(scores: Float32Array, first: number, end: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let at = first; at < end; at++) if ((scores[at] as number) > best) best = scores[at] as number;
  return best;
}

function bestChunks(scores: Float32Array, first: number, end: number): { chunk: number; score: number }[] {
  return bestOf(scores.subarray(first, end), CHUNKS).map((chunk) => ({ chunk, score: scores[first + chunk] as number }));
}

interface Spread {
  mean: number;
  deviation: number;
}

/** Mean and deviation of the finite values; documents without chunks have none. */
function spread(values: Float64Array): Spread {
  let count = 0;
  let sum = 0;
  let squares = 0;
  for (const value of values) {
    if (!Number.isFinite(value)) continue;
    count++;
    sum += value;
    squares += value * value;
  }
  const mean = count > 0 ? sum / count : 0;
  return { mean, deviation: Math.sqrt(Math.max(0, count > 0 ? squares / count - mean * mean : 0)) };
}

function standard(value: number, { mean, deviation }: Spread): number {
  return deviation > 1e-9 ? (value - mean) / deviation : 0;
}
