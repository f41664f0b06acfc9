/** Which release a commit first came with: the oldest tag that reaches it, one git process for many commits. */
import { decodePath, runGit } from "./git.ts";

/** Milliseconds that an answer may keep a question waiting; without one it says nothing of releases. */
const patienceMs = 3_000;

/** Names of tags by full sha; commits that no tag reaches are missing. Throws GitError. */
export async function readReleases(folder: string, shas: readonly string[]): Promise<Map<string, string>> {
  const releases = new Map<string, string>();
  if (shas.length === 0) return releases;
  const output = await runGit(folder, ["name-rev", "--tags", ...shas], { silenceMs: patienceMs, maxBytes: 1_000_000 });
  for (const line of (decodePath(output) ?? output.toString("latin1")).split("\n")) {
    // "SHA tags/v1.2~3^2"; "undefined" where no tag reaches it
    const match = /^([0-9a-f]{40,64}) tags\/([^~^\s]+)/.exec(line);
    if (match) releases.set(match[1]!, match[2]!);
  }
  return releases;
}
