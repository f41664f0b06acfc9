/** Real temporary git repositories and plain folders for tests. Author, dates and configuration are fixed. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, realpath, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { promisify } from "node:util";

export type Files = Record<string, string | Buffer>;

export interface Folder {
  /** Real, absolute path. */
  path: string;
  /** Writes files (folders are made as needed). */
  write(files: Files): Promise<void>;
  dispose(): Promise<void>;
}

export interface Repository extends Folder {
  /** Runs git in the repository and returns what it prints. */
  git(...args: string[]): Promise<string>;
  /** Stages everything that git does not ignore and commits it, now or on a day (YYYY-MM-DD); returns the full sha. */
  commit(message: string, day?: string): Promise<string>;
}

const execute = promisify(execFile);

const environment = {
  ...Object.fromEntries(Object.entries(process.env).filter(([name]) => !name.startsWith("GIT_"))),
  GIT_AUTHOR_NAME: "Ada Author",
  GIT_AUTHOR_EMAIL: "ada@example.org",
  GIT_COMMITTER_NAME: "Ada Author",
  GIT_COMMITTER_EMAIL: "ada@example.org",
  GIT_CONFIG_GLOBAL: "/dev/null",
  GIT_CONFIG_NOSYSTEM: "1",
};

/** A temporary folder without git. */
export async function folder(files: Files = {}): Promise<Folder> {
  const path = await realpath(await mkdtemp(join(tmpdir(), "everyline-test-")));
  const write = async (more: Files): Promise<void> => {
    for (const [name, content] of Object.entries(more)) {
      await mkdir(dirname(join(path, name)), { recursive: true });
      await writeFile(join(path, name), content);
    }
  };
  await write(files);
  return { path, write, dispose: () => rm(path, { recursive: true, force: true, maxRetries: 3 }) };
}

/** A temporary git repository on branch main with the files written, nothing staged or committed yet. */
export async function repository(files: Files = {}): Promise<Repository> {
  const made = await folder(files);
  const settings = ["-c", "protocol.file.allow=always", "-c", "core.hooksPath=/dev/null", "-c", "gc.auto=0"];
  const git = async (...args: string[]): Promise<string> => {
    const { stdout } = await execute("git", [...settings, ...args], { cwd: made.path, env: environment, maxBuffer: 1 << 28 });
    return stdout;
  };
  await git("init", "--quiet", "--initial-branch=main");
  const commit = async (message: string, day?: string): Promise<string> => {
    await git("add", "--all");
    const dates = day ? { GIT_AUTHOR_DATE: `${day}T12:00:00Z`, GIT_COMMITTER_DATE: `${day}T12:00:00Z` } : {};
    await execute("git", [...settings, "commit", "--quiet", "--allow-empty", "--message", message], {
      cwd: made.path,
      env: { ...environment, ...dates },
    });
    return (await git("rev-parse", "HEAD")).trim();
  };
  return { ...made, git, commit };
}
