/**
 * Encodings by content, kept for the user over folders, windows and programs (design §3). The work is done by `CacheStore`
 * on a worker thread; this side also opens the files that the engine maps.
 */
import { createHash } from "node:crypto";
import { openSync } from "node:fs";
import type { Worker } from "node:worker_threads";
import { startThread } from "../threads.ts";
import { landmarkPath, segmentPath } from "./cache-files.ts";
import { type CacheEntry, CacheError, type CacheFacts, type CacheLimits, type CachePlace, type Encoding } from "./cache-store.ts";

export interface CacheWorkerData {
  folder: string;
  limits: CacheLimits;
}

type Method = "facts" | "get" | "read" | "put" | "clear" | "bytes" | "setLimits" | "close";
export type CacheRequest = { id: number; method: Method; args: unknown[] };
export type CacheReply =
  | { id: number; result: unknown; facts: CacheFacts }
  | { id: number; error: { code: "full" | "io"; message: string } }
  | { warning: string };

type Waiting = { resolve: (value: unknown) => void; reject: (error: Error) => void };

const largestSegment = 256 * 1024 * 1024;

/** Hex SHA-256 of the model's id and the document's exact token ids (little endian). */
export function encodingKey(modelId: string, ids: Int32Array): string {
  return createHash("sha256")
    .update(modelId)
    .update("\0")
    .update(new Uint8Array(ids.buffer, ids.byteOffset, ids.byteLength))
    .digest("hex");
}

export function cacheLimits(gigabytes: number): CacheLimits {
  const capBytes = Math.max(0.1, gigabytes) * 1e9;
  return { capBytes, segmentBytes: Math.min(largestSegment, capBytes / 8) };
}

export class Cache {
  readonly folder: string;
  readonly #worker: Worker;
  readonly #waiting = new Map<number, Waiting>();
  #facts: CacheFacts = { generation: 0, epoch: 0 };
  #nextId = 1;
  readonly #ended: Promise<void>;
  #closed = false;

  private constructor(folder: string, limits: CacheLimits, warn: (text: string) => void) {
    this.folder = folder;
    this.#worker = startThread("cache", { folder, limits } satisfies CacheWorkerData);
    this.#worker.unref();
    this.#worker.on("message", (reply: CacheReply) => this.#settle(reply, warn));
    this.#worker.on("error", (error) => this.#fail(error as Error));
    this.#ended = new Promise((resolve) => {
      this.#worker.on("exit", () => {
        this.#fail(new Error("the cache's thread ended"));
        resolve();
      });
    });
  }

  /** Throws CacheError when the folder cannot be used. */
  static async open(folder: string, limits: CacheLimits, warn: (text: string) => void): Promise<Cache> {
    const cache = new Cache(folder, limits, warn);
    try {
      await cache.facts();
    } catch (error) {
      await cache.close();
      throw error;
    }
    return cache;
  }

  /** As of the last answer. */
  get generation(): number {
    return this.#facts.generation;
  }

  get epoch(): number {
    return this.#facts.epoch;
  }

  facts(): Promise<CacheFacts> {
    return this.#call("facts") as Promise<CacheFacts>;
  }

  /** Places of the encodings that are here, in the order of `keys`; counts as a use. */
  get(keys: readonly string[]): Promise<(CachePlace | undefined)[]> {
    return this.#call("get", keys) as Promise<(CachePlace | undefined)[]>;
  }

  /** The bytes of an encoding, for an incremental encode. */
  read(key: string): Promise<Encoding | undefined> {
    return this.#call("read", key) as Promise<Encoding | undefined>;
  }

  /**
   * Throws CacheError, code "full" when the disk is: nothing is lost, try later. The entries' bytes are handed over: they are empty
   * afterwards.
   */
  put(entries: readonly CacheEntry[]): Promise<CachePlace[]> {
    const owned = entries.flatMap(({ landmarks, kv }) => [landmarks, kv]).filter(ownsBuffer);
    return this.#send("put", [entries], [...new Set(owned.map(({ buffer }) => buffer as ArrayBuffer))]) as Promise<CachePlace[]>;
  }

  /** Forgets all encodings; resolves to the bytes freed. */
  clear(): Promise<number> {
    return this.#call("clear") as Promise<number>;
  }

  bytes(): Promise<number> {
    return this.#call("bytes") as Promise<number>;
  }

  setLimits(limits: CacheLimits): Promise<unknown> {
    return this.#call("setLimits", limits);
  }

  /** A descriptor of the landmark file of the current generation, for the caller to close. */
  openLandmarks(): number {
    return openSync(landmarkPath(this.folder, this.generation), "r");
  }

  /** As above for a segment; undefined when it was evicted meanwhile. */
  openSegment(segment: number): number | undefined {
    try {
      return openSync(segmentPath(this.folder, segment), "r");
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
      throw error;
    }
  }

  /** Resolves once the thread has ended and nothing is open any more. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#worker.ref();
    this.#worker.postMessage({ id: 0, method: "close", args: [] } satisfies CacheRequest);
    await this.#ended;
  }

  #call(method: Method, ...args: unknown[]): Promise<unknown> {
    return this.#send(method, args, []);
  }

  #send(method: Method, args: unknown[], transfer: ArrayBuffer[]): Promise<unknown> {
    if (this.#closed) return Promise.reject(new CacheError("io", "The cache is closed."));
    const id = this.#nextId++;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#worker.ref(); // the process lives while a call is under way
      this.#worker.postMessage({ id, method, args } satisfies CacheRequest, transfer);
    });
  }

  #settle(reply: CacheReply, warn: (text: string) => void): void {
    if ("warning" in reply) {
      warn(reply.warning);
      return;
    }
    const waiting = this.#waiting.get(reply.id);
    this.#waiting.delete(reply.id);
    if (this.#waiting.size === 0 && !this.#closed) this.#worker.unref(); // the process lives until a closed thread has ended
    if ("error" in reply) {
      waiting?.reject(new CacheError(reply.error.code, reply.error.message));
      return;
    }
    this.#facts = reply.facts;
    waiting?.resolve(reply.result);
  }

  #fail(error: Error): void {
    this.#closed = true;
    for (const { reject } of this.#waiting.values()) reject(new CacheError("io", `The cache in ${this.folder} stopped: ${error.message}`));
    this.#waiting.clear();
  }
}

/** Whether the bytes are all of their buffer, so that it can change threads without being copied. */
function ownsBuffer({ buffer, byteLength }: Uint8Array): boolean {
  return buffer instanceof ArrayBuffer && byteLength > 0 && byteLength === buffer.byteLength;
}
