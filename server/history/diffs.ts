/**
 * What commits changed, line by line: one or two streamed `git log -p`, never a process a commit.
 *
 * Merges have no patch of their own (what they merge has). The commits at which a shallow clone ends are left unread: all would look new.
 * Where git fails (a missing or damaged object) the commit it failed on is found, read without looking for renames or else left out,
 * and the stream goes on after it.
 */
import { GitError, runGit, streamGit } from "./git.ts";
import { type Patch, PatchParser, patchStart } from "./patch-parser.ts";

export interface PatchOptions {
  signal?: AbortSignal | undefined;
  /** Streams at a time, over parts of the list that have nothing in common. Default 2. */
  streams?: 1 | 2;
  /** Told of commits whose changes could not be read. */
  onSkipped?: (sha: string, reason: string) => void;
}

/** Most commits given to the streams in turn, so that both read the newest first; and from how many on a second stream is worth its start. */
const longestTurn = 400;
const worthTwo = 50;
/** After so many failures with nothing read between them the objects are missing on purpose (a clone without files): the rest is left unread. */
const patience = 8;

/**
 * Reads what these commits changed, in batches, roughly in their order. Each comes once, also where it could not be read or is a merge
 * (then without hunks); only those left unread after too many failures do not come, and those at which a shallow clone ends: they can be read once it
 * is deepened.
 */
export async function* readPatches(folder: string, shas: readonly string[], options: PatchOptions = {}): AsyncGenerator<Patch[]> {
  if (shas.length === 0) return;
  const ends = await shallowEnds(folder, options.signal);
  const readable = ends.size > 0 ? shas.filter((sha) => !ends.has(sha)) : shas;
  const streams = readable.length >= worthTwo ? (options.streams ?? 2) : 1;
  const turn = Math.min(longestTurn, Math.ceil(readable.length / streams));
  const lists = Array.from({ length: streams }, (_, i) => readable.filter((_sha, at) => Math.floor(at / turn) % streams === i));
  yield* merged(lists.map((list) => stream(folder, list, options)));
}

/** Yields what any of the generators yields, as it comes. */
async function* merged<T>(generators: AsyncGenerator<T>[]): AsyncGenerator<T> {
  const next = (from: AsyncGenerator<T>) => from.next().then((result) => ({ from, result }));
  const waiting = new Map(generators.map((from) => [from, next(from)]));
  try {
    while (waiting.size > 0) {
      const { from, result } = await Promise.race(waiting.values());
      if (result.done) waiting.delete(from);
      else {
        yield result.value;
        waiting.set(from, next(from));
      }
    }
  } finally {
    for (const pending of waiting.values()) pending.catch(() => {}); // the first error is the one that is thrown
    await Promise.allSettled([...waiting.keys()].map((from) => from.return(undefined)));
  }
}

async function* stream(folder: string, shas: readonly string[], options: PatchOptions): AsyncGenerator<Patch[]> {
  const positions = new Map(shas.map((sha, i) => [sha, i]));
  let from = 0;
  for (let failures = 0; from < shas.length; failures++) {
    if (failures > patience) {
      for (const sha of shas.slice(from)) options.onSkipped?.(sha, "too many commits before it could not be read");
      return;
    }
    const parser = new PatchParser();
    let read = 0;
    /** Hands on what is complete; commits that git passed over in silence are gone. */
    const handOn = (patches: Patch[]): Patch[] => {
      const all: Patch[] = [];
      for (const patch of patches) {
        const at = positions.get(patch.sha) ?? from;
        for (; from < at; from++) all.push(leftOut(shas[from]!, "it is missing", options));
        all.push(patch);
        from = at + 1;
        read++;
      }
      return all;
    };
    try {
      for await (const piece of log(folder, shas.slice(from), ["-M"], options.signal)) {
        const patches = handOn(parser.push(piece));
        if (patches.length > 0) yield patches;
      }
      yield handOn(parser.end());
      const missing = shas.slice(from);
      if (missing.length > 0) yield missing.map((sha) => leftOut(sha, "it is missing", options));
      return;
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isOneCommits(error)) throw error;
      if (read > 0) failures = 0;
      // Git may have failed on the commit it was printing or, before a word of it, on the one after.
      const suspects = shas.slice(from, from + (parser.current === shas[from] ? 2 : 1));
      for (const sha of suspects) yield [await readAlone(folder, sha, options)];
      from += suspects.length;
    }
  }
}

async function readAlone(folder: string, sha: string, options: PatchOptions): Promise<Patch> {
  let reason = "";
  for (const renames of ["-M", "--no-renames"]) {
    const parser = new PatchParser();
    try {
      let patches: Patch[] = [];
      for await (const piece of log(folder, [sha], [renames], options.signal)) patches = patches.concat(parser.push(piece));
      return patches.concat(parser.end())[0] ?? leftOut(sha, "it is missing", options);
    } catch (error) {
      options.signal?.throwIfAborted();
      if (!isOneCommits(error)) throw error;
      reason = error.message;
    }
  }
  return leftOut(sha, reason, options);
}

function isOneCommits(error: unknown): error is GitError {
  return error instanceof GitError && error.problem === "failed";
}

function leftOut(sha: string, reason: string, options: PatchOptions): Patch {
  options.onSkipped?.(sha, reason);
  return withoutHunks(sha);
}

function withoutHunks(sha: string): Patch {
  return { sha, hunks: [], skippedFiles: 0, isCut: false };
}

/** Whatever configuration may say, a patch looks the same and no other program runs. */
export const patchShape = [
  "--patch",
  "--unified=2",
  "--inter-hunk-context=0",
  "--diff-algorithm=myers",
  "--diff-merges=off",
  "--src-prefix=a/",
  "--dst-prefix=b/",
  "--no-ext-diff",
  "--no-textconv",
  "--no-color",
  "--no-relative",
  "--ignore-submodules=all",
  "--submodule=short",
  "--ws-error-highlight=none",
  "-l200",
];
const logShape = [...patchShape, "--no-show-signature", "--no-notes", "--no-decorate", "--no-mailmap"];

function log(folder: string, shas: readonly string[], more: readonly string[], signal: AbortSignal | undefined): AsyncGenerator<Buffer> {
  const args = ["log", "--stdin", "--no-walk=unsorted", "--ignore-missing", `--format=${patchStart}%H`, ...logShape, ...more];
  return streamGit(folder, args, { signal, input: `${shas.join("\n")}\n` });
}

/** Commits whose parents a shallow clone lacks; none elsewhere. */
async function shallowEnds(folder: string, signal: AbortSignal | undefined): Promise<Set<string>> {
  const isShallow = await runGit(folder, ["rev-parse", "--is-shallow-repository"], { signal, maxBytes: 1000 });
  if (isShallow.toString("latin1").trim() !== "true") return new Set();
  const roots = await runGit(folder, ["rev-list", "--max-parents=0", "HEAD", "--"], { signal });
  return new Set(roots.toString("latin1").split("\n").filter(Boolean));
}
