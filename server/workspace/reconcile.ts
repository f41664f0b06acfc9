/** What changed between the index and the folder: a comparison by size and time, no content is read. */
import type { WorkspaceFile } from "./discover.ts";

/** A file as the index knows it (also one that was left out). */
export interface KnownStat {
  path: string;
  size: number;
  /** Milliseconds since the epoch. */
  modified: number;
}

export interface Differences {
  /** New files and those whose content may differ: read them. */
  changed: WorkspaceFile[];
  /** Known files that no longer belong to the folder. */
  removed: string[];
  unchanged: number;
}

/** File systems keep times coarsely: a file written this shortly before it was read may have been written again at the same time. */
const racyMilliseconds = 2000;

/**
 * Compares the files known with those found. `scanned`: when the known files were last read, in milliseconds since the epoch; a file
 * modified within 2 s before it, or after it, is read again although size and time agree. 0 = never read again.
 */
export async function reconcile(
  known: readonly KnownStat[],
  found: AsyncIterable<WorkspaceFile> | Iterable<WorkspaceFile>,
  scanned = 0,
): Promise<Differences> {
  const left = new Map(known.map((file) => [file.path, file]));
  const changed: WorkspaceFile[] = [];
  let unchanged = 0;
  for await (const file of found) {
    const before = left.get(file.path);
    left.delete(file.path);
    if (before && isSame(before, file) && !isRacy(file, scanned)) unchanged++;
    else changed.push(file);
  }
  return { changed, removed: [...left.keys()], unchanged };
}

function isSame(known: KnownStat, file: WorkspaceFile): boolean {
  return known.size === file.size && known.modified === file.modified;
}

function isRacy(file: WorkspaceFile, scanned: number): boolean {
  return scanned > 0 && file.modified > scanned - racyMilliseconds;
}
