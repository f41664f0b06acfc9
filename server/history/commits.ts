/**
 * Commits out of git: messages, authors, dates and changed paths.
 *
 * `git rev-list` says which commits there are; what is not known yet is then read by one streamed `git log`. Where it fails on a commit (a
 * damaged object, a partial clone) what is left to read is halved until the culprit stands alone, and the rest survives.
 */
import { createHash } from "node:crypto";
import type { PreparedCommit } from "../index/types.ts";
import { redactSecrets } from "../workspace/secrets.ts";
import { decodePath, GitError, headCommit, runGit, splitRecords, streamGit } from "./git.ts";

export interface CommitOptions {
  signal?: AbortSignal | undefined;
  /** Commits that HEAD reaches (default), or all that HEAD, any branch or any tag does. */
  refs?: "HEAD" | "all";
  /** At most so many, the newest; default all. */
  limit?: number;
  /** Told of commits that could not be read. */
  onSkipped?: (sha: string, reason: string) => void;
}

/** Full shas of the commits that HEAD (or any ref) reaches, newest first; empty before the first commit. Throws GitError outside a repository. */
export async function reachableCommits(folder: string, options: CommitOptions = {}): Promise<Set<string>> {
  const shas = new Set<string>();
  const all = options.refs === "all";
  const head = await headCommit(folder, options.signal);
  if (!head && !all) return shas;
  const from = [...(all ? ["--branches", "--remotes", "--tags"] : []), ...(head ? ["HEAD"] : [])];
  let rest = "";
  try {
    for await (const piece of streamGit(folder, ["rev-list", ...limitOf(options), ...from, "--"], { signal: options.signal })) {
      const lines = (rest + piece.toString("latin1")).split("\n");
      rest = lines.pop()!;
      for (const line of lines) shas.add(line);
    }
  } catch (error) {
    options.signal?.throwIfAborted();
    // a missing parent ends the list early: what is above it is still history
    if (!(error instanceof GitError) || shas.size === 0) throw error;
    options.onSkipped?.("", error.message);
  }
  return shas;
}

/** Full shas of the commits that HEAD reaches and commit `since` does not, newest first. Throws GitError, also where `since` is gone. */
export async function commitsSince(folder: string, since: string, options: CommitOptions = {}): Promise<string[]> {
  return linesOf(folder, ["rev-list", ...limitOf(options), "HEAD", `^${since}`, "--"], options.signal);
}

/**
 * Stands for the commits that `reachableCommits` gives: as long as it is the same, so are they. "" where that cannot be told: before the first
 * commit, and in a shallow clone, which may grow below its tips. Throws GitError outside a repository.
 */
export async function tipsOf(folder: string, { refs, signal }: Pick<CommitOptions, "refs" | "signal">): Promise<string> {
  const [shallow, head] = await linesOf(folder, ["rev-parse", "--is-shallow-repository", "--verify", "HEAD^{commit}"], signal).catch(
    noTips,
  );
  if (shallow !== "false" || !head) return "";
  if (refs !== "all") return head;
  const others = await linesOf(folder, ["for-each-ref", "--format=%(objectname)", "refs/heads", "refs/remotes", "refs/tags"], signal);
  return createHash("sha256")
    .update([head, ...others].join())
    .digest("hex");
}

/** Before the first commit; what else may be wrong, `reachableCommits` says. */
function noTips(error: unknown): string[] {
  if (error instanceof GitError && error.problem === "failed") return [];
  throw error;
}

async function linesOf(folder: string, args: readonly string[], signal: AbortSignal | undefined): Promise<string[]> {
  return (await runGit(folder, args, { signal })).toString("latin1").split("\n").filter(Boolean);
}

function limitOf({ limit }: CommitOptions): string[] {
  return limit === undefined ? [] : [`--max-count=${Math.max(0, Math.floor(limit))}`];
}

/** Reads the commits that HEAD reaches and `known` lacks, newest first, in batches. Works after amend and rebase alike. */
export async function* newCommits(
  folder: string,
  known: ReadonlySet<string>,
  options: CommitOptions = {},
): AsyncGenerator<PreparedCommit[]> {
  const reachable = await reachableCommits(folder, options);
  yield* readCommits(
    folder,
    [...reachable].filter((sha) => !known.has(sha)),
    options,
  );
}

/** Commits in a batch, at most. */
const batchSize = 1000;
/** After so many commits whose changes cannot be read the objects are missing on purpose (a clone without trees): no longer asked for. */
const patience = 8;

/** Reads these commits, in this order, in batches. One that cannot be read is reported to `onSkipped`, one without readable changes has no paths. */
export async function* readCommits(folder: string, shas: readonly string[], options: CommitOptions = {}): AsyncGenerator<PreparedCommit[]> {
  let batch: PreparedCommit[] = [];
  for await (const commits of new CommitReader(folder, options).read(shas)) {
    batch.push(...commits);
    for (; batch.length >= batchSize; batch = batch.slice(batchSize)) yield batch.slice(0, batchSize);
  }
  if (batch.length > 0) yield batch;
}

