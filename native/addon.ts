/**
 * What the native addon offers, typed once: the contract between C++ (native/binding/) and TypeScript.
 *
 * Nothing here throws across the boundary. Every call that can fail returns a `Failure` value (or a promise of one);
 * the classes in engine.ts, tokenizer.ts and words.ts turn it into an error of TypeScript.
 * Native code never sees repository paths or git: cache files come as descriptors opened by the caller.
 */

/** An error as a value. `code` is stable and meant for programs, `message` is for people. */
export interface Failure {
  failed: true;
  code: "bad-argument" | "bad-model" | "no-memory" | "cancelled" | "io" | "internal";
  message: string;
}

export type Result<T> = T | Failure;

/** Bytes of one stored landmark: 2 heads x 128 int8, then 2 float32 scales. */
export const LANDMARK_BYTES = 264;
/**
 * Bytes of one stored chunk of keys and values: for each of 64 tokens 2 heads x 64 int8 keys and 2 x 64 int8 values (256),
 * with 4 half-precision scales a token (8). The order inside is the engine's own.
 */
export const KV_BYTES = 64 * 264;
export const CHUNK = 64;

/** A document to encode. `ids` without padding; chunks before `firstChunk` are not returned (incremental encode, model/README.md). */
export interface EncodeInput {
  ids: Int32Array;
  firstChunk: number;
}

/** The stored form of a document's chunks from `firstChunk` on. */
export interface EncodedChunks {
  /** Number of chunks in the two buffers. */
  chunks: number;
  /** chunks x LANDMARK_BYTES */
  landmarks: Uint8Array;
  /** chunks x KV_BYTES */
  kv: Uint8Array;
}

/** Where a document's encoding lies in the attached cache files. */
export interface DocumentPlace {
  /** The index's document id, unique in this engine. */
  document: number;
  /** Row of the first chunk in the landmark file (byte offset = row x LANDMARK_BYTES). */
  landmarkRow: number;
  chunks: number;
  /** Tokens without padding: the last chunk's pads are derived from it. */
  tokens: number;
  /**
   * Number of the attached K/V segment; -1 where the K/V was evicted, -2 where none is kept: such chunks score but are never attended, and
   * evicted ones are `missing` when they would have been.
   */
  segment: number;
  /** Byte offset in that segment. */
  offset: number;
}

/** Scores of every chunk in the engine: chunk c of documents[i] has scores[firsts[i] + c]. */
export interface SearchScores {
  documents: Int32Array;
  /** documents.length + 1 entries. */
  firsts: Int32Array;
  /** Mean over question tokens, layers and heads of log-softmax scores (natural log; higher is better). */
  scores: Float32Array;
}

export interface Attended {
  document: number;
  chunk: number;
  /** Mean share of attention over layers and heads, 0..1. */
  weight: number;
}

/** The state after a token: logits over the vocabulary for the next one. */
export interface Step {
  logits: Float32Array;
  /** e to the power of each logit less the highest: what probabilities are sums of. */
  powers: Float32Array;
  /** Chunks attended by the last token, heaviest first, at most 16. */
  attended: Attended[];
  /**
   * The last token's best chunks a layer and head, [2][2][16], best first, for comparison with the reference: numbered as SearchScores counts them,
   * the context's own chunk c as -2 - c, and -1 where there are fewer.
   */
  chosen?: Int32Array;
  /** Tokens computed by this call (the rest was reused from the previous context). */
  computed: number;
  /** After the tokens before the last, in their order, where `begin` was asked for them; `computed` is 0 in each. */
  before?: Step[];
}

export interface EngineStats {
  backend: "cpu" | "cuda";
  /** "baseline", "avx2", "avxvnni", "avx512" or "neon" for cpu; the device's name for cuda. */
  detail: string;
  /** Why no GPU serves, for people; "" where one does. A GPU that fails later is let go, and this says so. */
  withoutGpu?: string;
  /** Memory that the engine holds on the GPU now; 0 on the CPU and once it was given back. */
  gpuBytes?: number;
  modelId: string;
  /** Tokens that a call of encode should bring to keep the backend busy and yet be interrupted soon. */
  batchTokens?: number;
  threads: number;
  documents: number;
  chunks: number;
  /** Bytes of landmarks, keys and values that are mapped for reading now. */
  resident?: number;
  tokensEncoded: number;
  encodeMs: number;
}

export interface EngineOptions {
  /** Folder with model.safetensors, tokenizer.json, config.json. */
  model: string;
  /** Threads of the pool; 0 = physical cores. */
  threads: number;
  /** Forces an instruction set at or below the machine's ("baseline" | "avx2" | "avxvnni" | "avx512"), for tests; "" = best. */
  isa: string;
  /** "float": float activations and unrounded encodings (1,024 bytes a landmark, 65,536 a chunk), to compare with the reference. Default "stored". */
  precision?: "stored" | "float";
  /** "auto" (default): the GPU where one can serve, else the CPU; "cuda" fails where none can. An `isa` or "float" asks for the CPU. */
  backend?: "auto" | "cpu" | "cuda";
  /** The GPU backend's library; default: everyline-cuda.so beside the addon. */
  cudaLibrary?: string;
  /** Bytes this engine may hold on the GPU; default: half of what is free when they are taken. */
  vram?: number;
  /** Seconds without a call after which all of them are given back, until the next call. Default 300. */
  gpuIdleSeconds?: number;
  /**
   * Bytes of landmarks, keys and values that stay mapped once no call runs for a moment; default 512 MB, twice as many while calls follow one another.
   * Keys and values beyond it are read again from the cache when they are wanted; landmarks, 264 bytes a chunk, always stay.
   */
  ram?: number;
}

