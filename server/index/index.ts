/**
 * The index of a folder: its database on two threads, one that writes (only where the write lock is held) and one that reads and is
 * never blocked, and the word indexes of files and commits beside it.
 */
import { mkdirSync } from "node:fs";
import { join } from "node:path";
import type { FieldWeights, NativeAddon, WordHits } from "../../native/addon.ts";
import type { ChunksOf, CommitHit, DiffHit, IndexReader, IndexWriter, KnownFile, PassageHit } from "./api.ts";
import { DamagedIndexError, IndexAccessError } from "./errors.ts";
import { FilesCache, readFiles } from "./files-cache.ts";
import { Kept } from "./kept.ts";
import { Overlay } from "./overlay.ts";
import { commitText, diffTexts, withoutText } from "./passage-text.ts";
import { prepareText } from "./prepare.ts";
import { Queue } from "./queue.ts";
import { setAside } from "./set-aside.ts";
import type { StoreReader } from "./store-reader.ts";
import type { Changes, EncodedParts } from "./store-rows.ts";
import { StoreThread } from "./store-thread.ts";
import type { EncodedRow, StoreWriter, Written } from "./store-writer.ts";
import type {
  CommitHead,
  CommitRow,
  DiffPlace,
  DocumentRow,
  IndexStatus,
  OutlineRow,
  PassageLines,
  PreparedCommit,
  PreparedDiff,
  PreparedFile,
  SkippedFile,
  SymbolDefinition,
  SymbolRow,
} from "./types.ts";
import { expand, lowestUnsavedKey, noIds, WordIndex } from "./word-index.ts";

export interface IndexOptions {
  /** Where the index lies (server/home.ts: indexFolder). */
  folder: string;
  /** Real path of the opened folder. */
  root: string;
  addon: NativeAddon;
  /** Whether this process holds the write lock. */
  writable: boolean;
  /** Reads diffs of commits out of git again, when their words were lost (history/prepared-diffs.ts). */
  readDiffs: (shas: string[]) => AsyncIterable<PreparedDiff[]>;
  /** Messages for people: something was damaged and set aside, and the like. */
  onMessage: (text: string) => void;
}

/** Milliseconds between two looks at what the writing process did. */
const followEvery = 500;
/** Definitions kept, and numbers of lines of chunks. */
const keptRows = 100_000;

export class Index implements IndexReader, IndexWriter {
  readonly #options: IndexOptions;
  readonly #file: string;
  #reader!: StoreThread<StoreReader>;
  #writer: StoreThread<StoreWriter> | undefined;
  #files!: WordIndex;
  #commits!: WordIndex;
  #diffs!: WordIndex;
  #cache!: FilesCache; // these set by `open`, as the reader
  #outlines!: Kept<readonly OutlineRow[]>;
  #chunkLines!: Kept<Int32Array>;
  /** As of a transaction. */
  #status: { number: number; now: Omit<IndexStatus, "wordsBytes"> } | undefined;
  readonly #overlay = new Overlay();
  readonly #writes = new Queue();
  readonly #unsavedChanges = new Queue();
  readonly #removedListeners = new Set<(documents: number[]) => void>();
  readonly #changeListeners = new Set<(changes: Changes) => void>();
  #following: NodeJS.Timeout | undefined;
  #closed = false;

  private constructor(options: IndexOptions) {
    this.#options = options;
    this.#file = join(options.folder, "index.db");
  }

  /**
   * Opens the index, creating it where there is none. To write, a damaged one is set aside and an empty one made, with a message; to read,
   * it throws DamagedIndexError. Throws IndexAccessError when the folder cannot be used.
   */
  static async open(options: IndexOptions): Promise<Index> {
    try {
      mkdirSync(options.folder, { recursive: true, mode: 0o700 }); // at once: the threads start before whatever the caller does next
    } catch (error) {
      throw new IndexAccessError(`The index folder ${options.folder} cannot be made: ${(error as Error).message}`);
    }
    const index = new Index(options);
    try {
      await index.#openAll(options.writable).catch((error) => index.#recover(error, options.writable));
      return index;
    } catch (error) {
      await index.close();
      throw error;
    }
  }

  get writable(): boolean {
    return this.#writer !== undefined;
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#following);
    await this.#writes.idle();
    await this.#closeStores();
  }

