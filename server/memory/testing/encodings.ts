/** Encodings made up for tests: bytes that follow from the seed, so that a mixed-up range shows. */
import { createHash } from "node:crypto";
import { KV_BYTES, LANDMARK_BYTES } from "../../../native/addon.ts";
import type { CacheEntry } from "../cache-store.ts";

export function keyOf(seed: number): string {
  return createHash("sha256").update(`key ${seed}`).digest("hex");
}

export function entry(seed: number, chunks: number): CacheEntry {
  return {
    key: keyOf(seed),
    tokens: chunks * 64 - 3,
    fingerprints: bytes(seed, chunks * 8),
    landmarks: bytes(seed + 1, chunks * LANDMARK_BYTES),
    kv: bytes(seed + 2, chunks * KV_BYTES),
  };
}

function bytes(seed: number, length: number): Uint8Array {
  const out = new Uint8Array(length);
  for (let i = 0, x = (seed + 1) * 2654435761; i < length; i++) {
    x = (Math.imul(x, 1664525) + 1013904223) >>> 0;
    out[i] = x >>> 24;
  }
  return out;
}
