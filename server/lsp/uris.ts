/**
 * URIs of the client to paths of a folder, and back.
 *
 * Only file: URIs have paths here. A path is relative to its folder and separated by "/"; whatever would lead out of the
 * folder (a "..", an absolute path, another drive) has no path and no URI: callers refuse it.
 */
import { isAbsolute, join, relative, sep } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

/** The absolute path of a file: URI, or undefined for other schemes and malformed URIs. */
export function pathOfUri(uri: string): string | undefined {
  if (!/^file:/i.test(uri)) return undefined;
  try {
    const path = fileURLToPath(uri);
    return path.includes("\0") ? undefined : path;
  } catch {
    return undefined; // an encoded slash, a foreign host: nothing this machine can open
  }
}

/** The path of a file: URI relative to `folder`, or undefined when it lies outside or is the folder itself. */
export function pathInFolder(folder: string, uri: string): string | undefined {
  const path = pathOfUri(uri);
  if (path === undefined) return undefined;
  const inside = relative(folder, path);
  if (inside === "" || leadsOut(inside)) return undefined;
  return inside.split(sep).join("/");
}

/** The file: URI of a path relative to `folder`, or undefined when it leads out of it. */
export function uriInFolder(folder: string, path: string): string | undefined {
  if (path === "" || path.includes("\0") || isAbsolute(path)) return undefined;
  const absolute = join(folder, path);
  const inside = relative(folder, absolute);
  if (inside === "" || leadsOut(inside)) return undefined;
  return pathToFileURL(absolute).href;
}

function leadsOut(path: string): boolean {
  return path === ".." || path.startsWith(`..${sep}`) || isAbsolute(path);
}
