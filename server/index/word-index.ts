/**
 * A native word index and the file it is saved to, kept in step with the database.
 *
 * `number` is the last transaction it holds. What came later is replayed: documents added since (a file's text is read again from
 * disk, a commit's from the database, its diff from git) and documents gone since. Replaying something twice does no harm, so a saved file may hold more
 * than its number says.
 */
import { open, rename, rm } from "node:fs/promises";
import { type FieldWeights, type NativeAddon, NativeError, type PassageText, type WordHits } from "../../native/addon.ts";
import { Words } from "../../native/words.ts";
import { commitText, readDiffTexts, readFilePassages } from "./passage-text.ts";
import { setAside } from "./set-aside.ts";
import type { StoreReader, WordsKind } from "./store-reader.ts";
import type { StoreThread } from "./store-thread.ts";
import type { PreparedDiff } from "./types.ts";

/** Documents read again at a time. */
const replayBatch = 256;
/** Files read at once. */
const readsAtOnce = 8;

export interface WordIndexOptions {
  addon: NativeAddon;
  kind: WordsKind;
  /** Where it is saved. */
  file: string;
  /** Real path of the opened folder. */
  root: string;
  reader: StoreThread<StoreReader>;
  /** Reads what commits changed out of git, again; in any order, unreadable ones left out. */
  readDiffs: (shas: string[]) => AsyncIterable<PreparedDiff[]>;
  /** Messages for people. */
  onMessage: (text: string) => void;
}

export class WordIndex {
  readonly #options: WordIndexOptions;
  #words: Words;
  #number = 0;

  private constructor(options: WordIndexOptions) {
    this.#options = options;
    this.#words = new Words(options.addon);
  }

  /** Loads the saved file and replays what came after it; without a usable file, reads everything again. */
  static async load(options: WordIndexOptions): Promise<WordIndex> {
    const index = new WordIndex(options);
    const { number, trimmed } = await options.reader.call("state");
    const saved = await index.#loadFile();
    if (saved >= trimmed && saved <= number) await index.#removeUnsaved();
    else {
      if (saved) index.#words = new Words(options.addon);
      index.#number = 0;
    }
    await index.replay();
    return index;
  }

  /** The last transaction it holds. */
  get number(): number {
    return this.#number;
  }

  search(query: string, k: number, weights: FieldWeights): Promise<WordHits> {
    return this.#words.search(query, k, weights);
  }

  terms(text: string): string[] {
    return this.#words.terms(text);
  }

  documentFrequency(word: string): number {
    return this.#words.documentFrequency(word);
  }

  bytes(): number {
    return this.#words.stats().bytes;
  }

  /** Adds passages, then removes others: what replaces something is there before it goes. */
  async change(added: PassageText[], removed: Int32Array): Promise<void> {
    await this.#words.add(added);
    if (removed.length) this.#words.remove(removed);
  }

  /** Says that transaction `number` is in. Ignored when one before it is missing: a later start replays from there. */
  advance(number: number): void {
    if (number === this.#number + 1) this.#number = number;
  }

  /** Brings it up to the database's last transaction. */
  async replay(): Promise<void> {
    const { reader, kind } = this.#options;
    const { number } = await reader.call("state");
    const from = this.#number;
    if (number === from) return;
    if (kind === "file") await this.#replayFiles(from);
    else if (kind === "commit") await this.#replayCommits(from);
    else await this.#replayDiffs(from);
    const removed = from ? await reader.call("removedPassages", kind, from) : [];
    await this.change([], expand(removed));
    this.#number = number;
  }

  /** Writes it to its file; atomic. Returns the number it was saved with. */
  async save(): Promise<number> {
    const { file } = this.#options;
    const temporary = `${file}.${process.pid}.tmp`;
    const number = this.#number;
    try {
      const handle = await open(temporary, "w", 0o600);
      try {
        await this.#words.save(handle.fd, number);
        await handle.sync();
      } finally {
        await handle.close();
      }
      await rename(temporary, file);
    } catch (error) {
      await rm(temporary, { force: true });
      throw error;
    }
    return number;
  }

  /** Returns the number of the loaded file, 0 where there is none to use. */
  async #loadFile(): Promise<number> {
    const { file, addon, onMessage } = this.#options;
    const handle = await open(file, "r").catch((error: NodeJS.ErrnoException) => {
      if (error.code === "ENOENT") return undefined;
      throw error;
    });
    if (!handle) return 0;
    try {
      this.#number = await this.#words.load(handle.fd);
      return this.#number;
    } catch (error) {
      if (!(error instanceof NativeError)) throw error;
      await setAside(file);
      onMessage(`The word index ${file} is damaged (${error.message}). It was set aside and is built anew.`);
      this.#words = new Words(addon);
      return 0;
    } finally {
      await handle.close();
    }
  }

  /** A file may have been saved while unsaved text of open files was in it, under ids below 0. */
  async #removeUnsaved(): Promise<void> {
    const lowest = Number(await this.#options.reader.call("getMeta", lowestUnsavedKey)) || 0;
    if (lowest < 0) this.#words.remove(Int32Array.from({ length: -lowest }, (_, i) => -1 - i));
  }

  async #replayFiles(from: number): Promise<void> {
    const { reader, root } = this.#options;
    for (let after = 0; ; ) {
      const files = await reader.call("addedFiles", from, after, replayBatch);
      if (!files.length) return;
      after = files.at(-1)!.document;
      for (let i = 0; i < files.length; i += readsAtOnce) {
        const read = files.slice(i, i + readsAtOnce).map((file) => readFilePassages(root, file));
        await this.change((await Promise.all(read)).flat(), noIds);
      }
    }
  }

  async #replayCommits(from: number): Promise<void> {
    const { reader } = this.#options;
    for (let after = 0; ; ) {
      const commits = await reader.call("addedCommits", from, after, replayBatch * 4);
      if (!commits.length) return;
      after = commits.at(-1)!.document;
      await this.change(
        commits.map((commit) => commitText(commit, commit.passage)),
        noIds,
      );
    }
  }

  async #replayDiffs(from: number): Promise<void> {
    const { reader, readDiffs } = this.#options;
    for (let after = 0; ; ) {
      const diffs = await reader.call("addedDiffs", from, after, replayBatch * 4);
      if (!diffs.length) return;
      after = diffs.at(-1)!.document;
      await this.change(await readDiffTexts(readDiffs, diffs), noIds);
    }
  }
}

/** Key of the lowest id that unsaved text ever had in a saved file. */
export const lowestUnsavedKey = "words.lowestUnsaved";

export const noIds = new Int32Array(0);

/** Ids of ranges given as pairs of first id and count. */
export function expand(ranges: readonly number[]): Int32Array {
  const ids: number[] = [];
  for (let i = 0; i < ranges.length; i += 2) for (let id = ranges[i]!; id < ranges[i]! + ranges[i + 1]!; id++) ids.push(id);
  return Int32Array.from(ids);
}
