/**
 * The writing side of a memory: words, then encodings and, beside them, history; and again whenever something changed.
 *
 * Runs only in the process that holds the index's write lock. Problems that pass by themselves (a full disk) make it wait and try
 * again; a damaged index is rebuilt. Nothing here rejects for what a folder, a disk or an engine may do, except on request (`all`).
 */
import { NativeError } from "../../native/addon.ts";
import { DamagedIndexError } from "../index/errors.ts";
import type { Index } from "../index/index.ts";
import type { Settings } from "../settings.ts";
import type { Encoder } from "./encode.ts";
import { History, type HistoryRun, historyBefore } from "./history.ts";
import type { Throttle } from "./progress.ts";
import type { Replaced, Words } from "./words.ts";

export type Phase = "starting" | "words" | "history" | "idle";

export interface Progress {
  phase: "words" | "history" | "encoding";
  done: number;
  total: number;
  /** Milliseconds, 0 when unknown. */
  etaMs: number;
}

export interface UpkeepParts {
  root: string;
  index: Index;
  words: Words;
  /** Null where there is no engine or no cache. */
  encoder: Encoder | null;
  settings(): Settings;
  /** Tokens of history to encode. */
  historyTokens(): number;
  status: Throttle;
  largeFolder: { files: number; bytes: number };
  /** Milliseconds after which what failed is tried again. */
  retryMs: number;
  onMessage(level: "info" | "warning" | "error", text: string): void;
  /** Empties the engine: the index starts anew. */
  onRebuilt(): void;
}

interface ReadOptions {
  /** "as before": the commits that were asked for last, none where none were. */
  history: boolean | "as before";
  signal: AbortSignal;
  onProgress?: (progress: Progress) => void;
  onWords?: () => void | Promise<void>;
}

/** Over these a folder's encodings wait for the user's word. */
export const largeFolder = { files: 50_000, bytes: 500_000_000 };
/** Up to so many files changed at once count as saved by a person: they interrupt what is being encoded. */
const savedAtOnce = 8;
const allowedKey = "encodingAllowed";

export class Upkeep {
  readonly #parts: UpkeepParts;
  readonly #history: History;
  readonly #stop = new AbortController();
  #phase: Phase = "starting";
  #progress: Progress = { phase: "words", done: 0, total: 0, etaMs: 0 };
  #paused = false;
  #large = false;
  #allowed: "" | "yes" | "no" = "";
  #live = false;
  #encoding: Promise<void> | undefined;
  #wanted = false;
  #retry: NodeJS.Timeout | undefined;
  #waiting = "";
  #problem = "";
  #told = "";
  #readings = 0;

  constructor(parts: UpkeepParts) {
    this.#parts = parts;
    this.#history = new History(parts.root, parts.index);
  }

  get phase(): Phase {
    return this.#phase;
  }

