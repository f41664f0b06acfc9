/** Moves a damaged file of the index out of the way, keeping the last one for whoever wants to look. */
import { readdir, rename, rm } from "node:fs/promises";
import { basename, dirname, join } from "node:path";

/**
 * Renames `file` (and SQLite's -wal beside it) to NAME.damaged-TIME and deletes older ones of the same name. Returns the new path,
 * or "" where there was nothing to move.
 */
export async function setAside(file: string): Promise<string> {
  const folder = dirname(file);
  const prefix = `${basename(file)}.damaged-`;
  for (const name of await readdir(folder)) {
    if (name.startsWith(prefix)) await rm(join(folder, name), { force: true });
  }
  const target = `${file}.damaged-${new Date().toISOString().replaceAll(":", "-")}`;
  await rm(`${file}-shm`, { force: true });
  await renameIfThere(`${file}-wal`, `${target}-wal`);
  return (await renameIfThere(file, target)) ? target : "";
}

async function renameIfThere(from: string, to: string): Promise<boolean> {
  try {
    await rename(from, to);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
    throw error;
  }
}
