/**
 * The engine for TypeScript: NativeEngine and NativeSession with errors thrown as NativeError.
 *
 * `Engine.load` verifies the weights, so that a half-copied model is named before anything is encoded with it.
 */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import {
  type DocumentPlace,
  type EncodedChunks,
  type EncodeInput,
  type EngineOptions,
  type EngineStats,
  isFailure,
  type NativeAddon,
  type NativeEngine,
  NativeError,
  type NativeSession,
  type SearchScores,
  type Step,
  unwrap,
} from "./addon.ts";
import { modelChecksums } from "./model-checksum.ts";

export class Engine {
  readonly #native: NativeEngine;

  private constructor(native: NativeEngine) {
    this.#native = native;
  }

  /**
   * Throws NativeError "bad-model" naming the file where the model is missing, damaged or another one. `verified`: this very file's
   * checksum was right before, and is not computed again.
   */
  static async load(addon: NativeAddon, options: EngineOptions, { verified } = { verified: false }): Promise<Engine> {
    // Both read the same 54 MB: side by side they take as long as one.
    const loading = addon.loadEngine(options);
    try {
      if (!verified) await verifyModel(options.model);
    } catch (error) {
      const loaded = await loading;
      if (!isFailure(loaded)) loaded.close();
      throw error;
    }
    return new Engine(unwrap(await loading));
  }

  stats(): EngineStats {
    return this.#native.stats();
  }

  /** Encodes documents in order. Rejects with code "cancelled" after `cancelEncode`. */
  async encode(inputs: EncodeInput[]): Promise<EncodedChunks[]> {
    return unwrap(await this.#native.encode(inputs));
  }

  cancelEncode(): void {
    this.#native.cancelEncode();
  }

  /** The share of time encoding may take, 0..1; see NativeEngine. */
  setPace(share: number): void {
    this.#native.setPace(share);
  }

  attachLandmarks(fd: number): void {
    unwrap(this.#native.attachLandmarks(fd));
  }

  attachSegment(segment: number, fd: number): void {
    unwrap(this.#native.attachSegment(segment, fd));
  }

  /** Its documents go on to be scored, but are no longer attended. */
  detachSegment(segment: number): void {
    unwrap(this.#native.detachSegment(segment));
  }

  /** All or none; a document that is there already is replaced. */
  addDocuments(places: DocumentPlace[]): void {
    unwrap(this.#native.addDocuments(places));
  }

  removeDocuments(documents: Int32Array): void {
    unwrap(this.#native.removeDocuments(documents));
  }

  missing(): Int32Array {
    return this.#native.missing();
  }

  async search(ids: Int32Array, layers: 1 | 2): Promise<SearchScores> {
    return unwrap(await this.#native.search(ids, layers));
  }

  session(): Session {
    return new Session(unwrap(this.#native.session()));
  }

  /** Ends what runs ("cancelled") and frees the threads. */
  close(): void {
    this.#native.close();
  }
}

/** A decoding context; one call at a time. */
export class Session {
  readonly #native: NativeSession;

  constructor(native: NativeSession) {
    this.#native = native;
  }

  /** `before`: of how many tokens before the last the state is told, too; 0 to 15. */
  async begin(ids: Int32Array, hidden: Int32Array, before = 0): Promise<Step> {
    return unwrap(await this.#native.begin(ids, hidden, before));
  }

  async next(token: number): Promise<Step> {
    return unwrap(await this.#native.next(token));
  }

  cancel(): void {
    this.#native.cancel();
  }
}

async function verifyModel(folder: string): Promise<void> {
  const config = join(folder, "config.json");
  const weights = join(folder, "model.safetensors");
  const id = await readModelId(config);
  const expected = modelChecksums[id];
  if (!expected) throw badModel(`The model "${id}" of ${config} is not known to this version of Everyline. Install the extension again.`);
  const hash = createHash("sha256");
  try {
    for await (const part of createReadStream(weights, { highWaterMark: 1 << 20 })) hash.update(part as Buffer);
  } catch (error) {
    throw badModel(`The model file ${weights} cannot be read: ${messageOf(error)}. Install the extension again or restore the file.`);
  }
  if (hash.digest("hex") === expected) return;
  throw badModel(
    `The model file ${weights} is damaged: its checksum is not that of "${id}". Install the extension again or restore the file.`,
  );
}

async function readModelId(config: string): Promise<string> {
  try {
    return String(JSON.parse(await readFile(config, "utf8")).model_id);
  } catch (error) {
    throw badModel(`The model's config ${config} cannot be read: ${messageOf(error)}. Install the extension again or restore the file.`);
  }
}

function badModel(message: string): NativeError {
  return new NativeError({ failed: true, code: "bad-model", message });
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
