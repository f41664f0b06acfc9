/**
 * Keeps the index's commits in step with what HEAD reaches, by words: first messages, authors, dates and changed paths of all commits,
 * then what they changed line by line, newest first.
 */
import { commitsSince, reachableCommits, readCommits, tipsOf } from "../history/commits.ts";
import { GitError, headCommit } from "../history/git.ts";
import { readDiffs } from "../history/patch-parts.ts";
import type { Index } from "../index/index.ts";
import type { PreparedDiff } from "../index/types.ts";
import type { Settings } from "../settings.ts";

export interface HistoryRun {
  history: Settings["history"]["commits"];
  /** Commits that HEAD reaches, or all that any branch or tag does. */
  refs: Settings["history"]["refs"];
  /** Tokens of commits to encode, newest first. */
  tokens: number;
  signal: AbortSignal;
  onProgress(done: number, total: number): void;
  /** For people: commits that could not be read. */
  onProblem(text: string): void;
}

/** Diffs written in one transaction. */
const batchCommits = 256;
/** Parts of diffs held before they are written; a part has 3,000 characters at most. */
const batchParts = 2_000;
/** New commits that go before all else, the newest. */
const newAtOnce = 1_000;
/** Commits whose diffs would be read again after the program was killed. */
const savedEvery = 10_000;
/** What the index was in step with last (`InStep`), in its own words. */
const inStepKey = "historyInStep";

type Wanted = Pick<HistoryRun, "history" | "refs">;

interface InStep extends Wanted {
  tokens: number;
  /** history/commits.ts */
  tips: string;
}

/** Which commits were asked for last; undefined where none ever were. */
export async function historyBefore(index: Pick<Index, "getMeta">): Promise<Wanted | undefined> {
  const before = await index.getMeta(inStepKey);
  if (before === "") return undefined;
  const { history, refs } = JSON.parse(before) as InStep;
  return { history, refs };
}

export class History {
  readonly #root: string;
  readonly #index: Index;
  #diffs: Promise<void> | undefined;
  #again = false;
  /** Tokens of the plan that holds. */
  #planned: number | undefined;
  /** What HEAD was when all was in step last. */
  #head: string | undefined;
  /** Commits that could not be read last time. */
  #unread = 0;

  constructor(root: string, index: Index) {
    this.#root = root;
    this.#index = index;
  }

