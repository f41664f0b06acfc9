/**
 * Encodes the documents of an index: from the cache where their content is known, else with the engine, in batches small enough
 * that a pause, a saved file or the end of the program never waits long.
 *
 * Order: what was just saved, then open files, then as the index gives them (files most recently modified first, then parts of commits,
 * newest first), then documents whose K/V was evicted and wanted again. Of commits landmarks alone are kept: they are found, never attended. A document becomes visible by meaning once cache, index and engine hold it, in this order.
 */
import { CHUNK, type EncodedChunks, KV_BYTES, LANDMARK_BYTES, NativeError } from "../../native/addon.ts";
import type { Framed } from "../../native/tokenizer.ts";
import type { IndexReader, IndexWriter } from "../index/api.ts";
import type { DocumentRow } from "../index/types.ts";
import { type Cache, encodingKey } from "./cache.ts";
import type { CachePlace, Encoding } from "./cache-store.ts";
import { batchTokens, encodeSliced, type SlicedEngine } from "./encode-sliced.ts";
import type { EngineDocuments } from "./engine-documents.ts";
import { commonChunks, fingerprints } from "./fingerprints.ts";
import type { Rate } from "./progress.ts";

/** What is read and looked up together in the cache: some batches of the engine, and no fewer documents and bytes of text than these. */
const groupDocuments = 64;
const groupBytes = 256 * 1024;
const groupBatches = 4;
/** Bytes of text a token, and tokens a document, as a rule: for the size of a group alone. */
const tokenBytes = 4;
const documentTokens = 256;

export interface EncoderParts {
  index: Pick<IndexReader & IndexWriter, "documents" | "toEncode" | "markEncoded">;
  cache: Pick<Cache, "get" | "put" | "read">;
  engine: SlicedEngine;
  modelId: string;
  held: EngineDocuments;
  /** Documents as the model reads them, by id; those whose text is not (or no longer) the document's are missing. */
  frame(rows: readonly DocumentRow[]): Promise<ReadonlyMap<number, Framed>>;
  rate: Rate;
  /** Parts of commits that the engine holds now. */
  onCommits?(rows: readonly DocumentRow[]): void;
  /** What is encoded from now on: files, or history while nothing else is left. */
  onTurn?(to: "files" | "history"): void;
  /** Something was encoded, or went wrong: status may have changed. */
  onProgress(): void;
  /** For people. */
  onProblem(text: string): void;
}

/** A document ready for the engine. */
interface Job {
  row: DocumentRow;
  framed: Framed;
  key: string;
  /** What the encoding before the edit gives; undefined to encode from the start. */
  before: { encoding: Encoding; chunks: number } | undefined;
  /** Slices of a long document that an interrupted attempt has done. */
  done: EncodedChunks[];
}

export class Encoder {
  readonly #parts: EncoderParts;
  /** Ids of saved and open documents, first come first served; those of saved ones interrupt what is under way. */
  #first: number[] = [];
  #again: number[] = [];
  #ready: Job[] = [];
  /** Being worked on, or given up: not to be taken from the index again. */
  readonly #inHand = new Set<number>();
  readonly #left = new Map<number, DocumentRow["kind"]>();
  /** Document -> key of the encoding of what it was before the edit. */
  readonly #previous = new Map<number, string>();
  /** Saved by a person who waits: encoded alone, not interrupted by the next save. */
  readonly #saved = new Set<number>();
  #running: Promise<void> | undefined;
  #stop = new AbortController();
  #encoding: number[] = [];
  #turn: "files" | "history" = "files";
  #scope: "files" | "all" = "all";

  constructor(parts: EncoderParts) {
    this.#parts = parts;
  }

  get running(): boolean {
    return this.#running !== undefined;
  }

