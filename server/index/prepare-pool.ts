/**
 * Threads that read, judge, outline and split files. Memory is bounded: files go in batches of few bytes, and no more batches are
 * under way than threads can take up while finished ones are consumed.
 *
 * A thread that is stuck on a file (or dies of it) is ended; the file is tried once more without the parser, then left out by name.
 */
import type { Worker } from "node:worker_threads";
import { startThread } from "../threads.ts";
import type { WorkspaceFile } from "../workspace/discover.ts";
import type { OutlineBy, Prepared } from "./prepare.ts";

export interface PrepareThreadData {
  root: string;
  exclude: readonly string[];
  /** One int32, shared: position in the batch of the file in hand, -1 for none. */
  position: Int32Array;
}

export interface PrepareBatch {
  files: WorkspaceFile[];
  by: OutlineBy;
}

/** A batch ends at so many files or bytes. */
const batchFiles = 64;
const batchBytes = 1 << 20;
/** Milliseconds after which threads beyond the first are given up when nothing is asked of them. */
const idleAfter = 15_000;

interface Thread {
  worker: Worker;
  position: Int32Array;
}

/** A thread's results, or the position of the file it did not get past, and why. */
interface Answer {
  results?: Prepared[];
  position: number;
  why: string;
}

const stopped = "The threads that read files were stopped.";

export interface PreparePoolOptions {
  /** Milliseconds on one file after which its thread counts as stuck. */
  patience: number;
  /** Starts a thread. */
  start: (data: PrepareThreadData) => Worker;
}

const defaults: PreparePoolOptions = { patience: 10_000, start: (data) => startThread("prepare", data) };

export class PreparePool {
  readonly #root: string;
  readonly #threads: number;
  readonly #exclude: readonly string[];
  readonly #options: PreparePoolOptions;
  readonly #idle: Thread[] = [];
  readonly #busy = new Set<Thread>();
  #idleTimer: NodeJS.Timeout | undefined;
  #closed = false;

  /** `root`: real path of the folder. `exclude`: globs of files to leave out. */
  constructor(root: string, threads: number, exclude: readonly string[], options: PreparePoolOptions = defaults) {
    this.#root = root;
    this.#threads = Math.max(1, threads);
    this.#exclude = exclude;
    this.#options = options;
  }

  /** Prepares files, in no particular order. Several calls may run at once; each brings its own threads up to the pool's number. */
  async *prepare(files: Iterable<WorkspaceFile> | AsyncIterable<WorkspaceFile>): AsyncGenerator<Prepared> {
    const batches = inBatches(files);
    const running = new Map<number, Promise<{ id: number; results: Prepared[] }>>();
    let more = true;
    for (let id = 0; more || running.size; ) {
      while (more && running.size < this.#threads) {
        const next = await batches.next();
        if (next.done) more = false;
        else {
          const key = id++;
          running.set(key, this.#run(next.value).then((results) => ({ id: key, results }))); // biome-ignore format: one thought
        }
      }
      if (!running.size) return;
      const done = await Promise.race(running.values());
      running.delete(done.id);
      yield* done.results;
    }
  }

  /** Ends the threads. Calls in progress end with an error. */
  async close(): Promise<void> {
    this.#closed = true;
    clearTimeout(this.#idleTimer);
    const threads = [...this.#idle.splice(0), ...this.#busy];
    await Promise.all(threads.map(({ worker }) => worker.terminate()));
  }

  async #run(batch: PrepareBatch): Promise<Prepared[]> {
    if (this.#closed) throw new Error(stopped);
    const thread = this.#take();
    const answer = await this.#ask(thread, batch).finally(() => this.#busy.delete(thread));
    if (answer.results) {
      this.#giveBack(thread);
      return answer.results;
    }
    void thread.worker.terminate();
    if (this.#closed) throw new Error(stopped);
    const stuck = batch.files[answer.position]!;
    const others = batch.files.filter((file) => file !== stuck);
    const again = batch.by === "grammar" ? await this.#run({ files: [stuck], by: "patterns" }) : [leaveOut(stuck, answer.why)];
    return others.length ? [...again, ...(await this.#run({ files: others, by: batch.by }))] : again;
  }

  /** Gives a thread a batch. Rejects when the thread does not start. */
  #ask({ worker, position }: Thread, batch: PrepareBatch): Promise<Answer> {
    return new Promise((resolve, reject) => {
      let seen = -1;
      const watch = setInterval(() => {
        const now = Atomics.load(position, 0);
        if (now >= 0 && now === seen) finish({ position: now, why: `reading it took over ${Math.round(this.#options.patience / 1000)} s` });
        seen = now;
      }, this.#options.patience);
      const stop = () => {
        clearInterval(watch);
        worker.off("message", received).off("error", failed).off("exit", exited).unref();
      };
      const finish = (answer: Answer) => {
        stop();
        resolve(answer);
      };
      const received = (results: Prepared[]) => finish({ results, position: 0, why: "" });
      const failed = (error: unknown) => ended(`reading it failed: ${error}`);
      const exited = () => ended("reading it ended its thread");
      const ended = (why: string) => {
        const at = Atomics.load(position, 0);
        if (at >= 0) return finish({ position: at, why });
        stop();
        reject(new Error(this.#closed ? stopped : `The threads that read files do not start: ${why}`));
      };
      worker.on("message", received).on("error", failed).on("exit", exited);
      worker.ref();
      Atomics.store(position, 0, -1);
      worker.postMessage(batch);
    });
  }

  #take(): Thread {
    clearTimeout(this.#idleTimer);
    const thread = this.#idle.pop() ?? this.#start();
    this.#busy.add(thread);
    return thread;
  }

  #start(): Thread {
    const position = new Int32Array(new SharedArrayBuffer(4));
    const data: PrepareThreadData = { root: this.#root, exclude: this.#exclude, position };
    const thread: Thread = { worker: this.#options.start(data), position };
    // Of a thread that dies while nothing is asked of it nobody need hear: the next question starts another.
    thread.worker.on("error", () => undefined);
    thread.worker.on("exit", () => {
      const at = this.#idle.indexOf(thread);
      if (at >= 0) this.#idle.splice(at, 1);
    });
    return thread;
  }

  #giveBack(thread: Thread): void {
    if (this.#closed || this.#idle.length >= this.#threads) {
      void thread.worker.terminate();
      return;
    }
    this.#idle.push(thread);
    clearTimeout(this.#idleTimer);
    this.#idleTimer = setTimeout(() => {
      for (const { worker } of this.#idle.splice(1)) void worker.terminate();
    }, idleAfter).unref();
  }
}

async function* inBatches(files: Iterable<WorkspaceFile> | AsyncIterable<WorkspaceFile>): AsyncGenerator<PrepareBatch> {
  let batch: WorkspaceFile[] = [];
  let bytes = 0;
  for await (const file of files) {
    batch.push(file);
    bytes += file.size;
    if (batch.length < batchFiles && bytes < batchBytes) continue;
    yield { files: batch, by: "grammar" };
    [batch, bytes] = [[], 0];
  }
  if (batch.length) yield { files: batch, by: "grammar" };
}

function leaveOut({ path, size, modified }: WorkspaceFile, why: string): Prepared {
  return { skipped: { path, size, modified, reason: "unreadable", detail: why } };
}
