/** The tags of a repository with the dates of what they name, read at once. */
import { decodePath, runGit } from "./git.ts";

export interface Tag {
  name: string;
  /** Seconds since the epoch: when the tagged commit was made. */
  date: number;
}

/** All tags that name commits, oldest first. Throws GitError outside a repository. */
export async function readTags(folder: string, signal?: AbortSignal): Promise<Tag[]> {
  // %(*…) is what an annotated tag names, %(…) what a plain one does
  const format = "%(refname:strip=2)%00%(*committerdate:unix)%00%(committerdate:unix)%00";
  const output = await runGit(folder, ["for-each-ref", `--format=${format}`, "refs/tags"], { signal, maxBytes: 50_000_000 });
  const tags: Tag[] = [];
  for (const line of (decodePath(output) ?? output.toString("latin1")).split("\0\n")) {
    const [name, named, plain] = line.split("\0");
    const date = Number(named || plain);
    if (name && date > 0) tags.push({ name, date });
  }
  return tags.sort((a, b) => a.date - b.date);
}
