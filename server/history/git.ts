/**
 * The only place that runs git.
 *
 * A repository is hostile input: its configuration and attributes can name programs. Git is started on an argument array, in a
 * cleaned environment, with everything off that could start another program, ask a person, write to the repository or reach the
 * network. Callers add `--no-ext-diff` and the like where a command knows them; see `inert` below for why each setting is there.
 */
import { isUtf8 } from "node:buffer";
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync } from "node:fs";
import { realpath } from "node:fs/promises";
import type { Socket } from "node:net";

export type GitProblem =
  | "git is missing"
  | "not a repository"
  | "dubious ownership"
  | "no work tree"
  | "no folder"
  | "too much output"
  | "failed";

/** Git could not do what was asked. `problem` is for callers that fall back, the message for people. */
export class GitError extends Error {
  readonly problem: GitProblem;
  readonly folder: string;

  constructor(problem: GitProblem, folder: string, message: string) {
    super(message);
    this.name = "GitError";
    this.problem = problem;
    this.folder = folder;
  }
}

export interface GitOptions {
  signal?: AbortSignal | undefined;
  /** Ends git when it neither answers nor ends for so long, in milliseconds (configuration can name a pipe to read). Default 2 minutes. */
  silenceMs?: number;
  /** Written to git's standard input. */
  input?: string | Buffer | undefined;
}

/** Settings that win over every configuration file: none of them may start a program or change what output looks like. */
const inert: Record<string, string> = {
  // programs that a repository's configuration can name
  "core.fsmonitor": "false",
  "core.hooksPath": "/dev/null",
  "core.pager": "cat",
  "core.askPass": "",
  "core.sshCommand": "false",
  "core.gitProxy": "",
  "core.editor": "false",
  "core.alternateRefsCommand": "false",
  "credential.helper": "",
  "diff.external": "",
  "gpg.program": "false",
  "gpg.ssh.program": "false",
  "gpg.x509.program": "false",
  "log.showSignature": "false",
  "protocol.allow": "never",
  "uploadpack.packObjectsHook": "",
  // attributes can name filters, text conversions and diff drivers
  "core.attributesFile": "/dev/null",
  // background work and writes
  "gc.auto": "0",
  "maintenance.auto": "false",
  // shape of the output
  "core.quotePath": "false",
  "diff.orderFile": "/dev/null",
  "log.showRoot": "true",
  "log.mailmap": "false",
  "submodule.recurse": "false",
};

const leadingArguments = [
  "--no-pager",
  "--no-replace-objects",
  ...Object.entries(inert).flatMap(([key, value]) => ["-c", `${key}=${value}`]),
];

/** The caller's environment without what steers git, and with what keeps it quiet. GIT_ALLOW_PROTOCOL wins over protocol.NAME.allow. */
function gitEnvironment(): NodeJS.ProcessEnv {
  const env: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(process.env)) {
    const steersGit = name.startsWith("GIT_") && name !== "GIT_CEILING_DIRECTORIES" && name !== "GIT_EXEC_PATH";
    if (!steersGit && name !== "SSH_ASKPASS" && name !== "PAGER" && name !== "LESSOPEN") env[name] = value;
  }
  return {
    ...env,
    GIT_ALLOW_PROTOCOL: "none",
    GIT_ATTR_NOSYSTEM: "1",
    GIT_NO_LAZY_FETCH: "1",
    GIT_OPTIONAL_LOCKS: "0",
    GIT_PAGER: "cat",
    GIT_TERMINAL_PROMPT: "0",
    LC_ALL: "C",
  };
}

function start(folder: string, args: readonly string[], options: GitOptions): ChildProcessWithoutNullStreams {
  // paths are names, never patterns; check-ignore alone does not know the option
  const literal = args[0] === "check-ignore" ? [] : ["--literal-pathspecs"];
  const child = spawn("git", [...leadingArguments, ...literal, ...args], {
    cwd: folder,
    env: gitEnvironment(),
    shell: false,
    stdio: ["pipe", "pipe", "pipe"],
    windowsHide: true,
    ...(options.signal ? { signal: options.signal } : {}),
  });
  child.stdin.on("error", () => {}); // git may end before it has read all: its exit status tells
  return child;
}

/**
 * Starts a git in `folder` that reads questions from its standard input until that ends, as it does with this process, which it does not
 * keep alive. That it could not be started comes as "close".
 */
export function startGit(folder: string, args: readonly string[]): ChildProcessWithoutNullStreams {
  const child = start(folder, args, {});
  child.on("error", () => {});
  child.stderr.resume();
  child.unref();
  for (const stream of [child.stdin, child.stdout, child.stderr]) (stream as Socket).unref();
  return child;
}

const longestSilenceMs = 120_000;

/**
 * Runs git in `folder` and yields its standard output as it comes. Throws GitError when git is missing or fails, and the signal's
 * reason when it is aborted. Leaving the loop early ends git.
 */
export async function* streamGit(folder: string, args: readonly string[], options: GitOptions = {}): AsyncGenerator<Buffer> {
  options.signal?.throwIfAborted();
  const child = start(folder, args, options);
  child.stdin.end(options.input ?? "");
  let complaint = "";
  child.stderr.on("data", (bytes: Buffer) => {
    if (complaint.length < 4000) complaint += bytes.toString("utf8");
  });
  const ended = once(child, "close").then(
    ([status]) => status as number | null,
    (error: NodeJS.ErrnoException) => error,
  );
  let isSilent = false;
  const listen = (): NodeJS.Timeout =>
    setTimeout(() => {
      isSilent = true;
      child.kill("SIGKILL");
    }, options.silenceMs ?? longestSilenceMs);
  let silence = listen();
  try {
    for await (const bytes of child.stdout) {
      clearTimeout(silence); // the caller takes its time, not git
      yield bytes as Buffer;
      silence = listen();
    }
    const outcome = await ended;
    options.signal?.throwIfAborted();
    if (isSilent) throw new GitError("failed", folder, `git ${args[0]} in ${folder} did not answer`);
    if (outcome instanceof Error) throw startError(folder, outcome);
    if (outcome !== 0) throw exitError(folder, args, outcome, complaint);
  } finally {
    clearTimeout(silence);
    if (child.exitCode === null && child.signalCode === null) child.kill("SIGKILL");
    await ended;
  }
}

