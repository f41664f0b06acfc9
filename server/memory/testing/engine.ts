/**
 * A stand-in for the engine in tests of what surrounds it: an encoding's bytes follow from the ids, chunk by chunk, as the real
 * engine's do; calls can be held, failed and cancelled.
 */
import {
  CHUNK,
  type DocumentPlace,
  type EncodedChunks,
  type EncodeInput,
  KV_BYTES,
  LANDMARK_BYTES,
  NativeError,
} from "../../../native/addon.ts";

export class TestEngine {
  /** Every native call: its inputs' lengths and first chunks. */
  readonly calls: { tokens: number; firstChunk: number }[][] = [];
  readonly documents = new Map<number, DocumentPlace>();
  /** Awaited by every encode. */
  hold: Promise<unknown> = Promise.resolve();
  /** Ids that the engine fails on. */
  bad = new Set<number>();
  batchTokens = 6144;
  #cancel: ((error: Error) => void) | undefined;

  stats(): { batchTokens: number } {
    return { batchTokens: this.batchTokens };
  }

  async encode(inputs: EncodeInput[]): Promise<EncodedChunks[]> {
    this.calls.push(inputs.map(({ ids, firstChunk }) => ({ tokens: ids.length, firstChunk })));
    const cancelled = new Promise<never>((_, reject) => {
      this.#cancel = reject;
    });
    await Promise.race([this.hold, cancelled]);
    if (inputs.some(({ ids }) => ids.some((id) => this.bad.has(id)))) throw failure("internal", "it cannot be computed");
    return inputs.map(encodeOne);
  }

  cancelEncode(): void {
    this.#cancel?.(failure("cancelled", "cancelled"));
  }

  attachLandmarks(): void {}
  attachSegment(): void {}
  detachSegment(): void {}

  addDocuments(places: DocumentPlace[]): void {
    for (const place of places) this.documents.set(place.document, place);
  }

  removeDocuments(documents: Int32Array): void {
    for (const document of documents) this.documents.delete(document);
  }
}

/** What the engine gives for ids from a chunk on: every byte of a chunk is the sum of its ids. */
export function encodeOne({ ids, firstChunk }: EncodeInput): EncodedChunks {
  const chunks = Math.ceil(ids.length / CHUNK) - firstChunk;
  const sums = Array.from({ length: chunks }, (_, chunk) =>
    ids.subarray((firstChunk + chunk) * CHUNK, (firstChunk + chunk + 1) * CHUNK).reduce((sum, id) => sum + id, 0),
  );
  return { chunks, landmarks: filled(sums, LANDMARK_BYTES), kv: filled(sums, KV_BYTES) };
}

function filled(values: number[], each: number): Uint8Array {
  const out = new Uint8Array(values.length * each);
  for (const [index, value] of values.entries()) out.fill(value, index * each, (index + 1) * each);
  return out;
}

function failure(code: "cancelled" | "internal", message: string): NativeError {
  return new NativeError({ failed: true, code, message });
}
