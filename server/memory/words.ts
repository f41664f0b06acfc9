/**
 * Keeps the index's files in step with the folder: what was added, changed and removed, read in worker threads and written in batches.
 *
 * This is the first step of becoming visible (design §3): words, symbols and passages. Encodings follow (encode.ts).
 */
import type { Index } from "../index/index.ts";
import type { Prepared } from "../index/prepare.ts";
import { PreparePool } from "../index/prepare-pool.ts";
import type { PreparedFile, SkippedFile } from "../index/types.ts";
import { discover, rediscover, type WorkspaceFile } from "../workspace/discover.ts";
import { reconcile } from "../workspace/reconcile.ts";

/** A file whose content changed: its new document, and the key of what the old one was encoded as, "" where it was not. */
export interface Replaced {
  path: string;
  document: number;
  previousKey: string;
}

export interface WordsOptions {
  /** Real path of the folder. */
  root: string;
  index: Index;
  threads: number;
  /** Globs of what does not belong (`everyline.exclude`). */
  exclude: readonly string[];
  /** Paths to read before others. */
  first(): ReadonlySet<string>;
  onReplaced(files: Replaced[]): void;
}

type OnProgress = (done: number, total: number) => void;
type Known = Pick<Awaited<ReturnType<Index["knownFiles"]>>[number], "document" | "path" | "blob" | "skipped">;

/** A run over the folder, or over some paths of it. */
interface Run {
  signal: AbortSignal;
  onProgress: OnProgress;
  /** Paths that were read after this run saw them: its own reading of them is old. */
  outdated: Set<string>;
}

const batchFiles = 256;
/** Bytes of files whose text is held before it is written. */
const batchBytes = 4_000_000;
const scannedKey = "scanned";

export class Words {
  readonly #options: WordsOptions;
  #pool: PreparePool;
  #exclude: readonly string[];
  /** Runs of one kind go one after the other. What was saved does not wait for a run over the whole folder. */
  #lastAll: Promise<unknown> = Promise.resolve();
  #lastSome: Promise<unknown> = Promise.resolve();
  #whole: Run | undefined;

  constructor(options: WordsOptions) {
    this.#options = options;
    this.#exclude = options.exclude;
    this.#pool = new PreparePool(options.root, options.threads, options.exclude);
  }

  /** Call `all` afterwards. */
  async setExclude(exclude: readonly string[]): Promise<void> {
    await this.idle();
    await this.#pool.close();
    this.#exclude = exclude;
    this.#pool = new PreparePool(this.#options.root, this.#options.threads, exclude);
  }

  /** Compares the whole folder with the index. Rejects with FolderError, IndexAccessError, DamagedIndexError. */
  all(signal: AbortSignal, onProgress: OnProgress = () => {}): Promise<void> {
    const run = this.#lastAll.then(() => this.#all({ signal, onProgress, outdated: new Set() }));
    this.#lastAll = run.catch(() => undefined); // its caller hears of it
    return run;
  }

  /** The same for what lies at or below some paths. */
  some(paths: readonly string[], signal: AbortSignal): Promise<void> {
    const run = this.#lastSome.then(() => this.#some(paths, { signal, onProgress: () => {}, outdated: new Set() }));
    this.#lastSome = run.catch(() => undefined); // its caller hears of it
    return run;
  }

  /** Resolves once nothing is being read. */
  async idle(): Promise<void> {
    await this.#lastAll;
    await this.#lastSome;
  }

  async close(): Promise<void> {
    await this.#pool.close();
    await this.idle();
  }

  async #all(run: Run): Promise<void> {
    const { index, root } = this.#options;
    this.#whole = run;
    try {
      const started = Date.now();
      const known = await index.knownFiles();
      const left = new LeftOut();
      const found = discover(root, { exclude: this.#exclude, signal: run.signal, onSkipped: left.add });
      const { changed, removed } = await reconcile(known, found, Number(await index.getMeta(scannedKey)) || 0);
      await this.#apply(known, changed, removed, left, run);
      await index.setMeta(scannedKey, String(started));
    } finally {
      this.#whole = undefined;
    }
  }

  async #some(paths: readonly string[], run: Run): Promise<void> {
    const left = new LeftOut();
    const found = await rediscover(this.#options.root, paths, { exclude: this.#exclude, signal: run.signal, onSkipped: left.add });
    const seen = new Set(found.map(({ path }) => path));
    const known = await this.#knownBelow(paths, seen);
    for (const path of [...paths, ...seen]) this.#whole?.outdated.add(path);
    const removed = known.filter(({ path }) => !seen.has(path)).map(({ path }) => path);
    // What was just saved is read even where size and time agree: editors keep times, file systems keep them coarsely.
    await this.#apply(known, found, removed, left, run);
  }

  /** What the index knows at or below paths. Asking for every file of the folder is left to changes that are more than saved files. */
  async #knownBelow(paths: readonly string[], seen: ReadonlySet<string>): Promise<Known[]> {
    const { index } = this.#options;
    if (paths.every((path) => seen.has(path))) {
      const rows = await Promise.all(paths.map((path) => index.documentAt(path)));
      return rows.flatMap((row) => (row ? [{ document: row.id, path: row.path, blob: row.blob, skipped: "" }] : []));
    }
    const wanted = new Set(paths);
    return (await index.knownFiles()).filter(({ path }) => isBelow(wanted, path));
  }

