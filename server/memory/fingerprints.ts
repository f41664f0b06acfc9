/** What an edited document still shares with the one encoded before: fingerprints of the ids of each chunk of 64 tokens. */
import { createHash } from "node:crypto";
import { CHUNK } from "../../native/addon.ts";

/** Bytes of one chunk's fingerprint. */
const fingerprintBytes = 8;

/** ids: without padding; 8 bytes a chunk, in order. */
export function fingerprints(ids: Int32Array): Uint8Array {
  const chunks = Math.ceil(ids.length / CHUNK);
  const all = new Uint8Array(chunks * fingerprintBytes);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const part = ids.subarray(chunk * CHUNK, (chunk + 1) * CHUNK);
    const digest = createHash("sha256")
      .update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength))
      .digest();
    all.set(digest.subarray(0, fingerprintBytes), chunk * fingerprintBytes);
  }
  return all;
}

/** Number of leading chunks that are the same in both. */
export function commonChunks(a: Uint8Array, b: Uint8Array): number {
  const length = Math.min(a.length, b.length);
  let at = 0;
  while (at < length && a[at] === b[at]) at++;
  return Math.floor(at / fingerprintBytes);
}
