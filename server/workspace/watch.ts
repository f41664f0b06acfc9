/**
 * Tells of changes in a folder as they happen.
 *
 * Only folders are watched (one inotify watch each, none a file): files are named by the events of their folder. Ignored folders are not
 * watched at all. When the system has no watches left, this says so and asks for a comparison of the whole folder every half minute.
 */

import type { Stats } from "node:fs";
import { realpath } from "node:fs/promises";
import { join, relative, resolve, sep } from "node:path";
import { type FSWatcher, watch } from "chokidar";
import { Batch } from "./batch.ts";
import { gitFolders, isHeadChange, isIndexChange, trackedNames, watchesInGit } from "./git-folders.ts";
import { FolderSieve } from "./sieve.ts";

export interface WatchOptions {
  /** Paths (relative to the folder) of no interest, beside what git ignores: `everyline.exclude`. */
  ignored?: (path: string) => boolean;
  /** Files and folders that were made, changed or removed, relative to the folder: what is there now, `rediscover` tells. */
  onChange(paths: Set<string>): void;
  /** "head": another commit or branch is checked out. "index": git tracks other files than before. */
  onGitChange(what: "head" | "index"): void;
  /** Single changes are not known (too many at once, ignore rules changed, nothing can be watched): compare the whole folder. */
  onReconcile(): void;
  /** A sentence for people. */
  onProblem(message: string): void;
}

/** A burst of more paths than this is not told path by path; the system's own queue of events may have overflowed as well. */
const largestBurst = 1000;
const pollMs = 30_000;
/** A new folder is looked at again after this long: files written before its watch stood are not in any event. */
const settleMs = 1000;

/** Starts watching `root`; resolves once changes are noticed. */
export async function watchFolder(root: string, options: WatchOptions): Promise<FolderWatch> {
  const folder = new FolderWatch(await realpath(root), options);
  await folder.start();
  return folder;
}

export class FolderWatch {
  readonly #root: string;
  readonly #options: WatchOptions;
  readonly #changes: Batch<string>;
  readonly #gitChanges: Batch<"head" | "index">;
  readonly #problems = new Set<string>();
  #sieve: FolderSieve | undefined;
  #files: FSWatcher | undefined;
  #git: FSWatcher | undefined;
  #poll: NodeJS.Timeout | undefined;
  #settle: NodeJS.Timeout | undefined;
  #newFolders = new Set<string>();
  readonly #waiting: (() => void)[] = [];
  #trackedNames = "";
  #closed = false;

  constructor(root: string, options: WatchOptions) {
    this.#root = root;
    this.#options = options;
    this.#changes = new Batch((paths) => this.#deliver(paths));
    this.#gitChanges = new Batch((kinds) => void this.#deliverGit(kinds));
  }

  /** True while nothing can be watched and the folder is compared from time to time. */
  get polling(): boolean {
    return this.#poll !== undefined;
  }

