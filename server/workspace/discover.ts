/**
 * Which files of a folder belong to the memory.
 *
 * Git decides where there is a repository (tracked files, and untracked ones it does not ignore), also in submodules and repositories
 * inside the folder; elsewhere a walk with the same ignore rules. Content is never read here: what a file holds is judged by `classify.ts`.
 * Links are not followed: what they lead to is either listed under its own path or does not belong to the folder.
 */
import { existsSync, realpathSync } from "node:fs";
import { access, constants, lstat, stat } from "node:fs/promises";
import { join } from "node:path";
import picomatch from "picomatch";
import type { SkipReason } from "../index/types.ts";
import { type Listed, listGitFiles } from "./listing.ts";
import { RealFolders } from "./paths.ts";
import { IgnoreRules } from "./rules.ts";
import { walk, walkLeavesOut } from "./walk.ts";

export interface WorkspaceFile {
  /** Relative to the folder, separated by "/". */
  path: string;
  /** Bytes. */
  size: number;
  /** Whole milliseconds since the epoch; with size, tells whether content may have changed. */
  modified: number;
}

export interface DiscoverOptions {
  /** Globs relative to the folder (`everyline.exclude`); one that matches a folder leaves out everything below it. */
  exclude?: readonly string[];
  signal?: AbortSignal | undefined;
  /** Told of what was left out here: excluded paths, folders that cannot be read, names that are not UTF-8. */
  onSkipped?: (path: string, reason: SkipReason, detail: string) => void;
}

/** The opened folder itself cannot be read. */
export class FolderError extends Error {
  readonly folder: string;

  constructor(folder: string, reason: string) {
    super(`The folder ${folder} cannot be read: ${reason}`);
    this.name = "FolderError";
    this.folder = folder;
  }
}

/** Yields every file of the memory under `root`, in no particular order. Throws FolderError when `root` cannot be read. */
export async function* discover(root: string, options: DiscoverOptions = {}): AsyncGenerator<WorkspaceFile> {
  await checkFolder(root);
  for await (const files of new Discovery(root, options).folder("")) yield* files;
}

/**
 * The files that belong at or below `paths` (relative to the folder), as after a change there. A known file at or below one of them
 * that is not among the results no longer belongs to the folder.
 */
export async function rediscover(root: string, paths: Iterable<string>, options: DiscoverOptions = {}): Promise<WorkspaceFile[]> {
  await checkFolder(root);
  const found = new Map<string, WorkspaceFile>();
  for await (const files of new Discovery(root, options).below([...paths])) for (const file of files) found.set(file.path, file);
  return [...found.values()];
}

