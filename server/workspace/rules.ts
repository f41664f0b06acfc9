/** The ignore rules of a folder tree: the .gitignore files on the way from the top to an entry. */
import { closeSync, constants, existsSync, fstatSync, openSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { IgnoreList } from "./gitignore.ts";

interface FolderRules {
  list: IgnoreList | undefined;
  /** The folder has a repository of its own: rules of the folders around it do not reach in. */
  isTop: boolean;
}

/** Judges entries by their paths relative to `top`. Files are read when first asked for, and at once: small, hot, and a watcher cannot wait. */
export class IgnoreRules {
  readonly #top: string;
  readonly #folders = new Map<string, FolderRules>();

  constructor(top: string) {
    this.#top = top;
  }

  /** Whether the entry itself is ignored; the folders on the way to it are taken as wanted. The innermost list that speaks decides. */
  ignores(path: string, isFolder: boolean): boolean {
    for (let slash = path.lastIndexOf("/"); ; slash = path.lastIndexOf("/", slash - 1)) {
      const rules = this.#rules(slash < 0 ? "" : path.slice(0, slash));
      const verdict = rules.list?.judge(path.slice(slash + 1), isFolder);
      if (verdict) return verdict === "ignored";
      if (slash <= 0 || rules.isTop) return false;
    }
  }

  /** Whether the entry or a folder on the way to it is ignored. */
  ignoresWithin(path: string, isFolder: boolean): boolean {
    for (let slash = path.indexOf("/"); slash > 0; slash = path.indexOf("/", slash + 1)) {
      if (this.ignores(path.slice(0, slash), true)) return true;
    }
    return this.ignores(path, isFolder);
  }

  #rules(folder: string): FolderRules {
    const known = this.#folders.get(folder);
    if (known) return known;
    const absolute = join(this.#top, folder);
    const rules = { list: readList(join(absolute, ".gitignore")), isTop: existsSync(join(absolute, ".git")) };
    this.#folders.set(folder, rules);
    return rules;
  }
}

const largestList = 1_000_000;

/** A link is not followed (git does not, either), and a pipe not waited for. */
function readList(file: string): IgnoreList | undefined {
  let descriptor: number | undefined;
  try {
    descriptor = openSync(file, constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0));
    const stats = fstatSync(descriptor);
    if (!stats.isFile() || stats.size > largestList) return undefined;
    const list = new IgnoreList(readFileSync(descriptor, "utf8"));
    return list.empty ? undefined : list;
  } catch {
    return undefined; // there is none, or it cannot be read: then it cannot be obeyed
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}
