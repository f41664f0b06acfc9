/**
 * From a cursor to a completion: frames the text, lets the engine decode over the repository's memory, judges the result.
 *
 * One engine session serves all requests, so that a key prefills only what it changed. The latest request wins: an earlier one
 * is cancelled and answers "cancelled". While the user types along a suggestion it is answered from the last results; what would
 * follow it is computed ahead, so that it is there once the suggestion is accepted.
 */
import { type Attended, NativeError } from "../../native/addon.ts";
import type { IndexReader } from "../index/api.ts";
import type { DocumentRow } from "../index/types.ts";
import type { Settings } from "../settings.ts";
import { inTurns, type Steps, turn } from "../turns.ts";
import { isSecretPath, redactSecrets } from "../workspace/secrets.ts";
import { withBlock } from "./body.ts";
import { callSites } from "./call-sites.ts";
import { callsIn } from "./calls.ts";
import { nameChancesInSteps, shareOfNames } from "./chances.ts";
import { confidence } from "./confidence.ts";
import { type Decoded, decode } from "./decode.ts";
import { completeByEndpoint } from "./endpoint.ts";
import { type Encoder, type Frame, frame } from "./frame.ts";
import { type Guide, nameGuide } from "./guide.ts";
import { type KnownNames, knownNames, withOffered } from "./known-names.ts";
import { Likeness } from "./likeness.ts";
import { declines, polish } from "./manners.ts";
import { type ContextSources, repositoryContext } from "./repository-context.ts";
import { nameScorer } from "./scores.ts";
import { receiverOf, type Surroundings, surroundingsOf } from "./surroundings.ts";
import type { DecodeSession } from "./token-tree.ts";
import type { Completion, CompletionChunk, CompletionRequest, Unmeasured } from "./types.ts";
import { textOf, Vocabulary } from "./vocabulary.ts";

export interface CompletionTokenizer extends Encoder {
  vocabulary(): Uint8Array[];
}

/** What completion needs of a memory. */
export interface CompletionMemory extends ContextSources {
  readonly index: Pick<IndexReader, "documentAt" | "documents" | "chunkLines" | "documentFrequency"> & ContextSources["index"];
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
/** Names and arguments whose tokens are kept: they come again with every key. */
const mostEncoded = 20_000;
const shownChunks = 12;
/** Probability of a name from which on its calls are read before it is written. */
const surelyAsked = 0.3;
/** Characters of what the repository says that a user's own model is sent. */
const contextBudget = 6000;
/** Characters of the file's own text around the cursor that it is sent. */
const sentBefore = 6000;
const sentAfter = 2000;

/** A result with the text it belongs to. */
interface Remembered {
  path: string;
  prefix: string;
  suffix: string;
  completion: Unmeasured;
}

/** A computation under way; its completion never rejects. */
interface Running {
  request: CompletionRequest;
  controller: AbortController;
  completion: Promise<Unmeasured>;
  /** Asked for by nobody yet. */
  ahead: boolean;
  ended: boolean;
}

interface Prepared {
  session: DecodeSession;
  vocabulary: Vocabulary;
  tokenizer: CompletionTokenizer;
}

export class Completer {
  readonly #memory: CompletionMemory;
  #session: DecodeSession | null = null;
  #vocabulary: Vocabulary | null = null;
  #current: Running | null = null;
  /** The place that is read ahead, and how to end that; the place that was read last. */
  #reading: AbortController | undefined;
  #lastRead: CompletionRequest | undefined;
  #previous: Promise<unknown> = Promise.resolve();
  #results: Remembered[] = [];
  readonly #encoded = new Map<string, readonly number[]>();
  /** How many passages hold a word, of a list of files: another list comes with any change of the index. */
  readonly #frequencies = new WeakMap<readonly DocumentRow[], Map<string, number>>();
  /** Definitions that were read whole. */
  readonly #namesRead = new WeakSet<KnownNames["definitions"]>();

  constructor(memory: CompletionMemory) {
    this.#memory = memory;
  }

