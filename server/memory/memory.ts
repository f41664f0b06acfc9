/**
 * The memory of one folder: index, cache and engine, kept in step with the folder and its history.
 *
 * One process writes (it holds the index's lock) and reads the folder; others follow what it does and take over when it ends. Opening
 * is fast: what is encoded already is in the engine before `open` resolves; `start` then brings everything up to date.
 */
import { availableParallelism } from "node:os";
import { setTimeout as sleep } from "node:timers/promises";
import type { Engine } from "../../native/engine.ts";
import type { Framed, Tokenizer } from "../../native/tokenizer.ts";
import { Past } from "../history/past.ts";
import type { Index } from "../index/index.ts";
import type { DocumentRow } from "../index/types.ts";
import type { Settings } from "../settings.ts";
import { excludeMatcher } from "../workspace/discover.ts";
import { type FolderWatch, watchFolder } from "../workspace/watch.ts";
import { type Cache, cacheLimits } from "./cache.ts";
import { framedParts } from "./commit-texts.ts";
import { Encoder } from "./encode.ts";
import { EngineDocuments } from "./engine-documents.ts";
import { FileTexts } from "./file-texts.ts";
import { HeldCommits } from "./held-commits.ts";
import type { Lock } from "./lock.ts";
import { type MemoryOptions, type MemoryParts, type MessageLevel, openParts } from "./open.ts";
import { Pace } from "./pace.ts";
import { Rate, Throttle } from "./progress.ts";
import { describeStatus, summarise } from "./status.ts";
import type { MemoryStatus, UpdateSummary } from "./types.ts";
import { largeFolder, type Progress, Upkeep } from "./upkeep.ts";
import { Words } from "./words.ts";

export interface UpdateOptions {
  words: true;
  /** "as before": the commits that were asked for last, none where none were. */
  history: boolean | "as before";
  encodings: boolean;
  signal?: AbortSignal;
  onProgress?: (progress: Progress) => void;
}

const encodedWithKey = "encodedWith";
/** Milliseconds between looks at the engine's wishes and at the cache. */
const lookMs = 2000;
const looksAtCache = 3;
const answerFirstMs = 500;
/** Tokens of history encoded where there is no GPU and the settings say nothing: some minutes of two cores. */
const historyTokensOnCpu = 3_000_000;

export class Memory {
  /** Real path of the folder. */
  readonly root: string;
  readonly index: Index;
  readonly engine: Engine | null;
  readonly tokenizer: Tokenizer | null;
  /** What git says of the past. */
  readonly past: Past;
  readonly #options: MemoryOptions;
  readonly #lock: Lock;
  readonly #cache: Cache | null;
  readonly #held: EngineDocuments | null;
  readonly #commits: HeldCommits | null;
  readonly #encoder: Encoder | null;
  readonly #words: Words;
  readonly #upkeep: Upkeep;
  readonly #rate = new Rate();
  readonly #status: Throttle;
  readonly #pace: Pace;
  readonly #headerPrefix: string;
  readonly #texts: FileTexts;
  readonly #openProblem: string;
  #settings: Settings;
  #openFiles: ReadonlySet<string> = new Set();
  #watch: FolderWatch | undefined;
  #look: NodeJS.Timeout | undefined;
  #looks = 0;
  #started = false;
  #running: Promise<void> = Promise.resolve();
  readonly #closing = new AbortController();

