/** Where git keeps what says which commit is checked out: the few folders in .git worth watching. */
import { createHash } from "node:crypto";
import { realpath } from "node:fs/promises";
import { join, sep } from "node:path";
import { decodePath, GitError, runGit, streamGit } from "../history/git.ts";

export interface GitFolders {
  /** HEAD and index of this work tree. */
  own: string;
  /** Branches; the same folder, but for a linked work tree. */
  shared: string;
}

/** Real paths of the git folders of the repository that holds `folder`; undefined where git knows none. */
export async function gitFolders(folder: string): Promise<GitFolders | undefined> {
  try {
    const [own, shared] = await Promise.all([gitFolder(folder, "--git-dir"), gitFolder(folder, "--git-common-dir")]);
    return own && shared ? { own, shared } : undefined;
  } catch (error) {
    if (error instanceof GitError || (error as NodeJS.ErrnoException).code) return undefined;
    throw error;
  }
}

async function gitFolder(folder: string, which: "--git-dir" | "--git-common-dir"): Promise<string | undefined> {
  const printed = decodePath(await runGit(folder, ["rev-parse", "--path-format=absolute", which], { maxBytes: 100_000 }));
  return printed === undefined ? undefined : realpath(printed.replace(/\n$/, ""));
}

/** Whether a folder (absolute) in .git is watched: not the objects, of which there are many. */
export function watchesInGit(folders: GitFolders, path: string): boolean {
  if (path === folders.own || path === folders.shared) return true;
  const refs = join(folders.shared, "refs");
  const heads = join(refs, "heads");
  return path === refs || path === heads || path.startsWith(heads + sep) || path === join(folders.shared, "reftable");
}

export function isHeadChange(folders: GitFolders, path: string): boolean {
  if (path.endsWith(".lock")) return false;
  const inRefs = path.startsWith(join(folders.shared, "refs") + sep) || path.startsWith(join(folders.shared, "reftable") + sep);
  return inRefs || path === join(folders.own, "HEAD") || path === join(folders.shared, "packed-refs");
}

export function isIndexChange(folders: GitFolders, path: string): boolean {
  return path === join(folders.own, "index");
}

/** Stands for the names of all files that git tracks below `folder`; "" where git cannot say. */
export async function trackedNames(folder: string): Promise<string> {
  const hash = createHash("sha1");
  try {
    for await (const piece of streamGit(folder, ["ls-files", "-z"])) hash.update(piece);
    return hash.digest("hex");
  } catch (error) {
    if (error instanceof GitError) return "";
    throw error;
  }
}
