/** Where things lie on disk: the program's own folder, and EVERYLINE_HOME with cache and indexes. */
import { createHash } from "node:crypto";
import { homedir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

/** The folder of package.json: sources lie in server/, bundles in dist/, both one below. */
export const programFolder = join(dirname(fileURLToPath(import.meta.url)), "..");

export const modelFolder = join(programFolder, "model");
export const addonFile = join(programFolder, "dist", "everyline.node");

/** $EVERYLINE_HOME, else $XDG_CACHE_HOME/everyline, else ~/.cache/everyline. */
export function everylineHome(env: NodeJS.ProcessEnv = process.env): string {
  if (env.EVERYLINE_HOME) return env.EVERYLINE_HOME;
  return join(env.XDG_CACHE_HOME || join(homedir(), ".cache"), "everyline");
}

export function cacheFolder(home: string): string {
  return join(home, "cache");
}

/** One database a folder. `realPath`: the opened folder's real path. */
export function indexFolder(home: string, realPath: string): string {
  return join(home, "index", createHash("sha256").update(realPath).digest("hex").slice(0, 32));
}
