/** The files of a commit: which it changed, and how each was before and after. Only objects are read: no filter and no conversion runs. */
import { decodePath, GitError, runGit } from "./git.ts";

export interface ChangedFile {
  /** Relative to the git top level; of a deleted file, where it was. */
  path: string;
  /** Before the commit; other than `path` where the file was renamed. */
  oldPath: string;
  change: "added" | "deleted" | "renamed" | "modified";
}

/** Bytes of a file that an editor is given. */
const largestShown = 20_000_000;

/**
 * A file as it was after a commit or, with `side` "before", in the commit's first parent; undefined where it was not there or is no text.
 * Throws GitError where git itself cannot answer.
 */
export async function fileAt(folder: string, commit: string, path: string, side: "before" | "after"): Promise<string | undefined> {
  if (!isSha(commit) || !isPlain(path)) return undefined;
  const revision = `${commit}${side === "before" ? "^" : ""}:${path}`;
  try {
    const bytes = await runGit(folder, ["cat-file", "blob", revision], { maxBytes: largestShown });
    return bytes.includes(0) ? undefined : bytes.toString("utf8");
  } catch (error) {
    if (error instanceof GitError && (error.problem === "failed" || error.problem === "too much output")) return undefined;
    throw error;
  }
}

/** What a commit changed; a merge, against its first parent. Empty where the commit is unknown. */
export async function changedFiles(folder: string, commit: string): Promise<ChangedFile[]> {
  if (!isSha(commit)) return [];
  const inert = ["--no-ext-diff", "--no-textconv", "--no-relative", "--no-color", "--no-show-signature", "--no-notes"];
  const args = ["log", "--max-count=1", "--format=", "-z", "--name-status", "-M", "--diff-merges=first-parent", ...inert, commit, "--"];
  let output: Buffer;
  try {
    output = await runGit(folder, args, { maxBytes: largestShown });
  } catch (error) {
    if (error instanceof GitError && error.problem === "failed") return [];
    throw error;
  }
  const fields = (decodePath(output) ?? output.toString("latin1")).split("\0");
  const files: ChangedFile[] = [];
  for (let i = 0; i + 1 < fields.length; ) {
    const status = fields[i++]!.trim();
    const oldPath = fields[i++]!;
    const path = /^[RC]/.test(status) ? (fields[i++] ?? oldPath) : oldPath;
    files.push({ path, oldPath, change: changes[status[0]!] ?? "modified" });
  }
  return files;
}

const changes: Record<string, ChangedFile["change"]> = { A: "added", C: "added", D: "deleted", R: "renamed" };

export function isSha(text: string): boolean {
  return /^[0-9a-f]{40}(?:[0-9a-f]{24})?$/.test(text);
}

/** Whether git takes the path as it stands: relative to the top level, never to where it runs. */
function isPlain(path: string): boolean {
  return path !== "" && !path.includes("\0") && !/^(?:\/|\.{1,2}(?:\/|$))/.test(path);
}
