/**
 * Which files belong to a folder without git: a walk that keeps to .gitignore files all the same, and leaves out the folders that
 * package managers and builds fill. Links are not followed, so a walk always ends.
 */
import { existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import type { IgnoreRules } from "./rules.ts";

/** Folders of dependencies, environments and caches, left out wherever they stand. */
export const dependencyFolders: ReadonlySet<string> = new Set([
  ".bzr",
  ".cache",
  ".eggs",
  ".git",
  ".gradle",
  ".hg",
  ".idea",
  ".mypy_cache",
  ".next",
  ".nox",
  ".nuxt",
  ".parcel-cache",
  ".pytest_cache",
  ".ruff_cache",
  ".svelte-kit",
  ".svn",
  ".terraform",
  ".tox",
  ".turbo",
  ".venv",
  ".vscode-test",
  "__pycache__",
  "bower_components",
  "jspm_packages",
  "node_modules",
  "site-packages",
]);

/** Folders that are a build's output only where one of these files stands beside or inside them. */
const outputFolders: Record<string, { beside?: string[]; inside?: string[] }> = {
  target: { beside: ["Cargo.toml", "pom.xml", "build.sbt"] },
  dist: { beside: ["package.json", "pyproject.toml", "setup.py"] },
  build: { beside: ["package.json", "build.gradle", "build.gradle.kts", "pubspec.yaml"], inside: ["CMakeCache.txt"] },
  out: { beside: ["package.json"] },
  venv: { inside: ["pyvenv.cfg"] },
  env: { inside: ["pyvenv.cfg"] },
  _build: { beside: ["mix.exs", "dune-project"] },
  deps: { beside: ["mix.exs"] },
  Pods: { beside: ["Podfile"] },
};

/** Whether `name` in the absolute folder `parent` is filled by a package manager or a build. */
export function isFilledFolder(parent: string, name: string): boolean {
  if (dependencyFolders.has(name)) return true;
  const signs = Object.hasOwn(outputFolders, name) ? outputFolders[name]! : undefined;
  if (!signs) return false;
  return (
    (signs.beside ?? []).some((file) => existsSync(join(parent, file))) ||
    (signs.inside ?? []).some((file) => existsSync(join(parent, name, file)))
  );
}

/** Whether a walk would not get to the entry: it or a folder on the way to it is ignored, or filled by a package manager or a build. */
export function walkLeavesOut(root: string, path: string, isFolder: boolean, rules: IgnoreRules): boolean {
  if (rules.ignoresWithin(path, isFolder)) return true;
  const names = path.split("/");
  return names.some((name, depth) => {
    if (name === ".git") return true;
    const entryIsFolder = isFolder || depth < names.length - 1;
    return entryIsFolder && isFilledFolder(join(root, ...names.slice(0, depth)), name);
  });
}

export interface WalkOptions {
  signal?: AbortSignal | undefined;
  /** A folder that could not be read, with the system's reason. */
  onUnreadable(path: string, reason: string): void;
  /** Paths the caller does not want (relative to the root): files are not yielded, folders not entered. */
  isExcluded(path: string): boolean;
  /** A folder below with a git repository of its own: it is handed over instead of entered. */
  onRepository(path: string): void;
}

/** Yields the paths of files and links below `start` ("" = all), a folder's together. Never throws for a folder that cannot be read. */
export async function* walk(root: string, start: string, rules: IgnoreRules, options: WalkOptions): AsyncGenerator<string[]> {
  const folders = [start];
  for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
    options.signal?.throwIfAborted();
    const absolute = join(root, folder);
    const entries = await readdir(absolute, { withFileTypes: true, encoding: "buffer" }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== "ENOENT") options.onUnreadable(folder, error.code ?? error.message);
      return [];
    });
    if (folder !== start && entries.some((entry) => entry.name.toString("latin1") === ".git")) {
      options.onRepository(folder);
      continue;
    }
    const files: string[] = [];
    for (const entry of entries) {
      const name = entry.name.toString("utf8");
      const path = folder === "" ? name : `${folder}/${name}`;
      if (!entry.name.equals(Buffer.from(name))) {
        options.onUnreadable(path, "its name is not UTF-8");
        continue;
      }
      if (name === ".git") continue;
      const isFolder = entry.isDirectory();
      if (isFolder && isFilledFolder(absolute, name)) continue;
      if (rules.ignores(path, isFolder) || options.isExcluded(path)) continue;
      if (isFolder) folders.push(path);
      else if (entry.isFile()) files.push(path);
    }
    if (files.length > 0) yield files;
  }
}
