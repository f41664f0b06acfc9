/**
 * From a cursor to a completion: frames the text, lets the engine decode over the repository's memory, judges the result.
 *
 * One engine session serves all requests, so that a key prefills only what it changed. The latest request wins: an earlier one
 * is cancelled and answers "cancelled". While the user types along a suggestion it is answered from the last results.
 */
import { type Attended, NativeError } from "../../native/addon.ts";
import type { IndexReader } from "../index/api.ts";
import type { Settings } from "../settings.ts";
import { isSecretPath, redactSecrets } from "../workspace/secrets.ts";
import { confidence } from "./confidence.ts";
import { type Decoded, type DecodeSession, decode } from "./decode.ts";
import { type Encoder, frame } from "./frame.ts";
import { declines, polish } from "./manners.ts";
import type { Completion, CompletionChunk, CompletionRequest } from "./types.ts";
import { Vocabulary } from "./vocabulary.ts";

export interface CompletionTokenizer extends Encoder {
  vocabulary(): Uint8Array[];
}

/** What completion needs of a memory. */
export interface CompletionMemory {
  readonly index: Pick<IndexReader, "documentAt" | "documents" | "chunkLines">;
  /** Null where there is none; `problem` says why. */
  readonly engine: { session(): DecodeSession } | null;
  readonly tokenizer: CompletionTokenizer | null;
  readonly settings: Settings;
  readonly problem: string;
  /** The path as a file's header has it: relative to the git top level. */
  headerPath(path: string): string;
}

const maxTokens = 48;
const remembered = 8;
const shownChunks = 12;

/** A result with the text it belongs to. */
interface Remembered {
  path: string;
  prefix: string;
  suffix: string;
  completion: Completion;
}

export class Completer {
  readonly #memory: CompletionMemory;
  #session: DecodeSession | null = null;
  #vocabulary: Vocabulary | null = null;
  #current: AbortController | null = null;
  #previous: Promise<unknown> = Promise.resolve();
  #results: Remembered[] = [];

  constructor(memory: CompletionMemory) {
    this.#memory = memory;
  }

  /** Never rejects for what a request may meet: "cancelled", no engine and the like are a completion without text, and a reason. */
  async complete(request: CompletionRequest): Promise<Completion> {
    const started = performance.now();
    const answer = (completion: Omit<Completion, "ms">): Completion => ({ ...completion, ms: performance.now() - started });
    this.#current?.abort();
    const reason = this.#declines(request);
    if (reason) return answer(nothing(reason));
    const known = this.#typedAlong(request);
    if (known) return answer(known);

    const current = new AbortController();
    this.#current = current;
    const signal = request.signal ? AbortSignal.any([current.signal, request.signal]) : current.signal;
    const run = this.#previous.then(() => this.#compute(request, signal));
    this.#previous = run.catch(() => undefined);
    try {
      const completion = answer(await run);
      this.#remember(request, completion);
      return completion;
    } catch (error) {
      if (signal.aborted || (error instanceof NativeError && error.code === "cancelled")) return answer(nothing("cancelled"));
      this.#session = null; // a session that failed is not used again
      return answer(nothing(error instanceof Error ? error.message : String(error)));
    }
  }

  #declines(request: CompletionRequest): string {
    if (isSecretPath(request.path)) return "secret file";
    if (!this.#memory.engine || !this.#memory.tokenizer) return this.#memory.problem || "no engine";
    return declines(request, this.#memory.settings.completion.disabledLanguages);
  }

  async #compute(request: CompletionRequest, signal: AbortSignal): Promise<Completion> {
    signal.throwIfAborted();
    const { index, engine, tokenizer } = this.#memory;
    if (!engine || !tokenizer) return { ...nothing("no engine"), ms: 0 };
    this.#vocabulary ??= new Vocabulary(tokenizer.vocabulary());
    this.#session ??= engine.session();
    const vocabulary = this.#vocabulary;
    const framed = frame({ ...request, path: this.#memory.headerPath(request.path) }, tokenizer, (id) => vocabulary.text(id));
    const stored = await index.documentAt(request.path);
    const hidden = Int32Array.from(stored ? [stored.id] : []);
    const decoded = await decode(this.#session, framed, vocabulary, { hidden, maxTokens, signal });
    return { ...this.#judge(request, decoded), chunks: await this.#chunks(decoded.attended), ms: 0 };
  }

  #judge(request: CompletionRequest, decoded: Decoded): Completion {
    const verdict = polish({
      text: decoded.text,
      prefix: request.prefix,
      suffix: request.suffix,
      complete: decoded.stop === "end of text",
      redact: (text) => redactSecrets(text).text,
    });
    const sure = confidence(decoded);
    const low = sure < this.#memory.settings.completion.minimumConfidence;
    const reason = verdict.reason || (low ? "low confidence" : "");
    return { text: verdict.text, confidence: sure, shown: reason === "", reason, chunks: [], ms: 0 };
  }

  /** Where the attended chunks are. Lines of one file that touch are one entry. */
  async #chunks(attended: readonly Attended[]): Promise<CompletionChunk[]> {
    const { index } = this.#memory;
    const heaviest = attended.slice(0, shownChunks);
    const rows = new Map((await index.documents([...new Set(heaviest.map((one) => one.document))])).map((row) => [row.id, row]));
    const chunks: CompletionChunk[] = [];
    for (const one of heaviest) {
      const row = rows.get(one.document);
      const lines = row ? (await index.chunkLines([{ document: one.document, chunks: [one.chunk] }]))[0]?.[0] : undefined;
      if (row && lines) addChunk(chunks, { path: row.path, commit: row.commit, ...lines, weight: one.weight });
    }
    return chunks.sort((a, b) => b.weight - a.weight);
  }

  /** The last result that the request continues: its text, less what was typed of it. */
  #typedAlong(request: CompletionRequest): Omit<Completion, "ms"> | undefined {
    for (const { path, prefix, suffix, completion } of this.#results) {
      if (path !== request.path || suffix !== request.suffix || !request.prefix.startsWith(prefix)) continue;
      const typed = request.prefix.slice(prefix.length);
      if (!completion.text.startsWith(typed) || (typed !== "" && typed === completion.text)) continue;
      return { ...completion, text: completion.text.slice(typed.length) };
    }
    return undefined;
  }

  #remember(request: CompletionRequest, completion: Completion): void {
    if (completion.text === "") return;
    const { path, prefix, suffix } = request;
    this.#results = [{ path, prefix, suffix, completion }, ...this.#results].slice(0, remembered);
  }
}

function addChunk(chunks: CompletionChunk[], one: CompletionChunk): void {
  const touching = chunks.find(
    (other) =>
      other.path === one.path && other.commit === one.commit && one.startLine <= other.endLine + 1 && one.endLine >= other.startLine - 1,
  );
  if (!touching) {
    chunks.push(one);
    return;
  }
  touching.startLine = Math.min(touching.startLine, one.startLine);
  touching.endLine = Math.max(touching.endLine, one.endLine);
  touching.weight += one.weight;
}

function nothing(reason: string): Omit<Completion, "ms"> {
  return { text: "", confidence: 0, shown: false, reason, chunks: [] };
}
