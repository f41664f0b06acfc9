/** Git's id of a file's bytes, as they lie on disk (no filters). */
import { createHash } from "node:crypto";

/** SHA-1 of "blob N\0" and the bytes, in hex: git's blob id. In a SHA-256 repository it is this SHA-1, too: it names content, not git's object. */
export function gitBlobId(bytes: Uint8Array): string {
  return createHash("sha1").update(`blob ${bytes.length}\0`).update(bytes).digest("hex");
}
