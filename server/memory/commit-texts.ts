/** Parts of commits as the model reads them: their patches out of git again, many at once, secrets blanked. */
import type { Framed, Tokenizer } from "../../native/tokenizer.ts";
import { documentDiffs, documentHead } from "../history/commit-document.ts";
import { readPatches } from "../history/diffs.ts";
import { GitError } from "../history/git.ts";
import { withoutSecrets } from "../history/patch-secrets.ts";
import type { Index } from "../index/index.ts";
import type { DocumentRow } from "../index/types.ts";

/** The documents by id; those whose commit cannot be read any more are missing. One git process for all. */
export async function framedParts(
  rows: readonly DocumentRow[],
  { root, index, tokenizer }: { root: string; index: Pick<Index, "commits">; tokenizer: Tokenizer },
): Promise<Map<number, Framed>> {
  const framed = new Map<number, Framed>();
  const shas = [...new Set(rows.map(({ commit }) => commit))];
  if (shas.length === 0) return framed;
  const [diffs, commits] = await Promise.all([diffsOf(root, shas), index.commits(shas)]);
  const messages = new Map(commits.map((commit) => [commit.sha, commit]));
  for (const { id, commit, lines: part } of rows) {
    const [message, diff] = [messages.get(commit), diffs.get(commit)?.[part]];
    if (message && diff !== undefined) framed.set(id, tokenizer.frameCommit(documentHead(message, part), diff));
  }
  return framed;
}

/** Cut into parts as when they were counted: after secrets were blanked. */
async function diffsOf(root: string, shas: readonly string[]): Promise<Map<string, string[]>> {
  const diffs = new Map<string, string[]>();
  try {
    for await (const patches of readPatches(root, shas, { streams: 1 }))
      for (const patch of patches) diffs.set(patch.sha, documentDiffs(withoutSecrets(patch)));
  } catch (error) {
    if (!(error instanceof GitError)) throw error; // what was read until then is encoded
  }
  return diffs;
}