  /** Makes now what the first request would wait for, where there is an engine. */
  prepare(): Prepared | undefined {
    const { engine, tokenizer } = this.#memory;
    if (!engine || !tokenizer) return undefined;
    this.#vocabulary ??= new Vocabulary(tokenizer.vocabulary());
    this.#session ??= engine.session();
    return { session: this.#session, vocabulary: this.#vocabulary, tokenizer };
  }

  /**
   * Reads the place of a cursor that rests, so that the first key there does not wait for it. Any request ends that; nothing where one is under way, or
   * where the last one was near.
   */
  readAhead(request: CompletionRequest): void {
    if (this.#current?.ended === false || this.#memory.settings.completion.endpoint || this.#declines(request) !== "") return;
    if (this.#lastRead && isNear(request, this.#lastRead)) return;
    this.#reading?.abort();
    this.#reading = new AbortController();
    const { signal } = this.#reading;
    this.#previous = this.#previous.then(() => this.#read(request, signal)).catch((error: unknown) => this.#failed(error, signal));
  }

  async #read(request: CompletionRequest, signal: AbortSignal): Promise<void> {
    signal.throwIfAborted();
    const prepared = this.prepare();
    if (!prepared) return;
    const { session } = prepared;
    const around = surroundingsOf(request.prefix, request.suffix);
    await turn(signal);
    const own = this.#memory.index.documentAt(request.path);
    const names = knownNames(this.#memory, request, around, receiverOf(around.line).receiver);
    const likeness = Likeness.read(this.#memory, { path: request.path, text: around.text, at: around.at, edited: request.edited });
    const framed = this.#frame(request, around, prepared);
    const cancel = () => session.cancel();
    signal.addEventListener("abort", cancel, { once: true });
    const read = own.then((stored) => {
      signal.throwIfAborted();
      return session.begin(framed.ids, idsOf(stored), 0);
    });
    await Promise.all([read, names, likeness]).finally(() => signal.removeEventListener("abort", cancel));
  }

  /** Whether it was no cancellation. A session that failed is not used again. */
  #failed(error: unknown, signal: AbortSignal): boolean {
    if (signal.aborted || (error instanceof NativeError && error.code === "cancelled")) return false;
    this.#session = null;
    return true;
  }

  /** Never rejects for what a request may meet: "cancelled", no engine and the like are a completion without text, and a reason. */
  async complete(request: CompletionRequest): Promise<Completion> {
    const started = performance.now();
    const answer = (completion: Unmeasured): Completion => ({ ...completion, ms: performance.now() - started });
    this.#reading?.abort();
    const joined = this.#joined(request);
    if (!joined && !this.#current?.ahead) this.#current?.controller.abort();
    const reason = this.#declines(request);
    if (reason) return answer(nothing(reason));
    const known = this.#typedAlong(request);
    if (known) return answer(known);
    if (request.signal?.aborted) return answer(nothing("cancelled"));

    const running = joined ?? this.#start(request, false);
    running.ahead = false;
    const { signal } = running.controller;
    const cancel = () => running.controller.abort();
    request.signal?.addEventListener("abort", cancel, { once: true });
    const completion = await Promise.race([running.completion, cancelled(signal)]);
    request.signal?.removeEventListener("abort", cancel);
    if (completion.shown && this.#current === running) this.#lookAhead(request, completion.text);
    return answer(completion);
  }

  /** The computation under way, where it is for the same place. */
  #joined({ path, prefix, suffix }: CompletionRequest): Running | undefined {
    const running = this.#current;
    if (!running || running.ended || running.controller.signal.aborted) return undefined;
    const { request } = running;
    return request.path === path && request.prefix === prefix && request.suffix === suffix ? running : undefined;
  }

  /** Instead of the computation under way. */
  #start(request: CompletionRequest, ahead: boolean): Running {
    this.#current?.controller.abort();
    const controller = new AbortController();
    const computed = this.#previous.then(() => this.#compute(request, controller.signal));
    this.#previous = computed.catch(() => undefined);
    const completion = computed.then(
      (made) => this.#remember(request, made),
      (error: unknown) => {
        if (!this.#failed(error, controller.signal)) return nothing("cancelled");
        const problem = error instanceof Error ? error.message : String(error);
        return { ...nothing(problem), problem };
      },
    );
    const running = { request, controller, completion, ahead, ended: false };
    void completion.then(() => {
      running.ended = true;
    });
    this.#current = running;
    return running;
  }

  /** What follows once `text` was accepted. A server of the user's own is asked for nothing that nobody wants yet. */
  #lookAhead(request: CompletionRequest, text: string): void {
    if (this.#memory.settings.completion.endpoint) return;
    const next = { ...request, prefix: request.prefix + text, signal: undefined };
    if (this.#declines(next) === "" && !this.#typedAlong(next)) this.#start(next, true);
  }

  #declines(request: CompletionRequest): string {
    if (isSecretPath(request.path)) return "secret file";
    if (!this.#memory.settings.completion.endpoint && !(this.#memory.engine && this.#memory.tokenizer))
      return this.#memory.problem || "no engine";
    return declines(request, this.#memory.settings.completion);
  }

  async #compute(request: CompletionRequest, signal: AbortSignal): Promise<Unmeasured> {
    signal.throwIfAborted();
    if (this.#memory.settings.completion.endpoint) return this.#askEndpoint(request, signal);
    const started = performance.now();
    const first = await this.#decode(request, signal);
    if (!first.shown) return first;
    return withBlock(request, first, (next, late) => this.#decode(next, AbortSignal.any([signal, late])), started);
  }

  /** The user's own model, told what the repository says. */
  async #askEndpoint(request: CompletionRequest, signal: AbortSignal): Promise<Unmeasured> {
    const { endpoint, model } = this.#memory.settings.completion;
    const { path, prefix, suffix } = request;
    const around = surroundingsOf(prefix, suffix);
    const known = await knownNames(this.#memory, request, around, receiverOf(around.line).receiver);
    const context = await repositoryContext(this.#memory, { path, prefix, suffix, around, known, budget: contextBudget });
    signal.throwIfAborted();
    const shown = { prefix: redactSecrets(prefix.slice(-sentBefore)).text, suffix: redactSecrets(suffix.slice(0, sentAfter)).text };
    const reply = await completeByEndpoint({ endpoint, model, path, ...shown, context, signal });
    return { ...offered(request, reply), confidence: 1, chunks: [] };
  }

  /** One line. */
  async #decode(request: CompletionRequest, signal: AbortSignal): Promise<Unmeasured> {
    const prepared = this.prepare();
    if (!prepared) return nothing("no engine");
    const { session, vocabulary, tokenizer } = prepared;
    const around = surroundingsOf(request.prefix, request.suffix);
    await turn(signal);
    // The index is asked while the text becomes tokens.
    const own = this.#memory.index.documentAt(request.path);
    const guide = this.#guide(request, around, vocabulary, signal);
    guide.catch(() => undefined); // heard where it is awaited
    const framed = this.#frame(request, around, prepared);
    const hidden = idsOf(await own);
    const encode = (bytes: string) => this.#encode(bytes, tokenizer);
    const decoded = await decode(session, framed, vocabulary, { hidden, maxTokens, signal, guide, line: around.line, encode });
    return { ...this.#judge(request, decoded), chunks: await this.#chunks(decoded.attended) };
  }

  #frame(request: CompletionRequest, { imports }: Surroundings, { tokenizer, vocabulary }: Prepared): Frame {
    this.#lastRead = request;
    return frame({ ...request, path: this.#memory.headerPath(request.path), imports }, tokenizer, (id) => vocabulary.text(id));
  }

  #encode(bytes: string, tokenizer: CompletionTokenizer): readonly number[] {
    const ids = this.#encoded.get(bytes) ?? [...tokenizer.encodeText(textOf(bytes)).ids];
    if (this.#encoded.size >= mostEncoded) this.#encoded.clear();
    this.#encoded.set(bytes, ids);
    return ids;
  }

  /** How many passages of the repository hold a word. */
  async #frequency(): Promise<(word: string) => number> {
    const { index } = this.#memory;
    const files = await index.files();
    const known = this.#frequencies.get(files) ?? new Map<string, number>();
    this.#frequencies.set(files, known);
    return (word) => {
      const frequency = known.get(word) ?? index.documentFrequency(word);
      known.set(word, frequency);
      return frequency;
    };
  }

  /** What is kept of each definition once it was asked for: asked for in steps, the first time. */
  *#readNames({ definitions, parametersOf }: KnownNames, frequency: (word: string) => number): Steps<void> {
    if (this.#namesRead.has(definitions)) return;
    for (const name of definitions.keys()) {
      if (parametersOf(name)) frequency(name);
      yield;
    }
    this.#namesRead.add(definitions);
  }

  /** Found while the engine reads the context. */
  async #guide(request: CompletionRequest, around: Surroundings, vocabulary: Vocabulary, signal: AbortSignal): Promise<Guide> {
    const { path } = request;
    const { receiver, partial } = receiverOf(around.line);
    const [offered, indexed, likeness] = await Promise.all([
      request.members?.(request.prefix),
      knownNames(this.#memory, request, around, receiver),
      Likeness.read(this.#memory, { path, text: around.text, at: around.at, edited: request.edited }),
    ]);
    const known = offered ? withOffered(indexed, offered) : indexed;
    await turn(signal);
    const alike = await inTurns(likeness.namesInSteps(around.line), signal);
    await turn(signal);
    const frequency = await this.#frequency();
    await inTurns(this.#readNames(known, frequency), signal);
    const origin = around.line.slice(0, around.line.length - partial.length);
    const chances = await inTurns(nameChancesInSteps({ around, known, alike, frequency }), signal);
    const names = { chances, share: shareOfNames(around, known) };
    const scorer = nameScorer({ around, known, labels: path.endsWith(".swift") });
    const [likeliest] = chances; // its calls elsewhere are read while the engine reads the context
    if (likeliest && likeliest[1] > surelyAsked) void callSites(this.#memory, path, likeliest[0]).catch(() => undefined);
    const sites = async (name: string) => [...callsIn(around.text, name), ...(await callSites(this.#memory, path, name))];
    return nameGuide({ scorer, around, names, origin, partial, vocabulary, sites, likeness, signal });
  }

  #judge(request: CompletionRequest, decoded: Decoded): Unmeasured {
    const { text, reason } = offered(request, { text: decoded.text, complete: decoded.stop === "end of text" });
    const sure = confidence(decoded);
    const low = sure < this.#memory.settings.completion.minimumConfidence;
    const why = reason || (low ? "low confidence" : "");
    return { text, confidence: sure, shown: why === "", reason: why, chunks: [] };
  }

  /** Where the attended chunks are. Lines of one file that touch are one entry. */
  async #chunks(attended: readonly Attended[]): Promise<CompletionChunk[]> {
    const { index } = this.#memory;
    const heaviest = attended.slice(0, shownChunks);
    const rows = new Map((await index.documents([...new Set(heaviest.map((one) => one.document))])).map((row) => [row.id, row]));
    const there = heaviest.filter((one) => rows.has(one.document));
    const places = await index.chunkLines(there.map((one) => ({ document: one.document, chunks: [one.chunk] })));
    const chunks: CompletionChunk[] = [];
    for (const [at, one] of there.entries()) {
      const { path, commit } = rows.get(one.document) as DocumentRow;
      const lines = places[at]?.[0];
      if (lines) addChunk(chunks, { path, commit, ...lines, weight: one.weight });
    }
    return chunks.sort((a, b) => b.weight - a.weight);
  }

  /** The last result that the request continues: its text, less what was typed of it. */
  #typedAlong(request: CompletionRequest): Unmeasured | undefined {
    for (const { path, prefix, suffix, completion } of this.#results) {
      if (path !== request.path || !request.prefix.startsWith(prefix)) continue;
      const typed = request.prefix.slice(prefix.length);
      if (!completion.text.startsWith(typed) || (typed !== "" && typed === completion.text)) continue;
      const text = completion.text.slice(typed.length);
      if (suffix === request.suffix) return { ...completion, text };
      if (isClosed(typed, suffix, request.suffix)) return { ...completion, ...offered(request, { text, complete: true }) };
    }
    return undefined;
  }

  #remember({ path, prefix, suffix }: CompletionRequest, completion: Unmeasured): Unmeasured {
    this.#results = [{ path, prefix, suffix, completion }, ...this.#results].slice(0, remembered);
    return completion;
  }
}

/** Characters from one place to another of a file from which on little of what was read for the one serves for the other. */
const farCharacters = 400;

function isNear(one: CompletionRequest, other: CompletionRequest): boolean {
  return one.path === other.path && Math.abs(one.prefix.length - other.prefix.length) < farCharacters;
}

function idsOf(row: DocumentRow | undefined): Int32Array {
  return Int32Array.from(row ? [row.id] : []);
}

/** Whether the editor closed the bracket or quote that was typed last. */
function isClosed(typed: string, before: string, now: string): boolean {
  const closer = { "(": ")", "[": "]", "{": "}", '"': '"', "'": "'", "`": "`" }[typed.slice(-1)];
  return closer !== undefined && now === closer + before;
}

/** What of a line may be offered at the place of the request. */
function offered(
  { prefix, suffix }: CompletionRequest,
  line: { text: string; complete: boolean },
): Pick<Completion, "text" | "shown" | "reason"> {
  const verdict = polish({ ...line, prefix, suffix, redact: (text) => redactSecrets(text).text });
  return { ...verdict, shown: verdict.reason === "" };
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

/** Resolves when the signal is aborted. */
function cancelled(signal: AbortSignal): Promise<Unmeasured> {
  if (signal.aborted) return Promise.resolve(nothing("cancelled"));
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(nothing("cancelled")), { once: true }));
}

function nothing(reason: string): Unmeasured {
  return { text: "", confidence: 0, shown: false, reason, chunks: [] };
}