  async #apply(known: readonly Known[], changed: WorkspaceFile[], removed: string[], left: LeftOut, run: Run): Promise<void> {
    const { index } = this.#options;
    const before = new Map(known.map((file) => [file.path, file]));
    const gone = removed.filter((path) => !left.has(path) && !isBelow(run.outdated, path));
    if (gone.length > 0) await index.removeFiles(gone);
    const skipped = left.files().filter(({ path, reason }) => before.get(path)?.skipped !== reason);
    if (skipped.length > 0) await index.putSkipped(skipped);
    await this.#read(before, this.#ordered(changed), run);
  }

  /** Open files first, then the most recently modified. */
  #ordered(files: WorkspaceFile[]): WorkspaceFile[] {
    const first = this.#options.first();
    return files.sort((a, b) => Number(first.has(b.path)) - Number(first.has(a.path)) || b.modified - a.modified);
  }

  async #read(before: ReadonlyMap<string, Known>, files: WorkspaceFile[], run: Run): Promise<void> {
    let batch: Prepared[] = [];
    let bytes = 0;
    let done = 0;
    const write = async () => {
      await this.#write(before, batch, run);
      done += batch.length;
      batch = [];
      bytes = 0;
      run.onProgress(done, files.length);
    };
    for await (const one of this.#pool.prepare(files)) {
      run.signal.throwIfAborted();
      batch.push(one);
      bytes += "prepared" in one ? one.prepared.size : 0;
      if (batch.length >= batchFiles || bytes >= batchBytes) await write();
    }
    if (batch.length > 0) await write();
  }

  async #write(before: ReadonlyMap<string, Known>, read: Prepared[], run: Run): Promise<void> {
    const { index } = this.#options;
    const files: PreparedFile[] = [];
    const skipped: SkippedFile[] = [];
    const vanished: string[] = [];
    for (const one of read) {
      if ("prepared" in one && !isBelow(run.outdated, one.prepared.path)) files.push(one.prepared);
      if (!("skipped" in one) || isBelow(run.outdated, one.skipped.path)) continue;
      if (one.skipped.reason === "vanished") vanished.push(one.skipped.path);
      else skipped.push(one.skipped);
    }
    const changed = files.filter(({ path, blob }) => before.get(path)?.blob !== blob);
    const keys = await this.#keysOf(changed.flatMap(({ path }) => before.get(path)?.document || []));
    const ids = files.length > 0 ? await index.putFiles(files) : [];
    if (skipped.length > 0) await index.putSkipped(skipped);
    if (vanished.length > 0) await index.removeFiles(vanished);
    const documents = new Map(files.map(({ path }, position) => [path, ids[position]!]));
    const replaced = changed.map(({ path }) => ({ path, document: documents.get(path)!, previousKey: keys.get(path) ?? "" }));
    if (replaced.length > 0) this.#options.onReplaced(replaced);
  }

  async #keysOf(documents: number[]): Promise<Map<string, string>> {
    const rows = documents.length > 0 ? await this.#options.index.documents(documents) : [];
    return new Map(rows.map(({ path, encoding }) => [path, encoding]));
  }
}

/** Whether a path is one of `paths` or lies in one of them; "" is the whole folder. */
function isBelow(paths: ReadonlySet<string>, path: string): boolean {
  for (let end = path.length; end > 0; end = path.lastIndexOf("/", end - 1)) if (paths.has(path.slice(0, end))) return true;
  return paths.has("");
}

/** What `discover` left out by itself. */
class LeftOut {
  readonly #files = new Map<string, SkippedFile>();

  readonly add = (path: string, reason: SkippedFile["reason"], detail: string): void => {
    this.#files.set(path, { path, size: 0, modified: 0, reason, detail });
  };

  has(path: string): boolean {
    return this.#files.has(path);
  }

  files(): SkippedFile[] {
    return [...this.#files.values()];
  }
}