  async start(): Promise<void> {
    await Promise.all([this.#watchFiles(), this.#watchGit()]);
  }

  /** Ends all watches and timers. */
  async close(): Promise<void> {
    this.#closed = true;
    this.#changes.clear();
    this.#gitChanges.clear();
    clearInterval(this.#poll);
    clearTimeout(this.#settle);
    this.#poll = this.#settle = undefined;
    this.#release();
    await Promise.all([this.#files?.close(), this.#git?.close()]);
  }

  /** What the system says when it cannot watch: no watches left means polling, everything else is told once. */
  fail(error: NodeJS.ErrnoException): void {
    if (this.#closed || this.polling) return;
    const exhausted = error.code === "ENOSPC" || error.code === "EMFILE" || error.code === "ENFILE";
    if (!exhausted) {
      this.#tell(`Changes in ${this.#root} may be missed: ${error.message}`);
      return;
    }
    void this.#files?.close();
    void this.#git?.close();
    this.#release();
    const advice =
      error.code === "ENOSPC" ? "raise fs.inotify.max_user_watches" : "raise the limit of open files (or fs.inotify.max_user_instances)";
    this.#tell(
      `The system has no file watches left for ${this.#root}; it is checked every ${pollMs / 1000} s instead. To see changes at once, ${advice}.`,
    );
    this.#poll = setInterval(() => this.#options.onReconcile(), pollMs);
    this.#poll.unref();
    this.#options.onReconcile();
  }

  #tell(message: string): void {
    if (this.#problems.has(message)) return;
    this.#problems.add(message);
    this.#options.onProblem(message);
  }

  async #watchFiles(): Promise<void> {
    const sieve = await FolderSieve.of(this.#root, this.#options.ignored ?? (() => false));
    if (this.#closed) return;
    this.#sieve = sieve;
    const isLeftOut = (path: string, stats?: Stats): boolean =>
      (stats ? !stats.isDirectory() : false) || sieve.leavesOutFolder(this.#relative(path));
    const watcher = watch(this.#root, {
      ignored: isLeftOut,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
    });
    this.#files = watcher;
    watcher.on("error", (error) => this.fail(error as NodeJS.ErrnoException));
    watcher.on("raw", (_event, name, details) => this.#changed(name, watchedFolder(details)));
    watcher.on("unlinkDir", (path) => this.#folderRemoved(path));
    await this.#ready(watcher);
    sieve.settled();
    watcher.on("addDir", (path) => this.#folderAdded(path));
  }

  #relative(path: string): string {
    const inside = relative(this.#root, resolve(this.#root, path));
    return sep === "/" ? inside : inside.replaceAll(sep, "/");
  }

  #changed(name: string | null, folder: string | undefined): void {
    if (this.#closed || folder === undefined) return;
    if (!name) {
      this.#options.onReconcile();
      return;
    }
    const path = this.#relative(join(folder, name));
    if (path === "" || path === ".git" || this.#sieve!.leavesOutFile(path)) return;
    this.#changes.add(path);
  }

  #folderAdded(path: string): void {
    const folder = this.#relative(path);
    if (this.#closed || folder === "") return;
    this.#changes.add(folder);
    this.#newFolders.add(folder);
    this.#settle ??= setTimeout(() => {
      this.#settle = undefined;
      for (const settled of this.#newFolders) this.#changes.add(settled);
      this.#newFolders = new Set();
    }, settleMs);
  }

  #folderRemoved(path: string): void {
    const folder = this.#relative(path);
    if (this.#closed) return;
    this.#newFolders.delete(folder);
    this.#sieve?.forget(folder);
    if (folder === "") this.#tell(`The folder ${this.#root} no longer exists.`);
    else this.#changes.add(folder);
  }

  #deliver(paths: Set<string>): void {
    const rulesChanged = [...paths].some((path) => path === ".gitignore" || path.endsWith("/.gitignore"));
    if (rulesChanged) void this.#restart();
    else if (paths.size > largestBurst) this.#options.onReconcile();
    else this.#options.onChange(paths);
  }

  async #deliverGit(kinds: Set<"head" | "index">): Promise<void> {
    if (kinds.has("head")) this.#options.onGitChange("head");
    if (!kinds.has("index")) return;
    // git and editors rewrite the index all the time (it keeps stat data, too): only other names matter
    const names = await trackedNames(this.#root);
    if (this.#closed || names === this.#trackedNames) return;
    this.#trackedNames = names;
    this.#options.onGitChange("index");
  }

  /** Other ignore rules: other folders to watch, other files that belong. */
  async #restart(): Promise<void> {
    await this.#files?.close();
    if (this.#closed || this.polling) return;
    try {
      await this.#watchFiles();
    } catch (error) {
      this.fail(error as NodeJS.ErrnoException);
    }
    if (!this.#closed) this.#options.onReconcile();
  }

  async #watchGit(): Promise<void> {
    const folders = await gitFolders(this.#root);
    if (!folders || this.#closed) return;
    this.#trackedNames = await trackedNames(this.#root);
    if (this.#closed) return;
    const isLeftOut = (path: string, stats?: Stats): boolean =>
      (stats ? !stats.isDirectory() : false) || !watchesInGit(folders, resolve(path));
    const watcher = watch([folders.own, folders.shared], {
      ignored: isLeftOut,
      ignoreInitial: true,
      followSymlinks: false,
      atomic: false,
      ignorePermissionErrors: true,
    });
    this.#git = watcher;
    watcher.on("error", (error) => this.fail(error as NodeJS.ErrnoException));
    watcher.on("raw", (_event, name, details) => {
      const folder = watchedFolder(details);
      if (this.#closed || !name || folder === undefined) return;
      const path = join(resolve(folder), name);
      if (isHeadChange(folders, path)) this.#gitChanges.add("head");
      else if (isIndexChange(folders, path)) this.#gitChanges.add("index");
    });
    await this.#ready(watcher);
  }

  /** Resolves when all folders of the start are watched, or the watcher was closed before. */
  #ready(watcher: FSWatcher): Promise<void> {
    return new Promise((resolve) => {
      watcher.once("ready", resolve);
      this.#waiting.push(resolve);
    });
  }

  #release(): void {
    for (const resolve of this.#waiting.splice(0)) resolve();
  }
}

/** The folder whose watch an event came from. */
function watchedFolder(details: unknown): string | undefined {
  return (details as { watchedPath?: string } | undefined)?.watchedPath;
}