  /** Takes over from a writer that ended: the caller holds the write lock now. */
  async becomeWriter(): Promise<void> {
    if (this.#writer) return;
    clearTimeout(this.#following);
    this.#following = undefined;
    try {
      this.#writer = await this.#openWriter();
      await this.#catchUp();
    } catch (error) {
      await this.#recover(error, true);
    }
  }

  /** Sets everything aside and starts empty: the answer to DamagedIndexError, and to a person who wants the memory rebuilt. */
  async rebuild(): Promise<void> {
    this.#writing();
    await this.#writes.run(() => this.#startAnew());
  }

  /** Follows the transactions of the process that writes: looks twice a second. Ends with `becomeWriter` or `close`. */
  follow(): void {
    if (this.#following || this.#writer || this.#closed) return;
    const look = async () => {
      try {
        await this.#catchUp();
      } catch (error) {
        if (!this.#closed) this.#options.onMessage((error as Error).message);
      }
      if (this.#following && !this.#closed) this.#following = setTimeout(look, followEvery).unref();
    };
    this.#following = setTimeout(look, followEvery).unref();
  }

  /** Looks once at what the writing process did; `follow` does it twice a second. */
  refresh(): Promise<void> {
    return this.#catchUp();
  }

  /** Calls back with the ids of documents that are gone, files and parts of commits, whoever removed them. Returns how to stop. */
  onRemoved(listener: (documents: number[]) => void): () => void {
    this.#removedListeners.add(listener);
    return () => this.#removedListeners.delete(listener);
  }

  /** Calls back with what another process changed: file documents, and that there may be more (`encodedParts`). Returns how to stop. */
  onFollowed(listener: (changes: Changes) => void): () => void {
    this.#changeListeners.add(listener);
    return () => this.#changeListeners.delete(listener);
  }

  /** Puts the unsaved text of an open file in place of its saved text, for words; null takes it back. */
  async setUnsaved(path: string, text: string | null): Promise<void> {
    await this.#unsavedChanges.run(async () => {
      const prepared = text === null ? null : await prepareText(path, text);
      const { added, removed } = this.#overlay.set(path, prepared);
      await this.#files.change(added, removed);
    });
  }

  // Reading

  async status(): Promise<IndexStatus> {
    return { ...(await this.#statusNow()), wordsBytes: this.#files.bytes() + this.#commits.bytes() + this.#diffs.bytes() };
  }

  /** Read again once something was written: every question asks for it. */
  async #statusNow(): Promise<Omit<IndexStatus, "wordsBytes">> {
    const number = this.#cache.wanted;
    if (this.#status?.number !== number) this.#status = { number, now: await this.#reader.call("status") };
    return this.#status.now;
  }

  documents(ids: readonly number[]): Promise<DocumentRow[]> {
    return this.#reader.call("documents", ids);
  }

  documentAt(path: string): Promise<DocumentRow | undefined> {
    return this.#reader.call("documentAt", path);
  }

  files(): Promise<readonly DocumentRow[]> {
    return this.#cache.files();
  }

  async chunkLines(chunks: readonly ChunksOf[]): Promise<PassageLines[][]> {
    const lines = await this.#chunkLines.of(chunks.map(({ document }) => document));
    return chunks.map(({ chunks }, i) => linesOfChunks(lines[i]!, chunks));
  }

  /** Definitions in unsaved text take the place of their file's saved ones. */
  async symbolsNamed(names: readonly string[]): Promise<SymbolRow[]> {
    const saved = await this.#reader.call("symbolsNamed", names);
    if (this.#overlay.paths === 0) return saved;
    const documents = await this.#cache.byId();
    const wanted = new Set(names.map((name) => name.toLowerCase()));
    const unsaved = [...this.#overlay.allSymbols()].filter(({ symbol }) => wanted.has(symbol.name.toLowerCase()));
    const kept = saved.filter(({ document }) => !this.#overlay.has(documents.get(document)?.path ?? ""));
    return [...kept, ...unsaved.map(({ path, symbol }) => ({ ...symbol, document: this.#cache.idOf(path) }))];
  }

  /** Definitions in unsaved text take the place of their file's saved ones. */
  async outlines(documents: readonly number[]): Promise<(readonly OutlineRow[])[]> {
    const saved = await this.#outlines.of(documents);
    const rows = await this.#cache.byId();
    return saved.map((outline, i) => this.#overlay.symbols(rows.get(documents[i]!)?.path ?? "") ?? outline);
  }

  /** As outlines. */
  async definitions(documents: readonly number[]): Promise<SymbolDefinition[][]> {
    const saved = await this.#reader.call("definitions", documents);
    const rows = await this.#cache.byId();
    return saved.map((json, i) => this.#overlay.symbols(rows.get(documents[i]!)?.path ?? "") ?? JSON.parse(json));
  }

  async namesOf(documents: readonly number[]): Promise<string[][]> {
    return (await this.#reader.call("namesOf", documents)).map((names) => JSON.parse(names));
  }

  /** The saved passages of a file with unsaved text are found, too, but not shown: more are asked for until there are enough others. */
  async searchFiles(query: string, k: number, weights: FieldWeights): Promise<PassageHit[]> {
    const files = this.#files;
    for (let asked = this.#overlay.paths === 0 ? k : k + 32; ; asked *= 2) {
      const { ids, scores, coverage } = await files.search(query, asked, weights);
      const rows = await this.#passageHits(ids);
      const hits = rows.map((row, i) => row && { ...row, score: scores[i]!, coverage: coverage[i]! }).filter((hit) => hit !== undefined);
      if (hits.length >= k || ids.length < asked) return hits.slice(0, k);
    }
  }

  async searchCommits(query: string, k: number, weights: FieldWeights): Promise<CommitHit[]> {
    return this.#commitHits("commit", await this.#commits.search(query, k, weights));
  }

  async searchDiffs(query: string, k: number, weights: FieldWeights): Promise<DiffHit[]> {
    return this.#commitHits("diff", await this.#diffs.search(query, k, weights));
  }

  /** Hits of commits that are gone are left out. */
  async #commitHits(kind: "commit" | "diff", { ids, scores, coverage }: WordHits): Promise<DiffHit[]> {
    const commits = await this.#reader.call("commitsOfIds", kind, ids);
    const hits: DiffHit[] = [];
    ids.forEach((part, i) => {
      const document = commits[2 * i]!;
      if (document) hits.push({ document, date: commits[2 * i + 1]!, part, score: scores[i]!, coverage: coverage[i]! });
    });
    return hits;
  }

  commits(shas: readonly string[]): Promise<CommitRow[]> {
    return this.#reader.call("commits", shas);
  }

  commitHeads(documents: readonly number[]): Promise<CommitHead[]> {
    return this.#reader.call("commitHeads", documents);
  }

  diffPlaces(parts: readonly number[]): Promise<(DiffPlace & { part: number })[]> {
    return this.#reader.call("diffPlaces", parts);
  }

  terms(text: string): string[] {
    return this.#files.terms(text);
  }

  documentFrequency(word: string): number {
    return this.#files.documentFrequency(word);
  }

  // Writing

  knownFiles(): Promise<KnownFile[]> {
    return this.#reader.call("knownFiles");
  }

  async putFiles(files: PreparedFile[]): Promise<number[]> {
    const records = files.map(({ passages, ...file }) => ({
      ...file,
      passageLines: Int32Array.from(passages.flatMap(({ startLine, endLine }) => [startLine, endLine])),
    }));
    return this.#write(async (writer) => {
      const written = await writer.call("putFiles", records);
      const texts = written.added.flatMap(({ position, first }) => {
        const { path, passages } = files[position]!;
        return passages.map(({ symbols, text }, i) => ({ id: first + i, path, symbols, body: text }));
      });
      await this.#files.change(texts, passageIds(written));
      return { written, result: written.ids };
    });
  }

  putSkipped(files: SkippedFile[]): Promise<void> {
    return this.#writeFiles((writer) => writer.call("putSkipped", files));
  }

  removeFiles(paths: readonly string[]): Promise<number[]> {
    return this.#write(async (writer) => {
      const written = await writer.call("removeFiles", paths);
      await this.#files.change([], passageIds(written));
      return { written, result: written.removed.map(({ document }) => document) };
    });
  }

  putCommits(commits: PreparedCommit[]): Promise<void> {
    return this.#write(async (writer) => {
      const written = await writer.call("putCommits", commits);
      const texts = written.added.map(({ position, first }) => commitText(commits[position]!, first));
      await this.#commits.change(texts, passageIds(written));
      return { written: { ...written, removed: [] }, result: undefined };
    });
  }

  retainCommits(shas: ReadonlySet<string>): Promise<void> {
    return this.#write(async (writer) => {
      const written = await writer.call("retainCommits", shas);
      await this.#commits.change([], passageIds(written));
      await this.#diffs.change([], passageIds({ removed: written.removedParts }));
      this.#tellRemoved(written.removedDocuments);
      return { written: { ...written, removed: [] }, result: undefined };
    });
  }

  putDiffs(diffs: PreparedDiff[]): Promise<void> {
    return this.#write(async (writer) => {
      const written = await writer.call("putDiffs", diffs.map(withoutText));
      const texts = written.added.flatMap(({ position, first }) => diffTexts(diffs[position]!.parts, first));
      await this.#diffs.change(texts, noIds);
      return { written, result: undefined };
    });
  }

  planHistory(tokens: number): Promise<void> {
    return this.#writeFiles((writer) => writer.call("planHistory", tokens));
  }

  encodedParts(number: number): Promise<EncodedParts> {
    return this.#reader.call("encodedParts", number);
  }

  commitsWithoutDiff(): Promise<string[]> {
    return this.#reader.call("commitsWithoutDiff");
  }

  knownCommits(): Promise<Set<string>> {
    return this.#reader.call("knownCommits");
  }

  markEncoded(rows: EncodedRow[]): Promise<void> {
    return this.#writeFiles((writer) => writer.call("markEncoded", rows));
  }

  toEncode(limit: number): Promise<DocumentRow[]> {
    return this.#reader.call("toEncode", limit);
  }

  async forgetEncodings(keys: readonly string[]): Promise<void> {
    await this.#writeFiles((writer) => writer.call("forgetEncodings", keys));
    this.#chunkLines.clear();
  }

  getMeta(key: string): Promise<string> {
    return this.#reader.call("getMeta", key);
  }

  setMeta(key: string, value: string): Promise<void> {
    return this.#writing().call("setMeta", key, value);
  }

  /** Writes go on meanwhile: what they add to the saved file is replayed once more on the next start, which does no harm. */
  async checkpoint(): Promise<void> {
    const writer = this.#writing();
    const lowest = Math.min(this.#overlay.lowest, Number(await this.getMeta(lowestUnsavedKey)) || 0);
    if (lowest < 0) await writer.call("setMeta", lowestUnsavedKey, String(lowest));
    // The database must not lose to a power cut what the words file holds.
    await writer.call("sync");
    const previous = this.#saved;
    this.#saved = Math.min(await this.#files.save(), await this.#commits.save(), await this.#diffs.save());
    // Readers are at most one checkpoint behind; those further behind load the file again.
    await writer.call("trim", previous);
  }

  /** Transaction of the last checkpoint of this process. */
  #saved = 0;

  #write<T>(work: (writer: StoreThread<StoreWriter>) => Promise<{ written: Written; result: T }>): Promise<T> {
    const writer = this.#writing();
    return this.#writes.run(async () => {
      const { written, result } = await work(writer);
      this.#files.advance(written.number);
      this.#commits.advance(written.number);
      this.#diffs.advance(written.number);
      this.#cache.outdated(written.number);
      this.#tellRemoved(written.removed.map(({ document }) => document));
      return result;
    });
  }

  /** A write that adds no passages. */
  #writeFiles(work: (writer: StoreThread<StoreWriter>) => Promise<Written>): Promise<void> {
    return this.#write(async (writer) => {
      const written = await work(writer);
      await this.#files.change([], passageIds(written));
      return { written, result: undefined };
    });
  }

  #writing(): StoreThread<StoreWriter> {
    if (!this.#writer) throw new IndexAccessError(`Another process writes the index of ${this.#options.root}; this one only reads it.`);
    return this.#writer;
  }

  async #openAll(writable: boolean): Promise<void> {
    const reader = StoreThread.reader(this.#file);
    const known = readFiles(this.#file);
    const [loaded, writer] = await Promise.allSettled([this.#load(reader, known), writable ? this.#openWriter() : undefined]);
    this.#writer = writer.status === "fulfilled" ? writer.value : undefined;
    const failed = [writer, loaded].find((it) => it.status === "rejected");
    if (failed) {
      await reader.close();
      throw failed.reason;
    }
    if (!writable) await this.#cache.refresh(); // what is known now is no news to those who follow
  }

  async #openWriter(): Promise<StoreThread<StoreWriter>> {
    const writer = StoreThread.writer(this.#file);
    try {
      await writer.open();
      return writer;
    } catch (error) {
      await writer.close();
      throw error;
    }
  }

  /** The writer sets a damaged index aside and starts an empty one; everything else is the caller's to hear. */
  async #recover(error: unknown, writable: boolean): Promise<void> {
    if (!writable || !(error instanceof DamagedIndexError)) throw error;
    await this.#startAnew();
    this.#options.onMessage(error.message);
  }

  async #startAnew(): Promise<void> {
    const gone = this.#cache?.ids() ?? [];
    await this.#closeStores();
    // Words first: what a crash between the two leaves is a whole database without words.
    for (const name of ["words-files.bin", "words-commits.bin", "words-diffs.bin", "index.db"])
      await setAside(join(this.#options.folder, name));
    await this.#openAll(true);
    this.#tellRemoved(gone);
  }

  /** The writer last: it folds the log into the database and removes it. */
  async #closeStores(): Promise<void> {
    await this.#reader?.close();
    await this.#writer?.close();
  }

  /** Opens the reading side: connection, word indexes, the list of files. */
  async #load(reader: StoreThread<StoreReader>, known?: Changes): Promise<void> {
    await reader.open();
    this.#reader = reader;
    this.#cache = new FilesCache(reader, known);
    this.#outlines = new Kept(async (of) => (await reader.call("outlines", of)).map((json) => JSON.parse(json)), sizeOfOutline, keptRows);
    this.#chunkLines = new Kept(
      (of) => reader.call("chunkLines", of),
      ({ length }) => length,
      keptRows,
    );
    this.#status = undefined;
    await this.#loadWords();
    void reader.call("warm").catch(() => undefined); // a question meets what is wrong, and says so
  }

  async #loadWords(): Promise<void> {
    const { folder, addon, root, onMessage, readDiffs } = this.#options;
    const shared = { addon, root, onMessage, readDiffs, reader: this.#reader };
    const [files, commits, diffs] = await Promise.all([
      WordIndex.load({ ...shared, kind: "file", file: join(folder, "words-files.bin") }),
      WordIndex.load({ ...shared, kind: "commit", file: join(folder, "words-commits.bin") }),
      WordIndex.load({ ...shared, kind: "diff", file: join(folder, "words-diffs.bin") }),
    ]);
    await this.#unsavedChanges.run(async () => {
      await files.change(this.#overlay.texts(), noIds);
      [this.#files, this.#commits, this.#diffs] = [files, commits, diffs];
    });
  }

  /** Takes in what another process wrote. */
  #catchUp(): Promise<void> {
    return this.#writes.run(async () => {
      const { number, trimmed, replaced } = await this.#reader.call("state");
      if (replaced) await this.#reload();
      else if (number === this.#files.number && number === this.#cache.number) return;
      else if (this.#files.number < trimmed) await this.#loadWords();
      else for (const words of [this.#files, this.#commits, this.#diffs]) await words.replay();
      const changes = await this.#cache.refresh();
      this.#tellRemoved(changes.removed);
      for (const listener of this.#changeListeners) listener(changes);
    });
  }

  /** Another database took the place of the one that is open: nothing known of the old one holds. */
  async #reload(): Promise<void> {
    const before = { reader: this.#reader, documents: this.#cache.ids() };
    await this.#load(StoreThread.reader(this.#file));
    this.#tellRemoved(before.documents);
    await before.reader.close();
  }

  #tellRemoved(documents: number[]): void {
    if (documents.length) for (const listener of this.#removedListeners) listener(documents);
  }

  /** Where passages are, in the order of `ids`; undefined for those that are gone or hidden by unsaved text. */
  async #passageHits(ids: Int32Array): Promise<(Omit<PassageHit, "score" | "coverage"> | undefined)[]> {
    const places = await this.#reader.call("passagePlaces", ids);
    const documents = await this.#cache.byId();
    return Array.from(ids, (id, i) => {
      const unsaved = this.#overlay.passage(id);
      if (unsaved) return { id, ...unsaved, document: this.#cache.idOf(unsaved.path), unsaved: true };
      const [document, startLine, endLine] = places.subarray(3 * i, 3 * i + 3) as unknown as [number, number, number];
      const path = documents.get(document)?.path;
      if (path === undefined || this.#overlay.has(path)) return undefined;
      return { id, document, startLine, endLine, path, unsaved: false };
    });
  }
}

function sizeOfOutline({ length }: readonly OutlineRow[]): number {
  return 1 + length;
}

/** Chunks that a document does not have are left out. */
function linesOfChunks(lines: Int32Array, chunks: readonly number[]): PassageLines[] {
  return chunks
    .filter((chunk) => chunk >= 0 && 2 * chunk < lines.length)
    .map((chunk) => ({ startLine: lines[2 * chunk]!, endLine: lines[2 * chunk + 1]! }));
}

function passageIds({ removed }: { removed: { first: number; count: number }[] }): Int32Array {
  return expand(removed.flatMap(({ first, count }) => [first, count]));
}
