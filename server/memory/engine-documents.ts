/**
 * Which documents the engine holds, and from where in the cache.
 *
 * The cache is shared: another program may clear it, or evict and move K/V. `refresh` notices and puts the engine in step.
 */
import { closeSync } from "node:fs";
import type { DocumentPlace } from "../../native/addon.ts";
import type { Cache } from "./cache.ts";
import type { CachePlace } from "./cache-store.ts";

/** What is used of the engine (native/engine.ts). */
export interface DocumentEngine {
  attachLandmarks(fd: number): unknown;
  attachSegment(segment: number, fd: number): unknown;
  detachSegment(segment: number): unknown;
  addDocuments(places: DocumentPlace[]): unknown;
  removeDocuments(documents: Int32Array): unknown;
}

/** A document with its encoding's key. */
export interface EncodedDocument {
  document: number;
  encoding: string;
  /** It is scored, never attended: a commit. */
  landmarksOnly?: boolean;
}

/** Segment of a document whose K/V is not kept (native/addon.ts). */
const noSegment = -2;

export class EngineDocuments {
  readonly #engine: DocumentEngine;
  readonly #cache: Cache;
  readonly #held = new Map<number, { encoding: string; place: CachePlace; landmarksOnly: boolean }>();
  readonly #segments = new Map<number, number>();
  #landmarks: number | undefined;
  #generation = -1;
  #epoch = -1;

  constructor(engine: DocumentEngine, cache: Cache) {
    this.#engine = engine;
    this.#cache = cache;
  }

  has(document: number): boolean {
    return this.#held.has(document);
  }

  encodingOf(document: number): string | undefined {
    return this.#held.get(document)?.encoding;
  }

  ids(): IterableIterator<number> {
    return this.#held.keys();
  }

  /** Adds documents whose encodings are in the cache. Resolves to those whose encodings are not: they must be encoded anew. */
  async fill(documents: readonly EncodedDocument[]): Promise<EncodedDocument[]> {
    if (documents.length === 0) return [];
    return this.take(documents, await this.#cache.get(documents.map(({ encoding }) => encoding)));
  }

  /** As `fill`, with the answer of the cache. */
  take(documents: readonly EncodedDocument[], places: readonly (CachePlace | undefined)[]): EncodedDocument[] {
    this.add(documents.flatMap((one, index) => (places[index] ? [{ ...one, place: places[index] }] : [])));
    return documents.filter((_, index) => !places[index]);
  }

  /** Adds or replaces documents at places just got from the cache. */
  add(documents: readonly (EncodedDocument & { place: CachePlace })[]): void {
    this.#startGeneration();
    const places = documents.map(({ document, place, landmarksOnly }) => ({
      document,
      ...(landmarksOnly ? { ...place, segment: noSegment, offset: 0 } : this.#attached(place)),
    }));
    if (places.length > 0) this.#engine.addDocuments(places);
    for (const { document, encoding, place, landmarksOnly = false } of documents)
      this.#held.set(document, { encoding, place, landmarksOnly });
  }

  remove(documents: readonly number[]): void {
    const held = documents.filter((document) => this.#held.delete(document));
    if (held.length > 0) this.#engine.removeDocuments(Int32Array.from(held));
  }

  /** Puts the engine in step with the cache. Resolves to the documents whose encodings are gone. */
  async refresh(): Promise<EncodedDocument[]> {
    const { generation, epoch } = await this.#cache.facts();
    if (generation === this.#generation && epoch === this.#epoch) return [];
    const all = [...this.#held].map(([document, { encoding, landmarksOnly }]) => ({ document, encoding, landmarksOnly }));
    const places = await this.#cache.get(all.map(({ encoding }) => encoding));
    const changed = all.flatMap((one, index) => {
      const place = places[index];
      return place && !samePlace(place, this.#held.get(one.document)?.place) ? [{ ...one, place }] : [];
    });
    const gone = all.filter((_, index) => !places[index]);
    this.remove(gone.map(({ document }) => document));
    this.add(changed);
    this.#epoch = epoch;
    this.#detachUnused();
    return gone;
  }

  close(): void {
    for (const fd of this.#segments.values()) closeSync(fd);
    this.#segments.clear();
    if (this.#landmarks !== undefined) closeSync(this.#landmarks);
    this.#landmarks = undefined;
    this.#held.clear();
  }

  /** After a clear nothing that the engine holds means anything: it starts with the new landmark file. */
  #startGeneration(): void {
    if (this.#generation === this.#cache.generation) return;
    this.remove([...this.#held.keys()]);
    this.#detachUnused();
    const fd = this.#cache.openLandmarks();
    this.#engine.attachLandmarks(fd);
    if (this.#landmarks !== undefined) closeSync(this.#landmarks);
    this.#landmarks = fd;
    this.#generation = this.#cache.generation;
    this.#epoch = this.#cache.epoch;
  }

  /** The place as the engine can use it: a segment that has been unlinked meanwhile counts as evicted. */
  #attached(place: CachePlace): CachePlace {
    if (place.segment < 0 || this.#segments.has(place.segment)) return place;
    const fd = this.#cache.openSegment(place.segment);
    if (fd === undefined) return { ...place, segment: -1, offset: 0 };
    this.#engine.attachSegment(place.segment, fd);
    this.#segments.set(place.segment, fd);
    return place;
  }

  /** Unmapping is what gives an evicted segment's disk space back. */
  #detachUnused(): void {
    const used = new Set([...this.#held.values()].map(({ place }) => place.segment));
    for (const [segment, fd] of this.#segments) {
      if (used.has(segment)) continue;
      this.#engine.detachSegment(segment);
      closeSync(fd);
      this.#segments.delete(segment);
    }
  }
}

function samePlace(a: CachePlace, b: CachePlace | undefined): boolean {
  return b !== undefined && a.landmarkRow === b.landmarkRow && a.segment === b.segment && a.offset === b.offset;
}