  get progress(): Progress {
    return this.#progress;
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** The folder is large and nobody has said whether to encode it. */
  get asking(): boolean {
    return this.#large && !this.#permitted() && this.#allowed === "";
  }

  /** The folder is large and the user said no. */
  get declined(): boolean {
    return this.#large && !this.#permitted() && this.#allowed === "no";
  }

  get encoding(): boolean {
    return this.#encoding !== undefined;
  }

  /** What encoding waits for (a full disk, say), "" when it does not. */
  get waiting(): string {
    return this.#waiting;
  }

  /** The problem met last. */
  get problem(): string {
    return this.#problem;
  }

  /** Everything once, then it keeps up with `changed`. Never rejects. */
  async start(): Promise<void> {
    try {
      this.#allowed = (await this.#parts.index.getMeta(allowedKey)) as "" | "yes" | "no";
      await this.all({ history: true, signal: this.#stop.signal, onWords: () => this.#encodeLive() });
      await this.#parts.index.checkpoint();
    } catch (error) {
      await this.#failed(error);
    }
    this.#live = true;
    await this.encode();
  }

  /** Encoding may take hours: what was read need not be read again if the program is killed meanwhile. */
  async #encodeLive(): Promise<void> {
    await this.#parts.index.checkpoint();
    this.#live = true;
    void this.encode();
  }

  /** Words, and history if wanted; `onWords` comes between the two. Rejects with FolderError, IndexAccessError. */
  async all({ history, signal, onProgress, onWords }: ReadOptions): Promise<void> {
    const { words } = this.#parts;
    const any = AbortSignal.any([signal, this.#stop.signal]);
    this.#readings++;
    try {
      this.#enter("words");
      await words.all(any, (done, total) => this.#report({ phase: "words", done, total, etaMs: 0 }, onProgress));
      await this.#measure();
      this.#problem = "";
      await onWords?.();
      const before = history === "as before" ? await historyBefore(this.#parts.index) : {};
      if (!history || !before) return;
      this.#enter("history");
      const report = (done: number, total: number) => this.#report({ phase: "history", done, total, etaMs: 0 }, onProgress);
      const onProblem = (text: string) => this.#tell("warning", text);
      await this.#history.update({ ...this.#wantedHistory(), ...before, signal: any, onProgress: report, onProblem });
    } finally {
      this.#readings--;
      if (this.#readings === 0) this.#phase = "idle";
      this.#parts.status.call();
    }
  }

  /** Files at or below these paths may have changed. Never rejects. */
  async changed(paths: readonly string[]): Promise<void> {
    try {
      await this.#parts.words.some(paths, this.#stop.signal);
      await this.#measure();
    } catch (error) {
      await this.#failed(error);
    }
    this.#parts.status.call();
    void this.encode();
  }

  /** HEAD may have moved. Never rejects. */
  async headMoved(): Promise<void> {
    try {
      const quiet = { onProgress: () => {}, onProblem: () => {} };
      await this.#history.update({ ...this.#wantedHistory(), signal: this.#stop.signal, ...quiet });
    } catch (error) {
      await this.#failed(error);
    }
    this.#parts.status.call();
    void this.encode();
  }

  /** Any file may have changed (settings, missed events). Never rejects. */
  async again({ history } = { history: false }): Promise<void> {
    try {
      await this.all({ history, signal: this.#stop.signal, onWords: () => void this.encode() });
    } catch (error) {
      await this.#failed(error);
    }
    void this.encode();
  }

  replaced(files: readonly Replaced[]): void {
    const { encoder } = this.#parts;
    const saved = this.#live && files.length <= savedAtOnce;
    for (const { document, previousKey } of files) {
      if (saved) encoder?.saved(document, previousKey);
      else encoder?.remember(document, previousKey);
    }
  }

  /** Encodes what is left, unless paused, not allowed, or without an engine. Resolves when done or waiting; never rejects. */
  encode(): Promise<void> {
    if (!this.#mayEncode()) return Promise.resolve();
    clearTimeout(this.#retry);
    this.#wanted = true;
    this.#encoding ??= this.#encodeWanted();
    this.#parts.status.call();
    return this.#encoding;
  }

  pause(): void {
    this.#paused = true;
    void this.#parts.encoder?.stop();
    this.#parts.status.call();
  }

  resume(): void {
    this.#paused = false;
    this.#parts.status.call();
    void this.encode();
  }

  async allow(allowed: boolean): Promise<void> {
    this.#allowed = allowed ? "yes" : "no";
    await this.#parts.index.setMeta(allowedKey, this.#allowed);
    if (!allowed) await this.#parts.encoder?.stop();
    this.#parts.status.call();
    void this.encode();
  }

  /** For this run of the program only. */
  permit(): void {
    this.#allowed = "yes";
  }

  /** Starts the index anew; encodings come back out of the cache. */
  async rebuild(): Promise<void> {
    await this.#parts.encoder?.stop();
    await this.#parts.index.rebuild();
    this.#parts.onRebuilt();
    await this.again({ history: true });
  }

  async close(): Promise<void> {
    this.#stop.abort(new Error("closed"));
    clearTimeout(this.#retry);
    await this.#parts.encoder?.stop();
    await this.#encoding;
    await this.#parts.words.idle();
  }

  #mayEncode(): boolean {
    const refused = this.#large && !this.#permitted() && this.#allowed !== "yes";
    return this.#parts.encoder !== null && !this.#paused && !refused && !this.#stop.signal.aborted;
  }

  /** What is wanted while it runs makes it look again. Nothing is awaited between the last look and the end. */
  async #encodeWanted(): Promise<void> {
    while (this.#wanted && this.#mayEncode()) {
      this.#wanted = false;
      try {
        await this.#parts.encoder!.run();
        this.#waiting = "";
      } catch (error) {
        this.#encodeFailed(error);
        break;
      }
    }
    this.#encoding = undefined;
    this.#parts.status.call();
  }

  #wantedHistory(): Pick<HistoryRun, "history" | "refs" | "tokens"> {
    const { commits, refs } = this.#parts.settings().history;
    return { history: commits, refs, tokens: this.#parts.historyTokens() };
  }

  #permitted(): boolean {
    return this.#parts.settings().encodeLargeFolders;
  }

  async #measure(): Promise<void> {
    const files = await this.#parts.index.files();
    const bytes = files.reduce((sum, file) => sum + file.bytes, 0);
    this.#large = files.length > this.#parts.largeFolder.files || bytes > this.#parts.largeFolder.bytes;
  }

  #enter(phase: "words" | "history"): void {
    this.#phase = phase;
    this.#progress = { phase, done: 0, total: 0, etaMs: 0 };
    this.#parts.status.call();
  }

  #report(progress: Progress, onProgress?: (progress: Progress) => void): void {
    this.#progress = progress;
    onProgress?.(progress);
    this.#parts.status.call();
  }

  #tell(level: "info" | "warning" | "error", text: string): void {
    this.#problem = text;
    if (text === this.#told) return;
    this.#told = text;
    this.#parts.onMessage(level, text);
  }

  /** Reading the folder or writing the index failed. */
  async #failed(error: unknown): Promise<void> {
    if (this.#stop.signal.aborted) return;
    const { message } = error as Error;
    if (!(error instanceof DamagedIndexError)) {
      this.#tell("error", message);
      this.#later(() => void this.again({ history: true }));
      return;
    }
    this.#tell("warning", message);
    try {
      await this.rebuild();
    } catch (second) {
      this.#tell("error", (second as Error).message);
    }
  }

  #encodeFailed(error: unknown): void {
    if (this.#stop.signal.aborted || (error instanceof NativeError && error.code === "cancelled")) return;
    if (error instanceof DamagedIndexError) {
      void this.#failed(error);
      return;
    }
    const { message } = error as Error;
    this.#waiting = message;
    this.#tell("error", message);
    this.#later(() => void this.encode());
  }

  #later(work: () => void): void {
    clearTimeout(this.#retry);
    this.#retry = setTimeout(work, this.#parts.retryMs);
    this.#retry.unref();
  }
}
