/**
 * Patches of single commits, read by a git that stays: a question shows what a few commits changed and cannot wait for a process each time.
 *
 * `git diff-tree --stdin` takes a commit a line and prints its patch; a line that is no commit it repeats. So a line before each patch says
 * whose it is, and one after the last that all have come. Git ends when it was not asked for a while, and is started anew where it ended.
 */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Socket } from "node:net";
import { patchShape } from "./diffs.ts";
import { startGit } from "./git.ts";
import { type Patch, PatchParser, patchStart } from "./patch-parser.ts";

/** Milliseconds without a question after which git ends, and for which an answer is waited for. */
const idleMs = 60_000;
const patienceMs = 10_000;

const command = ["diff-tree", "--stdin", "-r", "--root", "--no-commit-id", "-M", ...patchShape];

export class PatchReader {
  readonly #folder: string;
  #git: ChildProcessWithoutNullStreams | undefined;
  #idle: NodeJS.Timeout | undefined;
  #asked: Promise<unknown> = Promise.resolve();

  constructor(folder: string) {
    this.#folder = folder;
  }

  /** The patches of these commits, in their order; one that git does not have is empty. Rejects where git fails or does not answer. */
  read(shas: readonly string[]): Promise<Patch[]> {
    const answer = this.#asked.then(() => this.#read(shas));
    this.#asked = answer.catch(() => {}); // the caller hears it
    return answer;
  }

  async #read(shas: readonly string[]): Promise<Patch[]> {
    clearTimeout(this.#idle);
    this.#git ??= this.#start();
    const git = this.#git;
    const patience = setTimeout(() => git.kill("SIGKILL"), patienceMs);
    try {
      git.stdin.write(`${shas.map((sha) => `${patchStart}${sha}\n${sha}\n`).join("")}${patchStart}\n`);
      return await answerOf(git, shas.length);
    } finally {
      clearTimeout(patience);
      this.#idle = setTimeout(() => this.#end(), idleMs).unref();
    }
  }

  #start(): ChildProcessWithoutNullStreams {
    const git = startGit(this.#folder, command);
    git.on("close", () => {
      if (this.#git === git) this.#git = undefined;
    });
    return git;
  }

  #end(): void {
    this.#git?.stdin.end();
    this.#git = undefined;
  }
}

/** So many patches of git's output: the line after the last one starts a patch of no commit, and so ends it. */
function answerOf(git: ChildProcessWithoutNullStreams, count: number): Promise<Patch[]> {
  const parser = new PatchParser();
  const patches: Patch[] = [];
  const stdout = git.stdout as unknown as Socket;
  return new Promise<Patch[]>((resolve, reject) => {
    const take = (piece: Buffer) => {
      patches.push(...parser.push(piece));
      if (patches.length >= count) leave(() => resolve(patches));
    };
    const fail = () => leave(() => reject(new Error("git diff-tree ended")));
    const leave = (settle: () => void) => {
      stdout.off("data", take).unref();
      git.off("close", fail);
      settle();
    };
    stdout.on("data", take).ref();
    git.on("close", fail);
  });
}