/** One engine: weights, memory and a worker pool. Interactive calls (search, begin, next) go before encodes. */
export interface NativeEngine {
  stats(): EngineStats;
  /** Encodes documents in order; cancellable by `cancelEncode`. */
  encode(inputs: EncodeInput[]): Promise<Result<EncodedChunks[]>>;
  cancelEncode(): void;
  /** 1 = all threads; below 1 the pool sleeps so that its share of time is about `share` and at most half of the threads work. */
  setPace(share: number): void;
  /** Maps the landmark file (read only; may grow later by appends: call again with the same fd after growth is NOT needed). */
  attachLandmarks(fd: number): Result<true>;
  attachSegment(segment: number, fd: number): Result<true>;
  detachSegment(segment: number): Result<true>;
  addDocuments(places: DocumentPlace[]): Result<true>;
  removeDocuments(documents: Int32Array): Result<true>;
  /** Chunks whose K/V is missing and that a search or context wanted since the last call: document ids to encode anew. */
  missing(): Int32Array;
  /** Scores all chunks for a question's ids (framed: <q> TEXT <a>). layers 1 needs the lower stack only. Safe to call while others run. */
  search(ids: Int32Array, layers: 1 | 2): Promise<Result<SearchScores>>;
  session(): Result<NativeSession>;
  close(): void;
}

/** A decoding context over the engine's memory. One call at a time. */
export interface NativeSession {
  /**
   * Prefills `ids` (positions from 0), reusing what the last context shares as a prefix. `hidden` documents are not attended. `before`: of how
   * many tokens before the last the state is told, too (0 to 15): together they take little longer than one.
   */
  begin(ids: Int32Array, hidden: Int32Array, before?: number): Promise<Result<Step>>;
  next(token: number): Promise<Result<Step>>;
  /** The call in progress, if any, resolves to code "cancelled" within a few milliseconds. */
  cancel(): void;
}

/** Tokens with the byte offset (UTF-8, of the text given) after each. */
export interface Tokenized {
  ids: Int32Array;
  ends: Int32Array;
}

/** Byte-level BPE, exactly model/tokenizer.json; special tokens are never recognised in text. Synchronous, thread-safe. */
export interface NativeTokenizer {
  encode(text: Uint8Array): Tokenized;
  /** The tokens' bytes, concatenated; specials give nothing. */
  decode(ids: Int32Array): Uint8Array;
  /** All vocabulary entries' bytes, by id (specials empty): for token healing and constrained decoding. */
  vocabulary(): Uint8Array[];
}

/** A passage to index by words. */
export interface PassageText {
  /** The index's passage id, > 0 for stored passages, < 0 for unsaved text. */
  id: number;
  /** Path or, for a commit, its changed paths; separated by spaces or newlines. */
  path: string;
  /** Names defined here; for a commit, its subject. */
  symbols: string;
  body: string;
}

export interface WordHits {
  /** Passage ids, best first. */
  ids: Int32Array;
  /** BM25F scores. */
  scores: Float32Array;
  /** Share of the query's distinct words (by idf mass) found in the passage, 0..1. */
  coverage: Float32Array;
}

export interface FieldWeights {
  path: number;
  symbols: number;
  body: number;
}

/** In-memory inverted index (BM25F) over passages: immutable mapped segments, a delta and tombstones. Thread-safe. */
export interface NativeWords {
  /** Adds or replaces passages. */
  add(passages: PassageText[]): Promise<Result<true>>;
  remove(ids: Int32Array): Result<true>;
  search(query: string, k: number, weights: FieldWeights): Promise<Result<WordHits>>;
  /** The code-aware terms of a text, in order: identifiers, their parts, stems, CJK bigrams. */
  terms(text: string): string[];
  /** Number of passages holding the term (after the same analysis as a query's word). */
  documentFrequency(word: string): number;
  stats(): { passages: number; terms: number; postings: number; bytes: number };
  /** Writes everything (segments merged, tombstones dropped) to an empty open file, with a checksum and `transaction`. */
  save(fd: number, transaction: number): Promise<Result<true>>;
  /** Maps a saved file into an empty index; returns its transaction. A damaged file is a Failure "io". */
  load(fd: number): Promise<Result<number>>;
}

export interface NativeAddon {
  /** Version of this contract: the loader refuses another. */
  contract: 1;
  isa(): "baseline" | "avx2" | "avxvnni" | "avx512" | "neon";
  /** GOP/s of one thread in int8 dot products from registers, for benchmarks; blocks for some milliseconds. `isa` as in EngineOptions. */
  int8Ceiling?(isa: string): Result<number>;
  loadEngine(options: EngineOptions): Promise<Result<NativeEngine>>;
  createTokenizer(tokenizerJson: Uint8Array): Promise<Result<NativeTokenizer>>;
  createWords(): NativeWords;
}

export function isFailure<T>(result: Result<T>): result is Failure {
  return typeof result === "object" && result !== null && (result as Failure).failed === true;
}

/** A failure of the native addon, as an error. */
export class NativeError extends Error {
  readonly code: Failure["code"];
  constructor(failure: Failure) {
    super(failure.message);
    this.name = "NativeError";
    this.code = failure.code;
  }
}

/** Unwraps a result or throws NativeError. */
export function unwrap<T>(result: Result<T>): T {
  if (isFailure(result)) throw new NativeError(result);
  return result;
}