  private constructor(options: MemoryOptions, { root, model, lock, index, cache, problem, headerPrefix }: MemoryParts) {
    this.root = root;
    this.index = index;
    this.engine = model.engine;
    this.tokenizer = model.tokenizer;
    this.#options = options;
    this.#pace = new Pace(this.engine);
    this.#settings = options.settings;
    this.#lock = lock;
    this.#cache = cache;
    this.#openProblem = problem;
    this.#headerPrefix = headerPrefix;
    this.#texts = new FileTexts({ root, index, headerPrefix });
    this.past = new Past(root);
    this.#status = new Throttle(() => options.onStatus?.(), 500);
    this.#held = this.engine && cache ? new EngineDocuments(this.engine, cache) : null;
    this.#commits = this.#held && new HeldCommits(this.#held, index);
    this.#encoder = this.#makeEncoder();
    this.#words = new Words({
      root,
      index,
      threads: Math.max(1, Math.min(4, availableParallelism() - 1)),
      exclude: this.#settings.exclude,
      first: () => this.#openFiles,
      onReplaced: (files) => this.#upkeep.replaced(files),
    });
    this.#upkeep = new Upkeep({
      root,
      index,
      words: this.#words,
      encoder: this.#encoder,
      settings: () => this.#settings,
      historyTokens: () => this.#historyTokens(),
      status: this.#status,
      largeFolder: options.largeFolder ?? largeFolder,
      retryMs: options.retryMs ?? 15_000,
      onMessage: (level, text) => this.#tell(level, text),
      onRebuilt: () => {
        this.#held?.remove([...this.#held.ids()]);
        this.#commits?.clear();
      },
    });
    index.onRemoved((documents) => this.#forget(documents));
  }

  /**
   * Opens the memory of a folder. Throws FolderError when the folder cannot be read, and an error for people when the native addon or the
   * index cannot be used at all; without an engine the memory works by words, and its status says why.
   */
  static async open(options: MemoryOptions): Promise<Memory> {
    const parts = await openParts(options);
    const memory = new Memory(options, parts);
    try {
      await memory.#fill(parts.encoded);
      return memory;
    } catch (error) {
      await memory.close();
      throw error;
    }
  }

  get #closed(): boolean {
    return this.#closing.signal.aborted;
  }

  get settings(): Settings {
    return this.#settings;
  }

  /** Why there is no engine, or the problem met last; "" when all is well. */
  get problem(): string {
    return this.#openProblem || this.#upkeep.problem;
  }

  /** Whether files or commits are still being read: what is asked meanwhile is answered by a part. */
  get isReading(): boolean {
    return this.index.writable && this.#started && this.#upkeep.phase !== "idle";
  }

  /** Begins to bring everything up to date in the background, and to watch the folder. */
  start(): void {
    if (this.#started || this.#closed) return;
    this.#started = true;
    this.#look = setInterval(() => void this.#lookAround(), lookMs);
    this.#look.unref();
    if (this.index.writable) this.#running = this.#lead();
    else this.#follow();
  }

  /**
   * Brings the folder up to date and resolves when done: for the command line. Where another process has the write lock, waits until it has
   * done so. Rejects with FolderError, IndexAccessError, CacheError, or the signal's reason.
   */
  async bringUpToDate({ history, encodings, signal = new AbortController().signal, onProgress }: UpdateOptions): Promise<UpdateSummary> {
    await this.#becomeWriter(signal, encodings, onProgress);
    const started = performance.now();
    let wordsMs = 0;
    if (this.index.writable) {
      await this.#upkeep.all({ history, signal, ...(onProgress && { onProgress }) });
      wordsMs = performance.now() - started;
      if (encodings) await this.#encodeAll(history ? "all" : "files", signal, onProgress);
      await this.index.checkpoint();
    }
    if (history) await this.#commits?.fill(signal);
    return summarise(await this.status(), wordsMs, performance.now() - started - wordsMs);
  }

  async status(): Promise<MemoryStatus> {
    const [index, cacheBytes] = await Promise.all([this.index.status(), this.#cache?.bytes().catch(() => 0) ?? 0]);
    return describeStatus({
      folder: this.#options.folder,
      index,
      cacheBytes,
      engine: this.engine?.stats() ?? null,
      problem: this.problem,
      writable: this.index.writable,
      started: this.#started,
      upkeep: this.#upkeep,
      left: this.#encoder?.left ?? 0,
      rate: this.#rate,
      canEncode: this.#encoder !== null,
    });
  }

  /** Encoding waits; words keep following what changes. */
  async pause(): Promise<void> {
    this.#upkeep.pause();
  }

  async resume(): Promise<void> {
    this.#upkeep.resume();
  }

  /** Reads the folder anew into an empty index. Encodings come back out of the cache. */
  async rebuild(): Promise<void> {
    if (!this.index.writable) throw new Error(`Another window keeps the memory of ${this.root}: rebuild it there.`);
    await this.#upkeep.rebuild();
  }

  /** Empties the user's cache, for all folders. Resolves to the bytes freed. */
  async clearCache(): Promise<number> {
    if (!this.#cache) return 0;
    await this.#encoder?.stop();
    const freed = await this.#cache.clear();
    await this.#refresh();
    void this.#upkeep.encode();
    this.#status.call();
    return freed;
  }

  /** The user's answer to whether a large folder is encoded. */
  async allowEncoding(allow: boolean): Promise<void> {
    if (this.index.writable) await this.#upkeep.allow(allow);
  }

  /** Files open in the editor, relative to the folder: read and encoded first. */
  setOpenFiles(paths: readonly string[]): void {
    this.#openFiles = new Set(paths);
    void this.#preferOpenFiles();
  }

  /** Unsaved text of an open file is searched by words in place of its saved text; null or undefined takes it back. */
  async setUnsaved(path: string, text: string | null | undefined): Promise<void> {
    this.#pace.typed();
    await this.#texts.setUnsaved(path, text ?? null, this.#settings.exclude);
  }

  setSettings(settings: Settings): void {
    const before = this.#settings;
    this.#settings = settings;
    if (before.cacheGigabytes !== settings.cacheGigabytes) this.#setCacheLimits();
    if (before.gpuGigabytes !== settings.gpuGigabytes)
      this.#tell("info", "everyline.gpuGigabytes takes effect when Everyline starts again.");
    if (!this.index.writable || !this.#started) return;
    const excludes = JSON.stringify(before.exclude) !== JSON.stringify(settings.exclude);
    if (excludes) void this.#words.setExclude(settings.exclude).then(() => this.#upkeep.again());
    else if (JSON.stringify(before.history) !== JSON.stringify(settings.history)) void this.#upkeep.headMoved();
    if (before.encodeLargeFolders !== settings.encodeLargeFolders) void this.#upkeep.encode();
  }

  setBattery(battery: boolean): void {
    this.#pace.setBattery(battery);
  }

  /** A file's text, unsaved text first, lines that look like secrets blanked; undefined when it cannot be read. */
  fileText(path: string): Promise<string | undefined> {
    return this.#texts.shown(path);
  }

  /** Full sha of the commit that a document of the engine is part of; undefined for files. */
  commitOf(document: number): string | undefined {
    return this.#commits?.commitOf(document);
  }

  /** The path as a file's header has it: relative to the git top level. */
  headerPath(path: string): string {
    return this.#texts.headerPath(path);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closing.abort();
    clearInterval(this.#look);
    this.#pace.stop();
    this.#status.stop();
    await this.#watch?.close();
    const ended = this.#upkeep.close();
    await this.#words.close();
    await ended;
    await this.#running;
    // What is not saved of the word index is replayed on the next start.
    if (this.index.writable) await this.index.checkpoint().catch((error: Error) => this.#tell("warning", error.message));
    await this.index.close();
    this.engine?.close();
    this.#held?.close();
    await this.#cache?.close();
    this.#lock.release();
  }

  // --- writing and following

  async #lead(): Promise<void> {
    await this.#letAnswerFirst();
    if (this.#closed) return;
    await this.#checkEncodedWith();
    if (this.#options.watch) await this.#startWatching();
    await Promise.all([this.#upkeep.start(), this.#preferOpenFiles(), this.#fillCommits()]);
  }

  async #fillCommits(): Promise<void> {
    try {
      await this.#commits?.fill(this.#closing.signal);
    } catch (error) {
      if (!this.#closed) this.#tell("warning", (error as Error).message);
    }
  }

  /** Where there is something to answer from, a question that was waiting for the memory goes before the look at the folder. */
  async #letAnswerFirst(): Promise<void> {
    if ((await this.index.status()).files === 0) return;
    await sleep(answerFirstMs, undefined, { signal: this.#closing.signal }).catch(() => undefined); // closed meanwhile
  }

  /** Another process writes: what it encodes is taken in, and its place when it ends. */
  #follow(): void {
    void this.#fillCommits();
    this.index.onFollowed(({ changed, complete }) => {
      if (complete) this.#commits?.clear();
      void this.#takeIn(changed);
      void this.#fillCommits();
    });
    this.index.follow();
    this.#lock.onFree(() => {
      this.#running = this.#takeOver();
    });
    this.#status.call();
  }

  async #takeOver(): Promise<void> {
    if (this.#closed) return;
    try {
      await this.index.becomeWriter();
      await this.#lead();
    } catch (error) {
      this.#tell("error", (error as Error).message);
    }
  }

  async #takeIn(changed: readonly DocumentRow[]): Promise<void> {
    try {
      const fresh = changed.filter((row) => row.encoding !== "" && this.#held?.encodingOf(row.id) !== row.encoding);
      await this.#held?.fill(fresh.map(({ id, encoding }) => ({ document: id, encoding })));
    } catch (error) {
      if (!this.#closed) this.#tell("warning", (error as Error).message);
    }
    this.#status.call();
  }

  async #startWatching(): Promise<void> {
    const { exclude } = this.#settings;
    try {
      this.#watch = await watchFolder(this.root, {
        ignored: excludeMatcher(exclude),
        onChange: (paths) => void this.#upkeep.changed([...paths]),
        onGitChange: (what) => void (what === "head" ? this.#upkeep.headMoved() : this.#upkeep.again()),
        onReconcile: () => void this.#upkeep.again(),
        onProblem: (text) => this.#tell("warning", text),
      });
    } catch (error) {
      this.#tell("warning", `Changes in ${this.root} are not followed: ${(error as Error).message}`);
    }
    if (this.#closed) await this.#watch?.close();
  }

  // --- encodings

  #makeEncoder(): Encoder | null {
    const { engine } = this;
    const [cache, held] = [this.#cache, this.#held];
    if (!engine || !cache || !held) return null;
    return new Encoder({
      index: this.index,
      cache,
      engine,
      modelId: engine.stats().modelId,
      held,
      frame: (rows) => this.#framed(rows),
      onCommits: (rows) => this.#commits?.add(rows),
      // The command line waits for history, too.
      onTurn: (to) => this.#pace.setHistory(this.#started && to === "history"),
      rate: this.#rate,
      onProgress: () => this.#status.call(),
      onProblem: (text) => this.#tell("warning", text),
    });
  }

  async #framed(rows: readonly DocumentRow[]): Promise<ReadonlyMap<number, Framed>> {
    const { tokenizer, root, index } = this;
    if (!tokenizer) return new Map();
    const [parts, files] = await Promise.all([
      framedParts(
        rows.filter(({ kind }) => kind === "part"),
        { root, index, tokenizer },
      ),
      this.#texts.framedFiles(
        rows.filter(({ kind }) => kind === "file"),
        tokenizer,
      ),
    ]);
    return new Map([...parts, ...files]);
  }

  /** Tokens of history to encode. A GPU reads them all. */
  #historyTokens(): number {
    const { encodeTokens } = this.#settings.history;
    if (encodeTokens !== "auto") return encodeTokens;
    return this.engine?.stats().backend === "cuda" ? Number.MAX_SAFE_INTEGER : historyTokensOnCpu;
  }

  /** Puts every encoded file into the engine; what the cache has lost is queued anew. */
  async #fill({ documents, places }: MemoryParts["encoded"]): Promise<void> {
    const lost = this.#held?.take(documents, places) ?? [];
    await this.#encodeAnew(lost.map(({ encoding }) => encoding));
  }

  async #encodeAnew(keys: readonly string[]): Promise<void> {
    if (keys.length > 0 && this.index.writable) await this.index.forgetEncodings(keys);
  }

  /** Another model, or another place in its repository: the old encodings are not this folder's any more. */
  async #checkEncodedWith(): Promise<void> {
    if (!this.engine) return;
    const now = `${this.engine.stats().modelId} ${this.#headerPrefix}`;
    const before = await this.index.getMeta(encodedWithKey);
    if (before === now) return;
    if (before !== "") {
      const rows = (await this.index.files()).filter(({ encoding }) => encoding !== "");
      this.#held?.remove(rows.map(({ id }) => id));
      await this.index.forgetEncodings(rows.map(({ encoding }) => encoding));
    }
    await this.index.setMeta(encodedWithKey, now);
  }

  async #lookAround(): Promise<void> {
    try {
      const missing = this.engine?.missing() ?? [];
      if (missing.length > 0 && this.#encoder && this.index.writable) {
        this.#encoder.again([...missing]);
        void this.#upkeep.encode();
      }
      if (++this.#looks % looksAtCache === 0) await this.#refresh();
    } catch (error) {
      if (!this.#closed) this.#tell("warning", (error as Error).message);
    }
  }

  async #refresh(): Promise<void> {
    if (!this.#held) return;
    const gone = await this.#held.refresh();
    if (gone.length === 0) return;
    await this.#encodeAnew(gone.map(({ encoding }) => encoding));
    void this.#upkeep.encode();
  }

  async #encodeAll(scope: "files" | "all", signal: AbortSignal, onProgress?: (progress: Progress) => void): Promise<void> {
    if (!this.#encoder) return;
    this.#upkeep.permit();
    await this.#checkEncodedWith();
    const encoder = this.#encoder;
    const stop = () => void encoder.stop();
    signal.addEventListener("abort", stop, { once: true });
    const timer = setInterval(() => void this.#reportEncoding(onProgress), 500);
    try {
      await encoder.run(scope);
    } finally {
      clearInterval(timer);
      signal.removeEventListener("abort", stop);
    }
    await this.#reportEncoding(onProgress);
    signal.throwIfAborted();
  }

  async #reportEncoding(onProgress?: (progress: Progress) => void): Promise<void> {
    if (!onProgress || this.#closed) return;
    const { encoded, toEncode, pendingBytes } = await this.index.status();
    onProgress({ phase: "encoding", done: encoded, total: toEncode, etaMs: this.#rate.etaMs(pendingBytes) });
  }

  /** Waits for the write lock, or until the process that has it has brought everything up to date. */
  async #becomeWriter(signal: AbortSignal, encodings: boolean, onProgress?: (progress: Progress) => void): Promise<void> {
    if (this.index.writable) return;
    this.#tell("info", `Another program keeps the memory of ${this.root}; waiting for it.`);
    for (;;) {
      signal.throwIfAborted();
      if (this.#lock.tryLock(200)) {
        await this.index.becomeWriter();
        await this.#takeIn(await this.index.files());
        return;
      }
      await this.index.refresh();
      await this.#takeIn(await this.index.files());
      const { encoded, toEncode } = await this.index.status();
      if (!encodings || encoded >= toEncode) return;
      await this.#reportEncoding(onProgress);
      await sleep(500);
    }
  }

  // --- small things

  #forget(documents: readonly number[]): void {
    this.#held?.remove(documents);
    this.#commits?.remove(documents);
    this.#encoder?.forget(documents);
  }

  async #preferOpenFiles(): Promise<void> {
    if (!this.#encoder || !this.index.writable || this.#openFiles.size === 0) return;
    try {
      const rows = await Promise.all([...this.#openFiles].map((path) => this.index.documentAt(path)));
      this.#encoder.prefer(rows.flatMap((row) => (row?.encode && row.encoding === "" ? [row.id] : [])));
    } catch (error) {
      if (!this.#closed) this.#tell("warning", (error as Error).message);
    }
  }

  #setCacheLimits(): void {
    this.#cache?.setLimits(cacheLimits(this.#settings.cacheGigabytes)).then(
      () => this.#refresh(),
      (error: Error) => this.#tell("warning", error.message),
    );
  }

  #tell(level: MessageLevel, text: string): void {
    this.#options.onMessage?.(level, text);
    this.#status.call();
  }
}