async function checkFolder(root: string): Promise<void> {
  try {
    const stats = await stat(root);
    if (!stats.isDirectory()) throw new FolderError(root, "it is not a folder");
    await access(root, constants.R_OK | constants.X_OK);
  } catch (error) {
    if (error instanceof FolderError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = {
      ENOENT: "it does not exist",
      EACCES: "permission denied",
      EPERM: "permission denied",
      ENOTDIR: "it is not a folder",
    };
    throw new FolderError(root, reasons[code ?? ""] ?? code ?? message);
  }
}

/** A matcher for `everyline.exclude`. */
export function excludeMatcher(globs: readonly string[]): (path: string) => boolean {
  const usable = globs.filter((glob) => glob.trim() !== "").map((glob) => glob.replace(/^\.?\/+/, "").replace(/\/+$/, ""));
  if (usable.length === 0) return () => false;
  return picomatch(
    usable.flatMap((glob) => [glob, `${glob}/**`]),
    { dot: true },
  );
}

/** A hostile index can name anything: what leads out of the folder, or into git's own, is never looked at. */
const astray = /^\/|\0|(?:^|\/)(?:\.{0,2}|\.git)(?:\/|$)/i;

const statBatch = 512;
/** Paths given to one call of git: far below the limit of an argument list. */
const pathBatch = 200;

class Discovery {
  readonly #root: string;
  readonly #options: DiscoverOptions;
  readonly #isExcluded: (path: string) => boolean;
  readonly #folders: RealFolders;

  constructor(root: string, options: DiscoverOptions) {
    this.#root = realpathSync(root);
    this.#options = options;
    this.#isExcluded = excludeMatcher(options.exclude ?? []);
    this.#folders = new RealFolders(this.#root);
  }

  /** Everything in `folder` (relative to the root, "" = the root), by its own repository if it has one. */
  async *folder(folder: string): AsyncGenerator<WorkspaceFile[]> {
    yield* this.#files(folder, listGitFiles(join(this.#root, folder), { signal: this.#options.signal, mustBeTop: folder !== "" }), "");
  }

  /** What is at or below `paths`, each judged by the innermost repository it lies in. */
  async *below(paths: string[]): AsyncGenerator<WorkspaceFile[]> {
    if (paths.includes("")) return yield* this.folder("");
    const byRepository = new Map<string, string[]>();
    for (const path of await this.#reachable(paths.filter((path) => !astray.test(path)))) {
      const holder = this.#repositoryOf(path);
      const others = byRepository.get(holder);
      if (others) others.push(path);
      else byRepository.set(holder, [path]);
    }
    for (const [holder, inside] of byRepository) {
      if (!(await this.#belongs(holder))) continue;
      if (inside.includes(holder)) {
        yield* this.folder(holder); // the repository's own folder changed
        continue;
      }
      for (let from = 0; from < inside.length; from += pathBatch) {
        const some = inside.slice(from, from + pathBatch).map((path) => (holder === "" ? path : path.slice(holder.length + 1)));
        const listed = listGitFiles(join(this.#root, holder), { signal: this.#options.signal, mustBeTop: holder !== "", paths: some });
        yield* this.#files(holder, listed, some);
      }
    }
  }

  /** The paths that name something inside the root that is not behind a link. */
  async #reachable(paths: string[]): Promise<string[]> {
    const parents = new Set(paths.map(parentOf));
    await Promise.all([...parents].map((parent) => this.#folders.check(parent)));
    return paths.filter((path) => this.#folders.isReal(parentOf(path)));
  }

  /** Stats what git lists under `folder`, or walks it (from `starts`) when git does not know. */
  async *#files(folder: string, listing: ReturnType<typeof listGitFiles>, starts: string | string[]): AsyncGenerator<WorkspaceFile[]> {
    const nested: string[] = [];
    const at = (path: string): string => (folder === "" ? path : path === "" ? folder : `${folder}/${path}`);
    const fromGit = await listing;
    for await (const { files, repositories, unnamed } of fromGit ? [fromGit] : this.#walk(folder, starts, nested)) {
      if (unnamed > 0) this.#options.onSkipped?.(at(""), "unreadable", `${unnamed} names are not UTF-8`);
      nested.push(...repositories);
      yield* this.#stat(files.map(at));
    }
    for (const path of nested) {
      const whole = at(path);
      if (!this.#excluded(whole) && (await this.#folders.check(whole))) yield* this.folder(whole);
    }
  }

  async *#walk(folder: string, starts: string | string[], nested: string[]): AsyncGenerator<Listed> {
    const root = join(this.#root, folder);
    const rules = new IgnoreRules(root);
    const prefix = folder === "" ? "" : `${folder}/`;
    const options = {
      signal: this.#options.signal,
      onUnreadable: (path: string, reason: string) => this.#options.onSkipped?.(prefix + path, "unreadable", reason),
      isExcluded: (path: string) => this.#excluded(prefix + path),
      onRepository: (path: string) => nested.push(path),
    };
    if (starts === "") {
      for await (const files of walk(root, "", rules, options)) yield { files, repositories: [], unnamed: 0 };
      return;
    }
    for (const start of starts) {
      const stats = await lstat(join(root, start)).catch(() => undefined);
      const isFolder = stats?.isDirectory() ?? false;
      if (!stats || walkLeavesOut(root, start, isFolder, rules)) continue;
      if (!isFolder) yield { files: [start], repositories: [], unnamed: 0 };
      else for await (const files of walk(root, start, rules, options)) yield { files, repositories: [], unnamed: 0 };
    }
  }

  async *#stat(paths: string[]): AsyncGenerator<WorkspaceFile[]> {
    for (let from = 0; from < paths.length; from += statBatch) {
      this.#options.signal?.throwIfAborted();
      const wanted = paths.slice(from, from + statBatch).filter((path) => !astray.test(path) && !this.#excluded(path));
      const reachable = await this.#reachable(wanted);
      const stats = await Promise.all(reachable.map((path) => this.#statFile(path)));
      yield stats.filter((file) => file !== undefined);
    }
  }

  /** undefined: it vanished since it was listed, or is no regular file. */
  #statFile(path: string): Promise<WorkspaceFile | undefined> {
    return lstat(join(this.#root, path)).then(
      (stats) => (stats.isFile() ? { path, size: stats.size, modified: Math.floor(stats.mtimeMs) } : undefined),
      (error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOENT" && error.code !== "ENOTDIR") this.#options.onSkipped?.(path, "unreadable", error.code ?? error.message);
        return undefined;
      },
    );
  }

  #excluded(path: string): boolean {
    if (!this.#isExcluded(path)) return false;
    this.#options.onSkipped?.(path, "excluded", "everyline.exclude");
    return true;
  }

  /** The innermost folder around `path`, or `path` itself, with a repository of its own; "" for the root's. */
  #repositoryOf(path: string): string {
    for (let slash = path.length; slash > 0; slash = path.lastIndexOf("/", slash - 1)) {
      const folder = path.slice(0, slash);
      if (existsSync(join(this.#root, folder, ".git"))) return folder;
    }
    return "";
  }

  /** Whether a repository inside the root belongs to it: the repositories around it do not ignore it. */
  async #belongs(holder: string): Promise<boolean> {
    if (holder === "") return true;
    const outer = this.#repositoryOf(parentOf(holder));
    if (this.#isExcluded(holder) || !(await this.#belongs(outer))) return false;
    const inside = outer === "" ? holder : holder.slice(outer.length + 1);
    const folder = join(this.#root, outer);
    const listed = await listGitFiles(folder, { signal: this.#options.signal, mustBeTop: outer !== "", paths: [inside] });
    if (!listed) return !walkLeavesOut(folder, inside, true, new IgnoreRules(folder));
    return listed.repositories.includes(inside);
  }
}

function parentOf(path: string): string {
  const slash = path.lastIndexOf("/");
  return slash < 0 ? "" : path.slice(0, slash);
}
