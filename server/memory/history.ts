/** Keeps the index's commits in step with what HEAD reaches (messages, authors, dates, changed paths; by words only). */
import { reachableCommits, readCommits } from "../history/commits.ts";
import { GitError } from "../history/git.ts";
import type { Index } from "../index/index.ts";
import type { Settings } from "../settings.ts";

export interface HistoryOptions {
  root: string;
  index: Index;
  history: Settings["history"];
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
  /** For people: commits that could not be read. */
  onProblem(text: string): void;
}

/** Resolves to the number of commits read anew. A folder without git has none; a broken repository is reported and keeps what is known. */
export async function updateHistory({ root, index, history, signal, onProgress, onProblem }: HistoryOptions): Promise<number> {
  if (history === "none") return 0;
  const unread: string[] = [];
  const options = {
    signal,
    onSkipped: (_sha: string, reason: string) => unread.push(reason),
    ...(history === "all" ? {} : { limit: history }),
  };
  try {
    const reachable = await reachableCommits(root, options);
    const known = await index.knownCommits();
    const missing = [...reachable].filter((sha) => !known.has(sha));
    let done = 0;
    for await (const commits of readCommits(root, missing, options)) {
      await index.putCommits(commits);
      done += commits.length;
      onProgress(done, missing.length);
    }
    if ([...known].some((sha) => !reachable.has(sha))) await index.retainCommits(reachable);
    if (unread.length > 0) onProblem(`${unread.length} commits of ${root} could not be read (${unread[0]}); the others are searchable.`);
    return done;
  } catch (error) {
    signal.throwIfAborted();
    if (!(error instanceof GitError)) throw error;
    if (error.problem !== "not a repository")
      onProblem(`The history of ${root} could not be read: ${error.message}. Files are searchable all the same.`);
    return 0;
  }
}
