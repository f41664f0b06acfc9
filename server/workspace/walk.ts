/**
 * Which files belong to a folder without git: a walk that keeps to .gitignore files all the same, and leaves out the folders that
 * package managers and builds fill. Links are not followed, so a walk always ends.
 */
import { existsSync, readFileSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { join } from "node:path";
import { IgnoreList, type Verdict } from "./gitignore.ts";

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

/** The ignore lists that apply in a folder: its own and those of the folders around it, up to the root. Read when asked for. */
export class IgnoreRules {
  readonly #root: string;
  readonly #lists = new Map<string, IgnoreList | undefined>();

  constructor(root: string) {
    this.#root = root;
  }

  /** Forgets what was read: a .gitignore changed. */
  clear(): void {
    this.#lists.clear();
  }

  /** Whether the entry itself is ignored; its parents are taken as wanted. `path`: relative to the root. */
  ignores(path: string, isFolder: boolean): boolean {
    for (let slash = path.lastIndexOf("/"); ; slash = path.lastIndexOf("/", slash - 1)) {
      const verdict: Verdict = this.#list(slash < 0 ? "" : path.slice(0, slash))?.judge(path.slice(slash + 1), isFolder);
      if (verdict) return verdict === "ignored";
      if (slash <= 0) return false;
    }
  }

  /** Whether a walk would not get to the entry: it, or a folder on the way to it, is ignored or filled by a package manager or a build. */
  leavesOut(path: string, isFolder: boolean): boolean {
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      if (this.#leavesOutEntry(path.slice(0, slash), true)) return true;
    }
    return this.#leavesOutEntry(path, isFolder);
  }

  #leavesOutEntry(path: string, isFolder: boolean): boolean {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (name === ".git") return true;
    if (isFolder && isFilledFolder(join(this.#root, slash < 0 ? "" : path.slice(0, slash)), name)) return true;
    return this.ignores(path, isFolder);
  }

  #list(folder: string): IgnoreList | undefined {
    if (this.#lists.has(folder)) return this.#lists.get(folder);
    const list = readList(join(this.#root, folder, ".gitignore"));
    this.#lists.set(folder, list);
    return list;
  }
}

/** Read at once: small, hot files, and a watcher has to answer without waiting. */
function readList(file: string): IgnoreList | undefined {
  try {
    const list = new IgnoreList(readFileSync(file, "utf8"));
    return list.empty ? undefined : list;
  } catch {
    return undefined; // none, or not readable: then it cannot be obeyed
  }
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
