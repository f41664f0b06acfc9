/** What git says belongs to a folder: tracked files, and untracked ones that it does not ignore. */

import { realpath } from "node:fs/promises";
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
export async function listGitFiles(folder: string, options: ListingOptions): Promise<AsyncIterable<Listed> | undefined> {
  const { signal } = options;
  try {
    const [top, here] = await Promise.all([gitTopLevel(folder, signal), realpath(folder)]);
    if (top !== here && (options.mustBeTop || (await isIgnored(folder, signal)))) return undefined;
    // a listing that fails half-way must not be half-used: take it whole (50,000 paths are a few MB)
    return await collect(folder, options);
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GitError || (error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    throw error;
  }
}

async function isIgnored(folder: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await runGit(folder, ["check-ignore", "--quiet", "."], { signal });
    return true;
  } catch (error) {
    if (error instanceof GitError) return false;
    throw error;
  }
}

async function collect(folder: string, { signal, paths }: ListingOptions): Promise<AsyncIterable<Listed>> {
  const scope = ["--", ...(paths ?? [])];
  const [tracked, untracked] = await Promise.all([
    listTracked(folder, ["ls-files", "-z", "--stage", ...scope], signal),
    listUntracked(folder, ["ls-files", "-z", "--others", "--exclude-standard", ...scope], signal),
  ]);
  return (async function* () {
    yield tracked;
    yield untracked;
  })();
}

/** Records of `ls-files --stage`: mode, object id, stage, TAB, path. A path in conflict stands there several times. */
async function listTracked(folder: string, args: string[], signal?: AbortSignal): Promise<Listed> {
  const files = new Set<string>();
  const repositories = new Set<string>();
  let unnamed = 0;
  for await (const records of splitRecords(streamGit(folder, args, { signal }))) {
    for (const record of records) {
      const path = decodePath(record.subarray(record.indexOf(9) + 1));
      if (path === undefined) unnamed++;
      else if (record.toString("latin1", 0, 6) === "160000") repositories.add(path);
      else files.add(path);
    }
  }
  return { files: [...files], repositories: [...repositories], unnamed };
}

/** Records of `ls-files --others`: a path; with "/" at its end a repository of its own. */
async function listUntracked(folder: string, args: string[], signal?: AbortSignal): Promise<Listed> {
  const listed: Listed = { files: [], repositories: [], unnamed: 0 };
  for await (const records of splitRecords(streamGit(folder, args, { signal }))) {
    for (const record of records) {
      const path = decodePath(record);
      if (path === undefined) listed.unnamed++;
      else if (path.endsWith("/")) listed.repositories.push(path.slice(0, -1));
      else listed.files.push(path);
    }
  }
  return listed;
}
