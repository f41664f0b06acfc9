/**
 * Which landmarks are still to be compared with their checksums: each once after it was asked for, in slices, because comparing all of
 * them takes longer than a start may.
 */
import { crc32 } from "node:zlib";
import { LANDMARK_BYTES } from "../../native/addon.ts";
import type { CacheFiles } from "./cache-files.ts";

/** Where an encoding's landmarks lie and what their checksum is. */
export interface Checkable {
  landmark_row: number;
  chunks: number;
  landmark_crc: number;
}

/** Bytes of landmarks checked in one go: calls wait no longer than that. */
const sliceBytes = 1_000_000;

export class LandmarkChecks {
  readonly #files: CacheFiles;
  #generation = 0;
  readonly #asked = new Set<number>();
  readonly #waiting = new Map<string, Checkable>();

  constructor(files: CacheFiles) {
    this.#files = files;
  }

  /** Rows of another generation mean nothing: their checks are dropped. */
  start(generation: number): void {
    if (this.#generation === generation) return;
    this.#generation = generation;
    this.#asked.clear();
    this.#waiting.clear();
  }

  add(key: string, row: Checkable): void {
    if (this.#asked.has(row.landmark_row)) return;
    this.#asked.add(row.landmark_row);
    this.#waiting.set(key, row);
  }

  get done(): boolean {
    return this.#waiting.size === 0;
  }

  /** Compares the next slice; keys and rows of those that are spoilt. */
  next(): { key: string; row: Checkable }[] {
    const spoilt: { key: string; row: Checkable }[] = [];
    let bytes = 0;
    for (const [key, row] of this.#waiting) {
      this.#waiting.delete(key);
      if (!this.#isSound(row)) spoilt.push({ key, row });
      bytes += row.chunks * LANDMARK_BYTES;
      if (bytes >= sliceBytes) break;
    }
    return spoilt;
  }

  #isSound(row: Checkable): boolean {
    const landmarks = this.#files.readLandmarks(this.#generation, row.landmark_row * LANDMARK_BYTES, row.chunks * LANDMARK_BYTES);
    return landmarks !== undefined && crc32(landmarks) === row.landmark_crc;
  }
}
