/**
 * Paths out of the store, a model, a client or git, made safe: resolved inside the opened folder or refused.
 *
 * Paths are relative to the folder and separated by "/". A link anywhere on the way is refused, wherever it leads: the memory never
 * follows links, so no path of its own has one.
 */
import { constants } from "node:fs";
import { lstat, open, realpath } from "node:fs/promises";
import { dirname, join, sep } from "node:path";

/** The path is not one of this folder's files. */
export class PathError extends Error {
  readonly path: string;

  constructor(path: string, reason: string) {
    super(`${JSON.stringify(path)} ${reason}`);
    this.name = "PathError";
    this.path = path;
  }
}

/** The file could not be read. `reason` is what is told about a file left out. */
export class ReadError extends Error {
  readonly path: string;
  readonly reason: "vanished" | "unreadable" | "too large";

  constructor(path: string, reason: "vanished" | "unreadable" | "too large", detail: string) {
    super(`${JSON.stringify(path)} cannot be read: ${detail}`);
    this.name = "ReadError";
    this.path = path;
    this.reason = reason;
  }
}

/** Whether a path stays below the folder it is relative to, judged by its text alone. */
export function isRelativeInside(path: string): boolean {
  if (path === "" || path.includes("\0") || path.startsWith("/") || (sep === "\\" && /[\\:]/.test(path))) return false;
  return path.split("/").every((part) => part !== "" && part !== "." && part !== "..");
}

/**
 * The absolute path of `path` inside `root`. Throws PathError for an absolute path, "..", NUL, or a folder on the way that is a link;
 * a file that does not exist (yet) is no error, the last part may be anything: `readInside` judges it.
 */
export async function resolveInside(root: string, path: string): Promise<string> {
  if (!isRelativeInside(path)) throw new PathError(path, "is not a path inside the folder");
  const realRoot = await realpath(root);
  const full = join(realRoot, path);
  const parent = dirname(full);
  const realParent = await realpath(parent).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT" || error.code === "ENOTDIR") return parent;
    throw new PathError(path, `cannot be resolved (${error.code ?? error.message})`);
  });
  if (realParent !== parent) throw new PathError(path, "leads through a link");
  return full;
}

/**
 * Bytes of a regular file inside `root`. Never follows a link. Throws PathError, or ReadError: "vanished" when there is no such file,
 * "too large" past `maxBytes` (default 1,000,000), else "unreadable" with the system's reason.
 */
export async function readInside(root: string, path: string, maxBytes = 1_000_000): Promise<Buffer> {
  const full = await resolveInside(root, path);
  // O_NONBLOCK: opening a pipe must not wait for a writer
  const flags = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);
  const handle = await open(full, flags).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ELOOP") throw new PathError(path, "is a link");
    throw readError(path, error);
  });
  try {
    const stats = await handle.stat();
    if (!stats.isFile()) throw new ReadError(path, "unreadable", "it is not a regular file");
    if (stats.size > maxBytes) throw new ReadError(path, "too large", `it has ${stats.size} bytes, more than ${maxBytes}`);
    // a file that grows while it is read must not grow past the limit
    const bytes = Buffer.allocUnsafe(Math.min(maxBytes, stats.size) + 1);
    let length = 0;
    while (length < bytes.length) {
      const { bytesRead } = await handle.read(bytes, length, bytes.length - length);
      if (bytesRead === 0) break;
      length += bytesRead;
    }
    return bytes.subarray(0, Math.min(length, stats.size));
  } catch (error) {
    if (error instanceof ReadError) throw error;
    throw readError(path, error as NodeJS.ErrnoException);
  } finally {
    await handle.close();
  }
}

function readError(path: string, error: NodeJS.ErrnoException): ReadError {
  const vanished = error.code === "ENOENT" || error.code === "ENOTDIR";
  return new ReadError(path, vanished ? "vanished" : "unreadable", vanished ? "it no longer exists" : (error.code ?? error.message));
}

/** Remembers which folders under a root are real folders (no links on the way), so that listing many files asks once a folder. */
export class RealFolders {
  readonly #root: string;
  readonly #asked = new Map<string, Promise<boolean>>();
  readonly #real = new Set([""]);

  constructor(root: string) {
    this.#root = root;
  }

  /** What `check` found. `folder`: relative to the root, "" for the root itself. */
  isReal(folder: string): boolean {
    return this.#real.has(folder);
  }

  check(folder: string): Promise<boolean> {
    if (this.#real.has(folder)) return Promise.resolve(true);
    let asked = this.#asked.get(folder);
    if (!asked) {
      asked = this.#ask(folder);
      this.#asked.set(folder, asked);
    }
    return asked;
  }

  async #ask(folder: string): Promise<boolean> {
    const slash = folder.lastIndexOf("/");
    if (!(await this.check(slash < 0 ? "" : folder.slice(0, slash)))) return false;
    const stats = await lstat(join(this.#root, folder)).catch(() => undefined);
    if (!stats?.isDirectory()) return false;
    this.#real.add(folder);
    return true;
  }
}
