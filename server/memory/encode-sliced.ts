/**
 * Encodes documents of any length with native calls of bounded size.
 *
 * A long document goes in slices: the engine restarts 16 chunks before a slice's first chunk (model/README.md), so a slice costs
 * 1,024 tokens more than it gives. Every call has a minute: an engine that does not answer is cancelled and reported.
 */
import { CHUNK, type EncodedChunks, type EncodeInput, type EngineStats, NativeError } from "../../native/addon.ts";

/** What is used of the engine (native/engine.ts). */
export interface SlicedEngine {
  stats(): Pick<EngineStats, "batchTokens">;
  encode(inputs: EncodeInput[]): Promise<EncodedChunks[]>;
  cancelEncode(): void;
}

/** A document to encode, with the slices that an interrupted attempt has done already. */
export interface SlicedInput extends EncodeInput {
  done: EncodedChunks[];
}

const leastSliceChunks = 128;
const leastBatchTokens = 6144;
const answerMs = 60_000;

/** Tokens that a call should bring: a backend that is fast takes more at once. */
export function batchTokens(engine: SlicedEngine): number {
  return engine.stats().batchTokens ?? leastBatchTokens;
}

/**
 * Chunks from each input's firstChunk on. Rejects with NativeError, code "cancelled" when interrupted, "internal" when nothing came for a
 * minute; the slices of a long document that were done stay in its `done`.
 */
export async function encodeSliced(engine: SlicedEngine, inputs: readonly SlicedInput[], signal: AbortSignal): Promise<EncodedChunks[]> {
  const sliceChunks = Math.max(leastSliceChunks, Math.floor(batchTokens(engine) / CHUNK));
  if (inputs.every((input) => chunksOf(input) - input.firstChunk <= sliceChunks)) {
    return watched(
      engine,
      inputs.map(({ ids, firstChunk }) => ({ ids, firstChunk })),
      signal,
    );
  }
  const results: EncodedChunks[] = [];
  for (const input of inputs) results.push(await encodeLong(engine, input, sliceChunks, signal));
  return results;
}

async function encodeLong(
  engine: SlicedEngine,
  { ids, firstChunk, done }: SlicedInput,
  sliceChunks: number,
  signal: AbortSignal,
): Promise<EncodedChunks> {
  const chunks = chunksOf({ ids, firstChunk });
  let next = firstChunk + done.reduce((sum, part) => sum + part.chunks, 0);
  while (next < chunks) {
    const end = Math.min(chunks, next + sliceChunks);
    done.push(...(await watched(engine, [{ ids: ids.subarray(0, end * CHUNK), firstChunk: next }], signal)));
    next = end;
  }
  return {
    chunks: chunks - firstChunk,
    landmarks: Buffer.concat(done.map((part) => part.landmarks)),
    kv: Buffer.concat(done.map((part) => part.kv)),
  };
}

async function watched(engine: SlicedEngine, inputs: EncodeInput[], signal: AbortSignal): Promise<EncodedChunks[]> {
  if (signal.aborted) throw new NativeError({ failed: true, code: "cancelled", message: "Encoding was stopped." });
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      engine.cancelEncode();
      reject(new NativeError({ failed: true, code: "internal", message: "the engine did not answer for a minute" }));
    }, answerMs);
  });
  try {
    return await Promise.race([engine.encode(inputs), late]);
  } finally {
    clearTimeout(timer);
  }
}

function chunksOf({ ids }: EncodeInput): number {
  return Math.ceil(ids.length / CHUNK);
}
