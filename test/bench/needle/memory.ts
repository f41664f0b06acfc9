/** A memory of real code that grows to a number of tokens, in files as the cache has them, with room for documents that come and go. */
import { closeSync, mkdtempSync, openSync, rmSync, writeSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { CHUNK, type DocumentPlace, type EncodeInput, KV_BYTES } from "../../../native/addon.ts";
import type { Engine } from "../../../native/engine.ts";
import type { Tokenizer } from "../../../native/tokenizer.ts";
import { textFiles } from "../text-files.ts";

const batchTokens = 262_144;
const code = /\.(c|cc|cpp|cu|go|h|hpp|java|js|kt|mjs|php|py|pyi|pyx|rb|rs|scala|sh|swift|ts|tsx)$/;

export class CodeMemory {
  readonly #engine: Engine;
  readonly #folder = mkdtempSync(join(tmpdir(), "everyline-needle-"));
  readonly #landmarks: number;
  readonly #segment: number;
  #rows = 0;
  #next = 1;
  #tokens = 0;

  constructor(engine: Engine) {
    this.#engine = engine;
    this.#landmarks = openSync(join(this.#folder, "landmarks"), "w+");
    this.#segment = openSync(join(this.#folder, "segment"), "w+");
    engine.attachLandmarks(this.#landmarks);
    engine.attachSegment(0, this.#segment);
  }

  /** Tokens of the documents that stay. */
  get tokens(): number {
    return this.#tokens;
  }

  /** Encodes and remembers documents that stay, in batches; `documents` is taken from until the memory has `tokens`. */
  async growTo(tokens: number, documents: Iterator<Int32Array>): Promise<void> {
    while (this.#tokens < tokens) {
      const batch: Int32Array[] = [];
      const wanted = Math.min(batchTokens, tokens - this.#tokens);
      for (let size = 0; size < wanted; ) {
        const { value, done } = documents.next();
        if (done) throw new Error(`The haystack's folder has ${this.#tokens + size} tokens of code only.`);
        // The last one is cut, so that the memory has the size that is asked for.
        const ids = value.subarray(0, Math.ceil((wanted - size) / CHUNK) * CHUNK);
        batch.push(ids);
        size += Math.ceil(ids.length / CHUNK) * CHUNK;
      }
      await this.add(batch);
      this.#tokens += batch.reduce((sum, ids) => sum + Math.ceil(ids.length / CHUNK) * CHUNK, 0);
    }
  }

  /** Encodes and remembers documents; returns their ids. */
  async add(documents: Int32Array[]): Promise<number[]> {
    const encoded = await this.#engine.encode(documents.map((ids): EncodeInput => ({ ids, firstChunk: 0 })));
    const places = encoded.map(({ chunks, landmarks, kv }, i): DocumentPlace => {
      const place = {
        document: this.#next++,
        landmarkRow: this.#rows,
        chunks,
        tokens: documents[i]!.length,
        segment: 0,
        offset: this.#rows * KV_BYTES,
      };
      writeAll(this.#landmarks, landmarks);
      writeAll(this.#segment, kv);
      this.#rows += chunks;
      return place;
    });
    this.#engine.addDocuments(places);
    return places.map(({ document }) => document);
  }

  remove(documents: number[]): void {
    this.#engine.removeDocuments(Int32Array.from(documents));
  }

  close(): void {
    closeSync(this.#landmarks);
    closeSync(this.#segment);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

/** The code files under a folder as token ids, framed as the product does, in an order that depends on the seed alone. */
export function* codeDocuments(tokenizer: Tokenizer, folder: string, random: () => number): Generator<Int32Array> {
  const files = textFiles(folder, code);
  files.sort((a, b) => (a.path < b.path ? -1 : 1));
  for (let i = files.length - 1; i > 0; i--) {
    const j = random() % (i + 1);
    [files[i], files[j]] = [files[j]!, files[i]!];
  }
  for (const { path, text } of files) if (text.length > 200) yield tokenizer.frameFile(path, text).ids;
}

function writeAll(fd: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(fd, bytes, at);
}