  /** Files given up in this run of the program: unreadable to the engine, changed on disk, too slow. */
  get left(): number {
    return [...this.#left.values()].filter((kind) => kind === "file").length;
  }

  /** A saved file: encoded before all else, reusing `previousKey`'s leading chunks. */
  saved(document: number, previousKey: string): void {
    if (previousKey !== "") this.#previous.set(document, previousKey);
    this.#first = [document, ...this.#first.filter((id) => id !== document)];
    this.#saved.add(document);
    if (this.#encoding.length > 0 && !this.#encoding.some((id) => this.#saved.has(id))) this.#parts.engine.cancelEncode();
  }

  /** What a file was before an edit, where nothing waits for it. */
  remember(document: number, previousKey: string): void {
    if (previousKey !== "") this.#previous.set(document, previousKey);
  }

  /** Open files come before what the index would give next. */
  prefer(documents: readonly number[]): void {
    const wanted = documents.filter((id) => !this.#parts.held.has(id) && !this.#first.includes(id));
    this.#first.push(...wanted);
  }

  /** Encoded documents whose K/V is missing. */
  again(documents: readonly number[]): void {
    for (const id of documents) if (!this.#again.includes(id) && !this.#inHand.has(id)) this.#again.push(id);
  }

  forget(documents: readonly number[]): void {
    for (const id of documents) {
      this.#previous.delete(id);
      this.#saved.delete(id);
      this.#left.delete(id);
    }
  }

  /**
   * Encodes until nothing is left. Rejects with CacheError when the disk is full and with NativeError when the engine fails for good;
   * what was not finished stays queued in the index. A call while one runs joins it.
   */
  run(scope: "files" | "all" = "all"): Promise<void> {
    if (!this.#running) this.#scope = scope;
    this.#running ??= this.#loop().finally(() => {
      this.#running = undefined;
      this.#ready = [];
      this.#inHand.clear();
      this.#encoding = [];
    });
    return this.#running;
  }

  /** Ends a run soon; resolves when it has ended. */
  async stop(): Promise<void> {
    if (!this.#running) return;
    this.#stop.abort();
    this.#parts.engine.cancelEncode();
    await this.#running.catch(() => undefined); // whoever called run() hears of it
  }

  async #loop(): Promise<void> {
    this.#stop = new AbortController();
    let storing: Promise<void> = Promise.resolve();
    let filling: Promise<void> | undefined;
    while (!this.#stop.signal.aborted) {
      if (this.#first.length > 0) await this.#takeFirst();
      if (this.#ready.length === 0) await (filling ?? this.#fill());
      const batch = this.#nextBatch();
      if (batch.length === 0) {
        // The documents in hand are marked before the index is asked a last time.
        await storing;
        if (this.#first.length > 0) continue;
        break;
      }
      if (this.#ready.length === 0) filling = this.#fill().finally(() => (filling = undefined));
      filling?.catch(() => undefined); // awaited above
      const encoded = await this.#encode(batch);
      await storing;
      storing = this.#store(encoded);
      storing.catch(() => undefined); // awaited above or below
    }
    await filling;
    await storing;
  }

  /** Saved and open files go to the front of what is ready. */
  async #takeFirst(): Promise<void> {
    const ids = this.#first.splice(0, groupDocuments);
    const rows = await this.#parts.index.documents(ids);
    const byId = new Map(rows.map((row) => [row.id, row]));
    const wanted = ids.flatMap((id) => byId.get(id) ?? []).filter((row) => row.encode && row.encoding === "" && !this.#inHand.has(row.id));
    this.#ready.unshift(...(await this.#jobs(wanted)));
  }

  /** Asks the index for more, answers from the cache what it can, and queues the rest. */
  async #fill(): Promise<void> {
    for (;;) {
      const rows = await this.#nextRows();
      if (rows.length === 0 || this.#stop.signal.aborted) return;
      const jobs = await this.#jobs(rows);
      this.#ready.push(...jobs);
      if (jobs.length > 0) return;
    }
  }

  async #nextRows(): Promise<DocumentRow[]> {
    const groupTokens = groupBatches * batchTokens(this.#parts.engine);
    const mostDocuments = Math.max(groupDocuments, Math.round(groupTokens / documentTokens));
    const mostBytes = Math.max(groupBytes, groupTokens * tokenBytes);
    const asked = mostDocuments + this.#inHand.size + this.#left.size;
    const pending = (await this.#parts.index.toEncode(asked)).filter(
      (row) => !this.#inHand.has(row.id) && !this.#left.has(row.id) && (this.#scope === "all" || row.kind === "file"),
    );
    const again =
      pending.length > 0 ? [] : (await this.#parts.index.documents(this.#again.splice(0, mostDocuments))).filter((row) => row.encode);
    let bytes = 0;
    const rows = [...pending, ...again].slice(0, mostDocuments).filter((row, index) => {
      bytes += row.bytes;
      return index === 0 || bytes <= mostBytes;
    });
    for (const { id } of rows) this.#inHand.add(id);
    return rows;
  }

  /** Reads and frames documents; those that the cache knows are finished at once, the others become jobs. */
  async #jobs(rows: readonly DocumentRow[]): Promise<Job[]> {
    const { cache, modelId } = this.#parts;
    const framed: { row: DocumentRow; framed: Framed; key: string }[] = [];
    for (const { id } of rows) this.#inHand.add(id);
    const texts = await this.#parts.frame(rows);
    for (const row of rows) {
      const one = texts.get(row.id);
      if (one) framed.push({ row, framed: one, key: encodingKey(modelId, one.ids) });
      else this.#giveUp(row);
    }
    const places = await cache.get(framed.map(({ key }) => key));
    const known = framed.flatMap((one, index) => {
      const place = places[index];
      return place && (place.segment >= 0 || one.row.encoding === "") ? [{ ...one, place }] : [];
    });
    await this.#finish(known);
    const finished = new Set(known.map(({ key }) => key));
    const jobs = framed.filter(({ key }) => !finished.has(key));
    return Promise.all(jobs.map(async (job) => ({ ...job, done: [], before: await this.#before(job.row.id, job.framed) })));
  }

  /** The encoding of the text before an edit, and how many of its leading chunks still hold. */
  async #before(document: number, framed: Framed): Promise<Job["before"]> {
    const key = this.#previous.get(document);
    if (!key) return undefined;
    const encoding = await this.#parts.cache.read(key);
    if (!encoding) return undefined;
    const chunks = commonChunks(encoding.fingerprints, fingerprints(framed.ids));
    return chunks > 0 ? { encoding, chunks } : undefined;
  }

  #nextBatch(): Job[] {
    const most = batchTokens(this.#parts.engine);
    let tokens = 0;
    let count = 0;
    for (const job of this.#ready) {
      tokens += tokensOf(job);
      if (count > 0 && tokens > most) break;
      count++;
      // A saved file does not wait for its neighbours.
      if (this.#saved.has(job.row.id) && count === 1) break;
    }
    return this.#ready.splice(0, count);
  }

  /** Encodes a batch; what was interrupted goes back to the front, what fails alone is given up. */
  async #encode(batch: Job[]): Promise<{ job: Job; encoding: Encoding }[]> {
    const started = performance.now();
    this.#setTurn(batch.some(({ row }) => row.kind === "file") ? "files" : "history");
    this.#encoding = batch.map(({ row }) => row.id);
    try {
      const chunks = await encodeSliced(
        this.#parts.engine,
        batch.map(({ framed, before, done }) => ({ ids: framed.ids, firstChunk: before?.chunks ?? 0, done })),
        this.#stop.signal,
      );
      this.#parts.rate.add(
        batch.reduce((sum, job) => sum + tokensOf(job), 0),
        performance.now() - started,
      );
      return batch.map((job, index) => ({ job, encoding: joined(job, chunks[index]!) }));
    } catch (error) {
      return this.#failed(batch, error);
    } finally {
      this.#encoding = [];
    }
  }

  async #failed(batch: Job[], error: unknown): Promise<{ job: Job; encoding: Encoding }[]> {
    if (!(error instanceof NativeError)) throw error;
    if (error.code === "cancelled") {
      this.#ready.unshift(...batch);
      return [];
    }
    if (batch.length > 1) return (await inTurn(batch, (job) => this.#encode([job]))).flat();
    const { row } = batch[0]!;
    this.#giveUp(row);
    this.#parts.onProblem(`${row.path || `Commit ${row.commit}`} could not be encoded and is found by words only: ${error.message}`);
    return [];
  }

  async #store(encoded: { job: Job; encoding: Encoding }[]): Promise<void> {
    if (encoded.length === 0) return;
    const places = await this.#parts.cache.put(encoded.map(({ job, encoding }) => ({ key: job.key, ...encoding })));
    await this.#finish(encoded.map(({ job }, index) => ({ ...job, place: places[index]! })));
  }

  /** Step two of becoming visible: marked in the index, then in the engine, unless the document is gone by then. */
  async #finish(documents: readonly { row: DocumentRow; framed: Framed; key: string; place: CachePlace }[]): Promise<void> {
    if (documents.length === 0) return;
    const { index, held } = this.#parts;
    await index.markEncoded(
      documents.map(({ row, framed, key }) => ({
        document: row.id,
        encoding: key,
        tokens: framed.ids.length,
        chunkLines: framed.chunkLines,
      })),
    );
    const live = new Set((await index.documents(documents.map(({ row }) => row.id))).map(({ id }) => id));
    held.add(
      documents
        .filter(({ row }) => live.has(row.id))
        .map(({ row, key, place }) => ({ document: row.id, encoding: key, place, landmarksOnly: row.kind === "part" })),
    );
    this.#parts.onCommits?.(documents.filter(({ row }) => row.kind === "part" && live.has(row.id)).map(({ row }) => row));
    for (const { row } of documents) {
      this.#previous.delete(row.id);
      this.#saved.delete(row.id);
      this.#inHand.delete(row.id);
    }
    this.#parts.onProgress();
  }

  #giveUp({ id, kind }: DocumentRow): void {
    this.#left.set(id, kind);
    this.#inHand.delete(id);
    this.#previous.delete(id);
    this.#saved.delete(id);
  }

  #setTurn(to: "files" | "history"): void {
    if (to !== this.#turn) this.#parts.onTurn?.(to);
    this.#turn = to;
  }
}

/** Tokens that the engine has to read for a job. */
function tokensOf({ framed, before }: Job): number {
  return framed.ids.length - (before?.chunks ?? 0) * CHUNK;
}

/** The kept leading chunks and the new ones; of a commit landmarks alone, and no fingerprints, as it never changes. */
function joined({ row, framed, before }: Job, fresh: EncodedChunks): Encoding {
  if (row.kind === "part")
    return { tokens: framed.ids.length, fingerprints: new Uint8Array(0), landmarks: fresh.landmarks, kv: new Uint8Array(0) };
  const kept = before?.chunks ?? 0;
  return {
    tokens: framed.ids.length,
    fingerprints: fingerprints(framed.ids),
    landmarks: concat(before?.encoding.landmarks.subarray(0, kept * LANDMARK_BYTES), fresh.landmarks),
    kv: concat(before?.encoding.kv.subarray(0, kept * KV_BYTES), fresh.kv),
  };
}

function concat(a: Uint8Array | undefined, b: Uint8Array): Uint8Array {
  if (!a || a.length === 0) return b;
  const both = new Uint8Array(a.length + b.length);
  both.set(a);
  both.set(b, a.length);
  return both;
}

async function inTurn<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = [];
  for (const item of items) results.push(await work(item));
  return results;
}
