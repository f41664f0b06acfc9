/**
 * Commits out of git: messages, authors, dates and changed paths.
 *
 * `git rev-list` says which commits there are; what is not known yet is then read by `git log`, a thousand commits at a time. Where a
 * commit cannot be read (a damaged object, a partial clone) its thousand is halved until the culprit stands alone, and the rest survives.
 */
import type { PreparedCommit } from "../index/types.ts";
import { redactSecrets } from "../workspace/secrets.ts";
import { decodePath, GitError, headCommit, runGit, streamGit } from "./git.ts";

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
  const limit = options.limit === undefined ? [] : [`--max-count=${Math.max(0, Math.floor(options.limit))}`];
  let rest = "";
  try {
    for await (const piece of streamGit(folder, ["rev-list", ...limit, ...from, "--"], { signal: options.signal })) {
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

const batchSize = 1000;
/** After so many commits whose changes cannot be read the objects are missing on purpose (a clone without trees): no longer asked for. */
const patience = 8;

/** Reads these commits, in this order, in batches. One that cannot be read is reported to `onSkipped`, one without readable changes has no paths. */
export async function* readCommits(folder: string, shas: readonly string[], options: CommitOptions = {}): AsyncGenerator<PreparedCommit[]> {
  const reader = new CommitReader(folder, options);
  const read = (from: number): Promise<PreparedCommit[]> => reader.read(shas.slice(from, from + batchSize));
  let ahead = read(0);
  for (let from = 0; from < shas.length; from += batchSize) {
    const commits = await ahead;
    // git reads the next thousand while the caller works on this one
    ahead = from + batchSize < shas.length ? read(from + batchSize) : Promise.resolve([]);
    ahead.catch(() => {}); // looked at in the next round, or never when the caller leaves
    if (commits.length > 0) yield commits;
  }
}

class CommitReader {
  readonly #folder: string;
  readonly #options: CommitOptions;
  #withoutPaths = 0;

  constructor(folder: string, options: CommitOptions) {
    this.#folder = folder;
    this.#options = options;
  }

  async read(shas: readonly string[]): Promise<PreparedCommit[]> {
    if (shas.length === 0) return [];
    const withPaths = this.#withoutPaths < patience;
    try {
      return await this.#log(shas, withPaths);
    } catch (error) {
      this.#options.signal?.throwIfAborted();
      if (!(error instanceof GitError) || error.problem === "git is missing" || error.problem === "no folder") throw error;
      if (shas.length > 1) {
        const half = shas.length >> 1;
        return [...(await this.read(shas.slice(0, half))), ...(await this.read(shas.slice(half)))];
      }
      return withPaths ? this.#readMessage(shas[0]!) : this.#skip(shas[0]!, error);
    }
  }

  async #readMessage(sha: string): Promise<PreparedCommit[]> {
    try {
      const commits = await this.#log([sha], false);
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

  async #log(shas: readonly string[], withPaths: boolean): Promise<PreparedCommit[]> {
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
    const output = await runGit(this.#folder, args, { signal: this.#options.signal, input: `${shas.join("\n")}\n` });
    return parseLog(output);
  }
}

/** No path begins with "/": what does is the start of a commit. */
const commitStart = "//";
/** Fields end in NUL (-z ends the last one); then a line feed and the changed paths, each ending in NUL, where there are any. */
const format = `${commitStart}%H%x00%P%x00%an%x00%ae%x00%ct%x00%at%x00%s%x00%b`;

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

function parseLog(output: Buffer): PreparedCommit[] {
  const commits: PreparedCommit[] = [];
  const fields = new Fields(output);
  for (let start = fields.next(); start !== undefined; ) {
    const commit: PreparedCommit = {
      sha: text(start).slice(commitStart.length),
      parents: text(fields.next()).split(" ").filter(Boolean).length,
      author: text(fields.next()),
      email: text(fields.next()),
      date: Number.parseInt(text(fields.next()), 10) || 0,
      authored: Number.parseInt(text(fields.next()), 10) || 0,
      ...message(text(fields.next()), text(fields.next()).trimEnd()),
      paths: [],
    };
    start = fields.next();
    for (let first = true; start !== undefined && !isStart(start); first = false, start = fields.next()) {
      const path = decodePath(first && start[0] === 10 ? start.subarray(1) : start);
      if (path) commit.paths.push(path);
    }
    commits.push(commit);
  }
  return commits;
}

/** Secret-looking lines never enter the memory, not by way of a message either. */
function message(subject: string, body: string): { subject: string; body: string } {
  const { text: both, lines } = redactSecrets(`${subject}\n${body}`);
  if (lines.length === 0) return { subject, body };
  const end = both.indexOf("\n");
  return { subject: both.slice(0, end), body: both.slice(end + 1) };
}

class Fields {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  /** The bytes up to the next NUL; undefined at the end. */
  next(): Buffer | undefined {
    if (this.#at >= this.#bytes.length) return undefined;
    const found = this.#bytes.indexOf(0, this.#at);
    const end = found < 0 ? this.#bytes.length : found;
    const field = this.#bytes.subarray(this.#at, end);
    this.#at = end + 1;
    return field;
  }
}

function isStart(field: Buffer): boolean {
  return field[0] === 47 && field[1] === 47;
}

function text(field: Buffer | undefined): string {
  return field === undefined ? "" : field.toString("utf8");
}
