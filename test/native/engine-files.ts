/** Real cache files for engine tests: fixtures, engines, and documents encoded into temporary files that an engine attaches. */
import { closeSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { CHUNK, type DocumentPlace, type EncodedChunks, isFailure, type NativeEngine, unwrap } from "../../native/addon.ts";
import { loadAddon } from "../../native/load.ts";

export const modelFolder = join(dirname(fileURLToPath(import.meta.url)), "..", "..", "model");
export const addon = loadAddon();
export const none = new Int32Array();

/** The instruction sets that this machine runs, best first. */
export const isas: string[] = ["avx512", "avxvnni", "avx2", "neon", "baseline"].filter((isa) => !isFailure(addon.int8Ceiling!(isa)));

export interface FixtureDocument {
  name: string;
  ids: number[];
  /** fixtures.json: all chunks x 256. */
  landmarks?: number[];
  /** Of the first and the last chunk: 2 x 64 tokens x 2 heads x 64. */
  k?: number[];
  v?: number[];
  /** large.json */
  landmarks_first?: number[];
  landmarks_last?: number[];
}

export interface FixtureCase {
  name?: string;
  text?: string;
  ids: number[];
  top_ids: number[];
  top_logits: number[];
  /** [layer][head][20] and their scores, [layer][head x 20]. */
  best: number[][][];
  best_scores: number[][];
  greedy: number[];
}

export interface Fixtures {
  documents: FixtureDocument[];
  cases: FixtureCase[];
  chunks: number;
}

export function fixtures(name: "fixtures" | "large"): Fixtures {
  return JSON.parse(readFileSync(join(modelFolder, "fixtures", `${name}.json`), "utf8"));
}

/** The fixtures' ids are padded; the engine pads by itself. */
export function withoutPads(ids: number[]): Int32Array {
  let n = ids.length;
  while (n > 0 && ids[n - 1] === 0) n--;
  return Int32Array.from(ids.slice(0, n));
}

export async function loadEngine(
  options: { isa?: string; precision?: "stored" | "float"; threads?: number; ram?: number } = {},
): Promise<NativeEngine> {
  return unwrap(await addon.loadEngine({ model: modelFolder, threads: 0, isa: "", ...options }));
}

export async function encode(engine: NativeEngine, documents: Int32Array[], firstChunk = 0): Promise<EncodedChunks[]> {
  return unwrap(await engine.encode(documents.map((ids) => ({ ids, firstChunk }))));
}

export interface Attached {
  places: DocumentPlace[];
  /** Where the two files lie. */
  folder: string;
  dispose(): void;
}

/** Writes the encodings to a landmark file and segment 0, attaches both and returns the documents' places, numbered from 1, not yet added. */
export function attach(engine: NativeEngine, documents: Int32Array[], encoded: EncodedChunks[]): Attached {
  const folder = mkdtempSync(join(tmpdir(), "everyline-engine-"));
  writeFileSync(join(folder, "landmarks"), Buffer.concat(encoded.map((e) => e.landmarks)));
  writeFileSync(join(folder, "segment"), Buffer.concat(encoded.map((e) => e.kv)));
  const fds = [openSync(join(folder, "landmarks"), "r"), openSync(join(folder, "segment"), "r")] as const;
  unwrap(engine.attachLandmarks(fds[0]));
  unwrap(engine.attachSegment(0, fds[1]));
  for (const fd of fds) closeSync(fd);
  const places: DocumentPlace[] = [];
  let landmarkRow = 0;
  let offset = 0;
  encoded.forEach(({ chunks, kv }, i) => {
    places.push({ document: i + 1, landmarkRow, chunks, tokens: documents[i]!.length, segment: 0, offset });
    landmarkRow += chunks;
    offset += kv.length;
  });
  return { places, folder, dispose: () => rmSync(folder, { recursive: true, force: true }) };
}

/** The same with a segment for each document: `files` are theirs, in order. */
export function attachApart(engine: NativeEngine, documents: Int32Array[], encoded: EncodedChunks[]): Attached & { files: string[] } {
  const attached = attach(engine, documents, encoded);
  const files = encoded.map(({ kv }, i) => {
    const file = join(attached.folder, `segment-${i + 1}.kv`);
    writeFileSync(file, kv);
    const fd = openSync(file, "r");
    unwrap(engine.attachSegment(i + 1, fd));
    closeSync(fd);
    return file;
  });
  return { ...attached, places: attached.places.map((place, i) => ({ ...place, segment: i + 1, offset: 0 })), files };
}

/** Encodes and attaches documents and adds all of them. */
export async function remember(engine: NativeEngine, documents: Int32Array[]): Promise<Attached & { encoded: EncodedChunks[] }> {
  const encoded = await encode(engine, documents);
  const attached = attach(engine, documents, encoded);
  unwrap(engine.addDocuments(attached.places));
  return { ...attached, encoded };
}

/** A stored or float landmark as 256 numbers. */
export function landmarkOf({ landmarks, chunks }: EncodedChunks, chunk: number): number[] {
  const bytes = landmarks.length / chunks;
  const view = new DataView(landmarks.buffer, landmarks.byteOffset + chunk * bytes, bytes);
  if (bytes === 1024) return Array.from({ length: 256 }, (_, i) => view.getFloat32(i * 4, true));
  return Array.from({ length: 256 }, (_, i) => view.getInt8(i) * view.getFloat32(256 + 4 * Math.floor(i / 128), true));
}

/** A float chunk's keys or values as the fixtures order them: 64 tokens x 2 heads x 64 (encoding.h, float form). */
export function floatsOf({ kv, chunks }: EncodedChunks, chunk: number, which: "keys" | "values"): number[] {
  const floats = new Float32Array(kv.buffer, kv.byteOffset + (chunk * kv.length) / chunks, 2 * 2 * CHUNK * 64);
  const out: number[] = [];
  for (let token = 0; token < CHUNK; token++) {
    for (let head = 0; head < 2; head++) {
      for (let d = 0; d < 64; d++) out.push(floats[head * 8192 + (which === "keys" ? d * 64 + token : 4096 + token * 64 + d)]!);
    }
  }
  return out;
}

export function largestDifference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) return Number.POSITIVE_INFINITY;
  let largest = 0;
  for (let i = 0; i < a.length; i++) largest = Math.max(largest, Math.abs(a[i]! - b[i]!));
  return largest;
}

export function cosine(a: number[], b: number[]): number {
  const dot = (x: number[], y: number[]) => x.reduce((sum, v, i) => sum + v * y[i]!, 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

export function greatest(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) if (values[i]! > values[best]!) best = i;
  return best;
}

/** Tokens 8.. in an order that depends on the seed alone. */
export function someIds(count: number, seed = 1): Int32Array {
  let state = seed;
  return Int32Array.from({ length: count }, () => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 8 + ((state >>> 8) % 30000);
  });
}
