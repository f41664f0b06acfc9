/** Which folders are worth a watch, and which changed files worth a look: a quick answer without asking git each time. */
import { realpath } from "node:fs/promises";
import { join } from "node:path";
import { decodePath, GitError, gitTopLevel, splitRecords, streamGit } from "../history/git.ts";
import { IgnoreRules } from "./rules.ts";
import { dependencyFolders, isFilledFolder } from "./walk.ts";

/** What git ignores at the start, paths relative to the folder. */
interface Snapshot {
  top: string;
  folders: Set<string>;
  /** Files that git tracks although its rules ignore them. */
  tracked: Set<string>;
}

/**
 * At the start git itself says which folders it ignores. Folders that appear later (a first build, an install) are judged by the
 * .gitignore files. A verdict once given stands until the sieve is made anew.
 */
export class FolderSieve {
  readonly #root: string;
  readonly #isExcluded: (path: string) => boolean;
  readonly #snapshot: Snapshot | undefined;
  readonly #rules: IgnoreRules;
  /** From the repository's top to the root, "" or ending in "/". */
  readonly #prefix: string;
  readonly #verdicts = new Map<string, boolean>();
  #settled = false;

  private constructor(root: string, isExcluded: (path: string) => boolean, snapshot: Snapshot | undefined) {
    this.#root = root;
    this.#isExcluded = isExcluded;
    this.#snapshot = snapshot;
    this.#rules = new IgnoreRules(snapshot?.top ?? root);
    this.#prefix = snapshot && snapshot.top !== root ? `${root.slice(snapshot.top === "/" ? 1 : snapshot.top.length + 1)}/` : "";
  }

  /** `root`: a real path. */
  static async of(root: string, isExcluded: (path: string) => boolean): Promise<FolderSieve> {
    return new FolderSieve(root, isExcluded, await snapshot(root));
  }

  /** All folders of the start have been asked for. */
  settled(): void {
    this.#settled = true;
  }

  /** A folder was removed: another one of that name is judged anew. */
  forget(folder: string): void {
    this.#verdicts.delete(folder);
  }

  leavesOutFolder(path: string): boolean {
    if (path === "") return false;
    let verdict = this.#verdicts.get(path);
    if (verdict === undefined) {
      verdict = this.#judgeFolder(path);
      this.#verdicts.set(path, verdict);
    }
    return verdict;
  }

  leavesOutFile(path: string): boolean {
    if (this.#isExcluded(path)) return true;
    return this.#rules.ignores(this.#prefix + path, false) && !this.#snapshot?.tracked.has(path);
  }

  #judgeFolder(path: string): boolean {
    const slash = path.lastIndexOf("/");
    const name = path.slice(slash + 1);
    if (dependencyFolders.has(name) || this.#isExcluded(path)) return true;
    if (this.#snapshot && !this.#settled) return this.#snapshot.folders.has(path);
    if (!this.#snapshot && isFilledFolder(join(this.#root, slash < 0 ? "" : path.slice(0, slash)), name)) return true;
    return this.#rules.ignores(this.#prefix + path, true);
  }
}

async function snapshot(root: string): Promise<Snapshot | undefined> {
  try {
    const top = await gitTopLevel(root);
    const [ignored, tracked] = await Promise.all([
      list(root, ["ls-files", "-z", "--others", "--ignored", "--exclude-standard", "--directory"]),
      list(root, ["ls-files", "-z", "--cached", "--ignored", "--exclude-standard"]),
    ]);
    const folders = ignored.filter((path) => path.endsWith("/")).map((path) => path.slice(0, -1));
    return { top: await realpath(top), folders: new Set(folders), tracked: new Set(tracked) };
  } catch (error) {
    if (error instanceof GitError || (error as NodeJS.ErrnoException).code) return undefined;
    throw error;
  }
}

async function list(root: string, args: string[]): Promise<string[]> {
  const paths: string[] = [];
  for await (const records of splitRecords(streamGit(root, args))) {
    for (const record of records) {
      const path = decodePath(record);
      if (path !== undefined) paths.push(path);
    }
  }
  return paths;
}
