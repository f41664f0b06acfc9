/** Judges whether a file's content belongs to the memory, first by path and size, then by its bytes. */
import { isUtf8 } from "node:buffer";
import type { SkipReason } from "../index/types.ts";
import { isSecretPath } from "./secrets.ts";

/** Files over this many bytes are left out. */
export const largestFile = 1_000_000;
/** Files with a line over this many characters are left out. */
export const longestLine = 5_000;
/** Bytes looked at for what only binary files have. */
const probed = 8_000;

export interface Judgement {
  /** Why the file is left out; undefined = it belongs. */
  reason?: SkipReason;
  /** For people, "" when the reason says all. */
  detail: string;
}

const belongs: Judgement = { detail: "" };

/** Judges without reading: a secret by its name, or too large. `size` in bytes. */
export function classifyPath(path: string, size: number): Judgement {
  if (isSecretPath(path)) return { reason: "secret", detail: "by its name" };
  if (size > largestFile) return { reason: "too large", detail: `${size} bytes` };
  return belongs;
}

/** Judges the bytes of a file that `classifyPath` let pass. */
export function classifyContent(path: string, bytes: Uint8Array): Judgement {
  const head = bytes.subarray(0, probed);
  if (isBinary(head)) return { reason: "binary", detail: "" };
  const line = lineOver(bytes, longestLine);
  if (line > 0) return { reason: "long line", detail: `line ${line}` };
  if (isSecretConfiguration(path, bytes)) return { reason: "secret", detail: "it holds credentials" };
  return belongs;
}

/** A NUL, or too much that no text has: control characters, or bytes that are not UTF-8 (a text in another encoding has fewer). */
function isBinary(head: Uint8Array): boolean {
  let controls = 0;
  let high = 0;
  for (const byte of head) {
    if (byte === 0) return true;
    if (byte < 0x20 && !(byte >= 0x08 && byte <= 0x0d) && byte !== 0x1b) controls++;
    else if (byte >= 0x80) high++;
  }
  if (controls > head.length / 20) return true;
  return high > head.length * 0.4 && !isUtf8(head) && !isUtf8(cutCharacter(head));
}

/** Without a character that the end of the probe may have cut. */
function cutCharacter(head: Uint8Array): Uint8Array {
  let end = head.length;
  for (let back = 0; back < 4 && end > 0 && head[end - 1]! >= 0x80; back++) {
    end--;
    if (head[end]! >= 0xc0) break;
  }
  return head.subarray(0, end);
}

/** Configuration of tools that keeps credentials beside harmless settings. */
function isSecretConfiguration(path: string, bytes: Uint8Array): boolean {
  const name = path.slice(path.lastIndexOf("/") + 1).toLowerCase();
  const text = (): string => Buffer.from(bytes.buffer, bytes.byteOffset, Math.min(bytes.length, 100_000)).toString("latin1");
  if (name === ".npmrc" || name === ".yarnrc" || name === ".yarnrc.yml")
    return /_authToken|_auth\b|_password|npmAuthToken|npmAuthIdent/.test(text());
  if (name === "config" || /\.ya?ml$/.test(name))
    return /^kind:[ \t]*Config[ \t]*\r?$/m.test(text()) && /client-key-data:|^[ \t]+token:/m.test(text());
  return false;
}

/** The first line with more than `limit` characters (1-based), 0 when there is none. Lines end in "\n". */
function lineOver(bytes: Uint8Array, limit: number): number {
  let line = 1;
  let start = 0;
  while (start < bytes.length) {
    const found = bytes.indexOf(10, start);
    const end = found < 0 ? bytes.length : found;
    if (end - start > limit && characters(bytes.subarray(start, end)) > limit) return line;
    start = end + 1;
    line++;
  }
  return 0;
}

/** Characters of UTF-8: every byte but those that go on with one. */
function characters(bytes: Uint8Array): number {
  let count = 0;
  for (const byte of bytes) if ((byte & 0xc0) !== 0x80) count++;
  return count;
}
