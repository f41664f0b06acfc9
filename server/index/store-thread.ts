/** The main thread's end of a store worker: typed calls to a StoreReader or StoreWriter that runs there. */
import type { Worker } from "node:worker_threads";
import { startThread } from "../threads.ts";
import { DamagedIndexError, IndexAccessError } from "./errors.ts";
import type { Access } from "./schema.ts";
import type { StoreReader } from "./store-reader.ts";
import type { StoreWriter } from "./store-writer.ts";

export interface StoreThreadData {
  /** The database. */
  file: string;
  access: Access;
}

export interface StoreCall {
  id: number;
  method: string;
  args: unknown[];
}

export interface StoreAnswer {
  id: number;
  result?: unknown;
  error?: { name: string; message: string };
}

type Method<S> = { [K in keyof S]: S[K] extends (...args: never[]) => unknown ? K : never }[keyof S];
type Arguments<S, K extends keyof S> = S[K] extends (...args: infer A) => unknown ? A : never;
type Answer<S, K extends keyof S> = S[K] extends (...args: never[]) => infer R ? R : never;

export class StoreThread<S extends StoreReader | StoreWriter> {
  readonly #worker: Worker;
  readonly #waiting = new Map<number, { resolve: (value: unknown) => void; reject: (error: Error) => void }>();
  #calls = 0;
  /** Why no call can succeed any more. */
  #ended: Error | undefined;

  private constructor(data: StoreThreadData) {
    this.#worker = startThread("store", data);
    this.#worker.unref();
    this.#worker.on("message", (answer: StoreAnswer) => this.#receive(answer));
    this.#worker.on("error", (error) => this.#end(new IndexAccessError(`The index ${data.file} stopped answering: ${error}`)));
    this.#worker.on("exit", () => this.#end(new IndexAccessError(`The index ${data.file} was closed.`)));
  }

  /** A thread to read the database at `file`; `open` comes before any call. */
  static reader(file: string): StoreThread<StoreReader> {
    return new StoreThread<StoreReader>({ file, access: "read" });
  }

  static writer(file: string): StoreThread<StoreWriter> {
    return new StoreThread<StoreWriter>({ file, access: "write" });
  }

  /** Opens the database. Rejects with DamagedIndexError or IndexAccessError; the thread is of no use then, but must be closed. */
  async open(): Promise<void> {
    await this.#send("open", []);
  }

  call<K extends Method<S> & string>(method: K, ...args: Arguments<S, K>): Promise<Answer<S, K>> {
    return this.#send(method, args) as Promise<Answer<S, K>>;
  }

  /** Closes the database after the calls in hand and ends the thread. */
  async close(): Promise<void> {
    if (!this.#ended) await this.#send("close", []).catch(() => undefined); // what cannot be closed ends with its thread
    await this.#worker.terminate();
  }

  #send(method: string, args: unknown[]): Promise<unknown> {
    if (this.#ended) return Promise.reject(this.#ended);
    const id = ++this.#calls;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref(); // the process lives while a call is under way
      this.#worker.postMessage({ id, method, args } satisfies StoreCall);
    });
  }

  #receive({ id, result, error }: StoreAnswer): void {
    const call = this.#waiting.get(id)!;
    this.#waiting.delete(id);
    if (!this.#waiting.size) this.#worker.unref();
    if (error) call.reject(revive(error));
    else call.resolve(result);
  }

  #end(error: Error): void {
    this.#ended ??= error;
    for (const call of this.#waiting.values()) call.reject(this.#ended);
    this.#waiting.clear();
  }
}

/** Errors lose their class on the way between threads. */
function revive({ name, message }: { name: string; message: string }): Error {
  if (name === "DamagedIndexError") return new DamagedIndexError(message);
  if (name === "IndexAccessError") return new IndexAccessError(message);
  return Object.assign(new Error(message), { name });
}
