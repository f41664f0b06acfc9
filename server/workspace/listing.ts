/** What git says belongs to a folder: tracked files, and untracked ones that it does not ignore. */

import { realpath } from "node:fs/promises";
import { relative } from "node:path";
import { decodePath, GitError, gitTopLevel, runGit, splitRecords, streamGit } from "../history/git.ts";

export interface Listed {
  /** Relative to the folder; not known to exist. */
  files: string[];
  /** Folders with a repository of their own: submodules, and repositories that git sees as untracked. */
  repositories: string[];
  /** How many names are not UTF-8 and had to be left out. */
  unnamed: number;
}

export interface ListingOptions {
  signal?: AbortSignal | undefined;
  /** The folder must be the top of its work tree (a repository inside another one). */
  mustBeTop: boolean;
  /** Only what is at or below these paths, taken literally. */
  paths?: readonly string[];
}

/**
 * Lists `folder`. Resolves to undefined where git cannot say: no git, no repository, one that is broken or not trusted, a folder that
 * its repository ignores altogether.
 */
export async function listGitFiles(folder: string, options: ListingOptions): Promise<Listed | undefined> {
  const { signal } = options;
  try {
    // a listing that fails half-way must not be half-used: it is taken whole (50,000 paths are a few MB)
    const [top, here, listed] = await Promise.all([gitTopLevel(folder, signal), realpath(folder), list(folder, options)]);
    if (top !== here && (options.mustBeTop || (await isIgnored(top, here, signal)))) return undefined;
    return listed;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GitError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

/** Whether the repository at `top` ignores a folder inside it. */
async function isIgnored(top: string, folder: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await runGit(top, ["check-ignore", "--quiet", "--", `./${relative(top, folder)}`], { signal });
    return true;
  } catch (error) {
    if (error instanceof GitError) return false; // status 1: it does not
    throw error;
  }
}

/**
 * Records of `ls-files -t --stage --others`: "? path" for what is untracked, with "/" at its end a repository of its own; else a tag,
 * mode, object id, stage, TAB, path, several times for a path in conflict. Mode 160000 is a submodule.
 */
async function list(folder: string, { signal, paths }: ListingOptions): Promise<Listed> {
  const args = ["ls-files", "-z", "-t", "--stage", "--others", "--exclude-standard", "--", ...(paths ?? [])];
  const files = new Set<string>();
  const repositories = new Set<string>();
  let unnamed = 0;
  for await (const records of splitRecords(streamGit(folder, args, { signal }))) {
    for (const record of records) {
      const isUntracked = record[0] === 0x3f;
      const path = decodePath(record.subarray(isUntracked ? 2 : record.indexOf(9) + 1));
      if (path === undefined) unnamed++;
      else if (isUntracked && path.endsWith("/")) repositories.add(path.slice(0, -1));
      else if (!isUntracked && record.toString("latin1", 2, 8) === "160000") repositories.add(path);
      else files.add(path);
    }
  }
  return { files: [...files], repositories: [...repositories], unnamed };
}