  /**
   * Resolves once all is in step; at once where it was and nothing has moved. A folder without git has no commits; a broken repository is
   * reported and keeps what is known.
   */
  async update(run: HistoryRun): Promise<void> {
    if (run.history === "none") return;
    try {
      const { history, refs, tokens, signal } = run;
      if (this.#head) await this.#readNew(this.#head, run);
      const step: InStep = { history, refs, tokens, tips: await tipsOf(this.#root, run) };
      if (await this.#isInStep(step)) return;
      const head = await headCommit(this.#root, signal);
      await this.#updateMessages(run);
      await this.#updateDiffs(run);
      await this.#plan(tokens);
      this.#head = head;
      // commits that could not be read are tried again
      await this.#index.setMeta(inStepKey, JSON.stringify(this.#unread > 0 ? { ...step, tips: "" } : step));
    } catch (error) {
      run.signal.throwIfAborted();
      if (!(error instanceof GitError)) throw error;
      if (error.problem !== "not a repository")
        run.onProblem(`The history of ${this.#root} could not be read: ${error.message}. Files are searchable all the same.`);
    }
  }

  async #isInStep(step: InStep): Promise<boolean> {
    if (step.tips === "" || (await this.#index.getMeta(inStepKey)) !== JSON.stringify(step)) return false;
    return (await this.#index.commitsWithoutDiff()).length === 0;
  }

  /** Says which commits are to be encoded; only where others are than last time. */
  async #plan(tokens: number): Promise<void> {
    if (tokens === this.#planned) return;
    await this.#index.planHistory(tokens);
    this.#planned = tokens;
  }

  /**
   * What HEAD gained goes first: a person has just pulled it, and looking at the whole history takes a second. That follows and mends what
   * this one misses.
   */
  async #readNew(since: string, { history, signal }: HistoryRun): Promise<void> {
    try {
      const shas = await commitsSince(this.#root, since, { signal, limit: typeof history === "number" ? history : newAtOnce });
      const diffs = inBatches(readDiffs(this.#root, shas, { signal }));
      const first = diffs.next(); // git prints them while the messages are read
      first.catch(() => {}); // awaited below
      for await (const commits of readCommits(this.#root, shas, { signal })) await this.#index.putCommits(commits);
      for (let batch = await first; !batch.done; batch = await diffs.next()) {
        this.#planned = undefined;
        await this.#index.putDiffs(batch.value);
      }
    } catch (error) {
      signal.throwIfAborted();
      if (!(error instanceof GitError)) throw error; // said of the whole history, where it holds there, too
    }
  }

  async #updateMessages({ history, refs, signal, onProgress, onProblem }: HistoryRun): Promise<void> {
    const unread: string[] = [];
    const options = {
      signal,
      refs,
      onSkipped: (_sha: string, reason: string) => unread.push(reason),
      ...(typeof history === "number" ? { limit: history } : {}),
    };
    const reachable = await reachableCommits(this.#root, options);
    const known = await this.#index.knownCommits();
    const missing = [...reachable].filter((sha) => !known.has(sha));
    let done = 0;
    await writeBehind(readCommits(this.#root, missing, options), async (commits) => {
      await this.#index.putCommits(commits);
      done += commits.length;
      onProgress(done, missing.length);
    });
    if ([...known].some((sha) => !reachable.has(sha))) {
      this.#planned = undefined;
      await this.#index.retainCommits(reachable);
    }
    this.#unread = unread.length;
    if (unread.length > 0)
      onProblem(`${unread.length} commits of ${this.#root} could not be read (${unread[0]}); the others are searchable.`);
  }

  /** One reading at a time: who comes meanwhile waits for it, and it looks again for what came. */
  async #updateDiffs(run: HistoryRun): Promise<void> {
    this.#again = true;
    this.#diffs ??= this.#readAllDiffs(run).finally(() => {
      this.#diffs = undefined;
    });
    await this.#diffs;
  }

  async #readAllDiffs(run: HistoryRun): Promise<void> {
    while (this.#again) {
      this.#again = false;
      await this.#readDiffs(run);
    }
  }

  async #readDiffs({ signal, onProgress, onProblem }: HistoryRun): Promise<void> {
    const missing = await this.#index.commitsWithoutDiff();
    if (missing.length === 0) return;
    const unread: string[] = [];
    const options = { signal, onSkipped: (_sha: string, reason: string) => unread.push(reason) };
    let done = 0;
    let saved = 0;
    await writeBehind(inBatches(readDiffs(this.#root, missing, options)), async (diffs) => {
      this.#planned = undefined;
      await this.#index.putDiffs(diffs);
      done += diffs.length;
      onProgress(done, missing.length);
      if (done - saved < savedEvery) return;
      await this.#index.checkpoint();
      saved = done;
    });
    if (unread.length > 0)
      onProblem(`What ${unread.length} commits of ${this.#root} changed could not be read (${unread[0]}); their messages are searchable.`);
  }
}

/** As many diffs as one transaction takes. */
async function* inBatches(read: AsyncIterable<PreparedDiff[]>): AsyncGenerator<PreparedDiff[]> {
  let batch: PreparedDiff[] = [];
  let parts = 0;
  for await (const diffs of read) {
    for (const diff of diffs) {
      batch.push(diff);
      parts += diff.parts.length;
      if (batch.length < batchCommits && parts < batchParts) continue;
      yield batch;
      [batch, parts] = [[], 0];
    }
  }
  if (batch.length > 0) yield batch;
}

/** Writes batch after batch, one at a time; the next one is read meanwhile, so that git does not wait. */
async function writeBehind<T>(batches: AsyncIterable<T>, write: (batch: T) => Promise<void>): Promise<void> {
  let writing: Promise<void> = Promise.resolve();
  try {
    for await (const batch of batches) {
      await writing;
      writing = write(batch);
      writing.catch(() => {}); // awaited before the next batch, and at the end
    }
  } finally {
    await writing;
  }
}