class CommitReader {
  readonly #folder: string;
  readonly #options: CommitOptions;
  #withoutPaths = 0;

  constructor(folder: string, options: CommitOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async *read(shas: readonly string[]): AsyncGenerator<PreparedCommit[]> {
    if (shas.length === 0) return;
    const withPaths = this.#withoutPaths < patience;
    let last = "";
    try {
      for await (const commits of this.#log(shas, withPaths)) {
        last = commits.at(-1)?.sha ?? last;
        yield commits;
      }
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof GitError) || error.problem === "git is missing" || error.problem === "no folder") throw error;
      const rest = shas.slice(shas.indexOf(last) + 1); // git prints them in the order it was given
      const half = rest.length >> 1;
      if (rest.length > 1) {
        yield* this.read(rest.slice(0, half));
        yield* this.read(rest.slice(half));
      } else if (rest.length === 1) yield withPaths ? await this.#readMessage(rest[0]!) : this.#skip(rest[0]!, error);
    }
  }

  async #readMessage(sha: string): Promise<PreparedCommit[]> {
    try {
      const commits: PreparedCommit[] = [];
      for await (const read of this.#log([sha], false)) commits.push(...read);
      this.#withoutPaths++;
      return commits;
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof GitError)) throw error;
      return this.#skip(sha, error);
    }
  }

  #skip(sha: string, error: GitError): PreparedCommit[] {
    this.#options.onSkipped?.(sha, error.message);
    return [];
  }

  async *#log(shas: readonly string[], withPaths: boolean): AsyncGenerator<PreparedCommit[]> {
    const args = [
      "log",
      "--stdin",
      "--no-walk=unsorted",
      "--ignore-missing",
      "-z",
      `--format=${format}`,
      ...quiet,
      ...(withPaths ? changes : ["--no-patch"]),
    ];
    const output = streamGit(this.#folder, args, { signal: this.#options.signal, input: `${shas.join("\n")}\n` });
    const parser = new LogParser();
    for await (const fields of splitRecords(output)) yield parser.push(fields);
    yield parser.end();
  }
}

/** No path begins with "/": what does is the start of a commit. */
const commitStart = "//";
/** Fields end in NUL (-z ends the last one); then a line feed and the changed paths, each ending in NUL, where there are any. */
const format = `${commitStart}%H%x00%P%x00%an%x00%ae%x00%ct%x00%at%x00%s%x00%b`;
const messageFields = 8;

const quiet = ["--encoding=UTF-8", "--no-color", "--no-show-signature", "--no-mailmap", "--no-decorate", "--no-notes"];
/** Names only, both sides of a rename, nothing for merges (their changes stand in the merged commits). */
const changes = [
  "--name-only",
  "--no-renames",
  "--diff-merges=off",
  "--no-ext-diff",
  "--no-textconv",
  "--no-relative",
  "--ignore-submodules=none",
];

/** Commits out of the fields that git prints. A commit is complete once the next one begins, or git has ended well. */
class LogParser {
  #fields: Buffer[] = [];

  push(fields: readonly Buffer[]): PreparedCommit[] {
    const done: PreparedCommit[] = [];
    for (const field of fields) {
      if (isStart(field, this.#fields.length)) {
        done.push(...this.end());
        this.#fields = [];
      }
      this.#fields.push(field);
    }
    return done;
  }

  /** The last commit. */
  end(): PreparedCommit[] {
    return this.#fields.length > 0 ? [commitOf(this.#fields)] : [];
  }
}

/** A name or a message may begin as a commit does: what stands before the paths is counted. */
function isStart(field: Buffer, position: number): boolean {
  return (position === 0 || position >= messageFields) && field[0] === 47 && field[1] === 47;
}

function commitOf(fields: readonly Buffer[]): PreparedCommit {
  const [start, parents, author, email, date, authored, subject, body, ...paths] = fields;
  return {
    sha: text(start).slice(commitStart.length),
    parents: text(parents).split(" ").filter(Boolean).length,
    author: text(author),
    email: text(email),
    date: Number.parseInt(text(date), 10) || 0,
    authored: Number.parseInt(text(authored), 10) || 0,
    ...message(text(subject), text(body).trimEnd()),
    paths: paths.flatMap((path, i) => decodePath(i === 0 && path[0] === 10 ? path.subarray(1) : path) || []),
  };
}

/** Secret-looking lines never enter the memory, not by way of a message either. */
function message(subject: string, body: string): { subject: string; body: string } {
  const { text: both, lines } = redactSecrets(`${subject}\n${body}`);
  if (lines.length === 0) return { subject, body };
  const end = both.indexOf("\n");
  return { subject: both.slice(0, end), body: both.slice(end + 1) };
}

function text(field: Buffer | undefined): string {
  return field === undefined ? "" : field.toString("utf8");
}
