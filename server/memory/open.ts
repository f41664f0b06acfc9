/** Opens what a memory is made of: the folder, the native parts, the lock, the index and the cache, as much at once as possible. */
import { access, constants, mkdir, realpath, stat } from "node:fs/promises";
import { join, relative, sep } from "node:path";
import { gitTopLevel } from "../history/git.ts";
import { readDiffs } from "../history/patch-parts.ts";
import { cacheFolder, everylineHome, indexFolder, addonFile as ownAddon, modelFolder as ownModel } from "../home.ts";
import { Index } from "../index/index.ts";
import type { Settings } from "../settings.ts";
import { FolderError } from "../workspace/discover.ts";
import { Cache, cacheLimits } from "./cache.ts";
import type { CachePlace } from "./cache-store.ts";
import type { EncodedDocument } from "./engine-documents.ts";
import { Lock } from "./lock.ts";
import { gpuOptions, loadModel, loadTriedAddon, type NativeModel } from "./native-parts.ts";
import { Tried } from "./tried.ts";

export type MessageLevel = "info" | "warning" | "error";

export interface MemoryOptions {
  /** The opened folder. */
  folder: string;
  /** EVERYLINE_HOME; default as in home.ts. */
  home?: string;
  settings: Settings;
  addonFile?: string;
  modelFolder?: string;
  /** Whether changes of the folder are followed after `start`. */
  watch: boolean;
  /** Over these the user is asked before encoding; default: 50,000 files or 500 MB. */
  largeFolder?: { files: number; bytes: number };
  /** Milliseconds after which what failed (a full disk) is tried again; default 15 s. */
  retryMs?: number;
  /** The status may have changed; at most twice a second. */
  onStatus?: () => void;
  /** Sentences for people: what went wrong, with what, and what is done about it. */
  onMessage?: (level: MessageLevel, text: string) => void;
}

export interface MemoryParts {
  /** Real path of the folder. */
  root: string;
  model: NativeModel;
  lock: Lock;
  index: Index;
  /** Null where it cannot be used: nothing is encoded then. */
  cache: Cache | null;
  /** Why nothing can be encoded, "" when all is well. */
  problem: string;
  /** Path of the folder in its repository, "" at the top or without git. */
  headerPrefix: string;
  /** What is encoded, and where it lies in the cache. */
  encoded: { documents: EncodedDocument[]; places: (CachePlace | undefined)[] };
}

/** Throws FolderError when the folder cannot be read, and an error for people when the addon or the index cannot be used at all. */
export async function openParts(options: MemoryOptions): Promise<MemoryParts> {
  const root = await realFolder(options.folder);
  const home = options.home ?? everylineHome();
  await makeHome(home);
  const tell = (text: string) => options.onMessage?.("warning", text);
  const headerPrefix = prefixInRepository(root);
  const openingCache = openCache(home, options, tell);
  const folder = indexFolder(home, root);
  const lock = new Lock(join(folder, "lock.db"));
  let loadingModel: Promise<NativeModel> | undefined;
  try {
    const tried = new Tried(home);
    const addon = await loadTriedAddon(options.addonFile ?? ownAddon, tried);
    const diffs = (shas: string[]) => readDiffs(root, shas);
    loadingModel = loadModel(addon, options.modelFolder ?? ownModel, tried, gpuOptions(options.settings.gpuGigabytes));
    const index = await Index.open({ folder, root, addon, readDiffs: diffs, writable: lock.tryLock(), onMessage: tell });
    const findingEncoded = findEncoded(index, openingCache);
    const [model, { cache, problem: cacheProblem }, encoded] = await Promise.all([loadingModel, openingCache, findingEncoded]);
    const problem = model.problem || cacheProblem;
    if (problem) options.onMessage?.("error", problem);
    return { root, model, lock, index, cache, problem, headerPrefix: await headerPrefix, encoded };
  } catch (error) {
    lock.release();
    (await loadingModel)?.engine?.close();
    await (await openingCache).cache?.close();
    throw explained(error, home);
  }
}

/** Looked up while the model loads. */
async function findEncoded(index: Index, openingCache: Promise<{ cache: Cache | null }>): Promise<MemoryParts["encoded"]> {
  const files = (await index.files()).filter(({ encoding }) => encoding !== "");
  const documents = files.map(({ id, encoding }) => ({ document: id, encoding }));
  const { cache } = await openingCache;
  return { documents, places: cache ? await cache.get(documents.map(({ encoding }) => encoding)) : [] };
}

/** What the system said of the disk, with the folder it is about. */
function explained(error: unknown, home: string): unknown {
  const { code, errcode, message } = error as { code?: string; errcode?: number; message: string };
  if (errcode === undefined && code !== "ENOSPC" && code !== "EROFS" && code !== "EACCES") return error;
  return new Error(
    `Everyline's folder ${home} cannot be used (${message}). Free some space there, or set EVERYLINE_HOME to another folder.`,
  );
}

async function realFolder(folder: string): Promise<string> {
  try {
    const root = await realpath(folder);
    if (!(await stat(root)).isDirectory()) throw new FolderError(folder, "it is not a folder");
    await access(root, constants.R_OK | constants.X_OK);
    return root;
  } catch (error) {
    if (error instanceof FolderError) throw error;
    const { code, message } = error as NodeJS.ErrnoException;
    const reasons: Record<string, string> = { ENOENT: "it does not exist", EACCES: "permission denied", ENOTDIR: "it is not a folder" };
    throw new FolderError(folder, reasons[code ?? ""] ?? message);
  }
}

async function makeHome(home: string): Promise<void> {
  try {
    await mkdir(home, { recursive: true, mode: 0o700 });
  } catch (error) {
    throw new Error(
      `Everyline's folder ${home} cannot be made (${(error as Error).message}). Set EVERYLINE_HOME to a folder that can be written.`,
    );
  }
}

/** Path of `root` in its repository, "" at the top or without git. */
async function prefixInRepository(root: string): Promise<string> {
  try {
    return relative(await gitTopLevel(root), root)
      .split(sep)
      .join("/");
  } catch {
    return ""; // no repository, or one that git does not read: the folder is its own top
  }
}

/** Never rejects: without a cache there are no encodings, and the reason is told. */
async function openCache(
  home: string,
  { settings }: MemoryOptions,
  warn: (text: string) => void,
): Promise<{ cache: Cache | null; problem: string }> {
  try {
    return { cache: await Cache.open(cacheFolder(home), cacheLimits(settings.cacheGigabytes), warn), problem: "" };
  } catch (error) {
    return { cache: null, problem: (error as Error).message };
  }
}
