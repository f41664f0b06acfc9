/**
 * HSA landmark scores of a question, folded to documents.
 *
 * The engine scores every chunk of the memory (natural log, a mean over question tokens and heads). Some chunks score well
 * for any question; what they score for a question about nothing is subtracted (measured: file NDCG@10 of these scores
 * alone 0.60 without, 0.68 with; ten such questions do no better than one). A document's score is the log-sum-exp of its
 * chunks at `TEMPERATURE`: several good chunks lift it, one is enough.
 */
import type { SearchScores } from "../../native/addon.ts";
import type { SearchSources } from "./sources.ts";

export interface DocumentMeaning {
  document: number;
  /** Standard scores (mean 0, deviation 1 over all scored documents): of the log-sum-exp and of the best chunk. */
  sum: number;
  best: number;
  /** The best chunks, best first, at most `CHUNKS`, with their standard score among the documents' best chunks. */
  chunks: { chunk: number; score: number }[];
}

/** Measured best among 0.1 to 2. */
export const TEMPERATURE = 0.85;
/** The first HSA layer ranks as well as both (0.676 and 0.679), and needs the lower stack only. */
const LAYERS = 1;
/** A question about nothing. */
export const NEUTRAL_QUESTION = "how does this work";
const CHUNKS = 3;

/** Scores every document; undefined without an engine, without a tokenizer or with nothing encoded. Throws NativeError. */
export async function scoreMeaning(sources: SearchSources, text: string): Promise<DocumentMeaning[] | undefined> {
  const { engine, tokenizer } = sources;
  if (!engine || !tokenizer || !text) return undefined;
  const found = await engine.search(tokenizer.frameQuestion(text), LAYERS);
  const neutral = await neutralScores(engine, tokenizer, found);
  return foldScores(found, neutral?.scores);
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
  return a.length === b.length && a.every((value, at) => value === b[at]);
}

/** Folds chunk scores, less those of a neutral question, to documents in the engine's order. Undefined when there are none. */
export function foldScores({ documents, firsts, scores: raw }: SearchScores, neutral?: Float32Array): DocumentMeaning[] | undefined {
  const found = { documents, firsts, scores: neutral ? less(raw, neutral) : raw };
  const count = found.documents.length;
  if (count === 0 || found.scores.length === 0) return undefined;
  const sums = new Float64Array(count);
  const bests = new Float64Array(count);
  for (let document = 0; document < count; document++) {
    const first = found.firsts[document] ?? 0;
    const end = found.firsts[document + 1] ?? first;
    const best = maximum(found.scores, first, end);
    let sum = 0;
    for (let chunk = first; chunk < end; chunk++) sum += Math.exp(((found.scores[chunk] ?? 0) - best) / TEMPERATURE);
    bests[document] = best;
    sums[document] = best + TEMPERATURE * Math.log(sum);
  }
  const sumScale = spread(sums);
  const bestScale = spread(bests);
  const meanings: DocumentMeaning[] = [];
  for (let document = 0; document < count; document++) {
    const first = found.firsts[document] ?? 0;
    const end = found.firsts[document + 1] ?? first;
    if (end === first) continue;
    meanings.push({
      document: found.documents[document] ?? 0,
      sum: standard(sums[document] ?? 0, sumScale),
      best: standard(bests[document] ?? 0, bestScale),
      chunks: bestChunks(found.scores, first, end).map(({ chunk, score }) => ({ chunk, score: standard(score, bestScale) })),
    });
  }
  return meanings;
}

function less(scores: Float32Array, neutral: Float32Array): Float32Array {
  const left = new Float32Array(scores.length);
  for (let at = 0; at < scores.length; at++) left[at] = (scores[at] ?? 0) - (neutral[at] ?? 0);
  return left;
}

function maximum(scores: Float32Array, first: number, end: number): number {
  let best = Number.NEGATIVE_INFINITY;
  for (let at = first; at < end; at++) best = Math.max(best, scores[at] ?? Number.NEGATIVE_INFINITY);
  return best;
}

function bestChunks(scores: Float32Array, first: number, end: number): { chunk: number; score: number }[] {
  const best: { chunk: number; score: number }[] = [];
  for (let at = first; at < end; at++) {
    const score = scores[at] ?? 0;
    if (best.length === CHUNKS && score <= (best[CHUNKS - 1]?.score ?? 0)) continue;
    let place = best.length;
    while (place > 0 && (best[place - 1]?.score ?? 0) < score) place--;
    best.splice(place, 0, { chunk: at - first, score });
    if (best.length > CHUNKS) best.pop();
  }
  return best;
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