const defaultMaxBytes = 512_000_000;

/** Runs git in `folder` and returns its standard output. Throws GitError; "too much output" past `maxBytes` (default 512 MB). */
export async function runGit(folder: string, args: readonly string[], options: GitOptions & { maxBytes?: number } = {}): Promise<Buffer> {
  const maxBytes = options.maxBytes ?? defaultMaxBytes;
  const parts: Buffer[] = [];
  let total = 0;
  for await (const part of streamGit(folder, args, options)) {
    total += part.length;
    if (total > maxBytes) throw new GitError("too much output", folder, `git ${args[0]} in ${folder} gave more than ${maxBytes} bytes`);
    parts.push(part);
  }
  return Buffer.concat(parts, total);
}

function startError(folder: string, error: NodeJS.ErrnoException): GitError {
  if (!existsSync(folder)) return new GitError("no folder", folder, `${folder} does not exist`);
  if (error.code === "ENOENT")
    return new GitError("git is missing", folder, "git was not found on the PATH: install git to read history and ignore rules");
  return new GitError("failed", folder, `git could not be started in ${folder}: ${error.message}`);
}

function exitError(folder: string, args: readonly string[], status: number | null, complaint: string): GitError {
  const reason = complaint.trim().split("\n")[0] ?? "";
  if (/not a git repository|invalid gitfile format|not a gitdir/i.test(complaint))
    return new GitError("not a repository", folder, `${folder} is not in a git repository`);
  if (/dubious ownership|unsafe repository/.test(complaint)) {
    const message = `git does not trust ${folder}, because another user owns it: run git config --global --add safe.directory ${folder}`;
    return new GitError("dubious ownership", folder, message);
  }
  if (/must be run in a work tree/.test(complaint))
    return new GitError("no work tree", folder, `${folder} is a git repository without a work tree`);
  return new GitError("failed", folder, `git ${args[0]} in ${folder} failed (${status ?? "killed"})${reason ? `: ${reason}` : ""}`);
}

/** Splits a stream into records that end in NUL; yields the records of each piece together. A last record without NUL counts, too. */
export async function* splitRecords(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer[]> {
  let rest: Buffer[] = [];
  for await (const piece of pieces) {
    const records: Buffer[] = [];
    let from = 0;
    for (let end = piece.indexOf(0); end >= 0; end = piece.indexOf(0, from)) {
      const tail = piece.subarray(from, end);
      records.push(rest.length > 0 ? Buffer.concat([...rest, tail]) : tail);
      rest = [];
      from = end + 1;
    }
    if (from < piece.length) rest.push(piece.subarray(from));
    if (records.length > 0) yield records;
  }
  if (rest.length > 0) yield [Buffer.concat(rest)];
}

/** A path out of git as text; undefined when its bytes are not UTF-8 (such a file cannot be named in the memory). */
export function decodePath(bytes: Buffer): string | undefined {
  return isUtf8(bytes) ? bytes.toString("utf8") : undefined;
}

/** The real path of the top of the work tree that holds `folder`. Throws GitError where there is none, or one that does not hold it. */
export async function gitTopLevel(folder: string, signal?: AbortSignal): Promise<string> {
  const printed = decodePath(await runGit(folder, ["rev-parse", "--show-toplevel"], { signal, maxBytes: 100_000 }));
  if (printed === undefined) throw new GitError("failed", folder, `the path of the repository that holds ${folder} is not UTF-8`);
  const [top, here] = await Promise.all([realpath(printed.replace(/\n$/, "")), realpath(folder)]);
  // core.worktree may point anywhere: only a work tree around the folder says something about it
  if (here === top || here.startsWith(top === "/" ? "/" : `${top}/`)) return top;
  throw new GitError("no work tree", folder, `the work tree of the git repository in ${folder} lies elsewhere (${top})`);
}

/** Whether `folder` lies in a git work tree that git is willing and able to read. */
export async function isRepository(folder: string, signal?: AbortSignal): Promise<boolean> {
  try {
    await gitTopLevel(folder, signal);
    return true;
  } catch (error) {
    signal?.throwIfAborted();
    if (error instanceof GitError || (error as NodeJS.ErrnoException).code) return false;
    throw error;
  }
}

/** The full sha of HEAD; undefined where nothing is committed yet. Throws GitError outside a repository. */
export async function headCommit(folder: string, signal?: AbortSignal): Promise<string | undefined> {
  const sha = (
    await runGit(folder, ["rev-parse", "--verify", "--quiet", "--end-of-options", "HEAD^{commit}"], { signal, maxBytes: 1000 }).catch(
      unborn,
    )
  )
    .toString("latin1")
    .trim();
  return sha || undefined;
}

/** `rev-parse --verify --quiet` ends with status 1 and no word where HEAD names no commit: that is no failure. */
function unborn(error: unknown): Buffer {
  if (error instanceof GitError && error.problem === "failed" && error.message.endsWith("failed (1)")) return Buffer.alloc(0);
  throw error;
}
