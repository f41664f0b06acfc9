/**
 * Which release a commit first came with, and which branches have it: of all commits at once, by one streamed walk.
 *
 * `git rev-list --topo-order` prints children before their parents, so that what a commit is part of is known when it comes, and is handed on.
 */
import { decodePath, GitError, runGit, streamGit } from "./git.ts";

export interface ContainedIn {
  /** The oldest tag that reaches it. */
  release?: string;
  /** Local branches that reach it, the most recently committed to first. */
  branches: string[];
}

/** Commits from which on nothing is said: their parents would take hundreds of megabytes. */
const mostCommits = 300_000;
/** Branches looked at: a bit each. */
const mostBranches = 31;
/** Milliseconds without a word from git after which nothing is said: a question may be waiting. */
const patienceMs = 3_000;
const noTag = 0x7fffffff;

export class Containing {
  /** Stands for the refs that were walked. */
  readonly signature: string;
  readonly #tags: string[];
  readonly #branches: string[];
  readonly #slots: ReadonlyMap<string, number>;
  /** By slot: number of the oldest tag, and a bit for each branch. */
  readonly #first: readonly number[];
  readonly #on: readonly number[];

  private constructor(refs: Refs, { slots, first, on }: Walk) {
    this.signature = refs.signature;
    this.#tags = refs.tags.map(({ name }) => name);
    this.#branches = refs.branches.map(({ name }) => name);
    this.#slots = slots;
    this.#first = first;
    this.#on = on;
  }

  /** Walks all that tags and local branches reach; `known` where these are as they were. Throws GitError. */
  static async read(folder: string, known?: Containing): Promise<Containing> {
    const refs = await readRefs(folder);
    return known?.signature === refs.signature ? known : new Containing(refs, await walk(folder, refs));
  }

  /** Of a full sha. */
  of(sha: string): ContainedIn {
    const slot = this.#slots.get(sha);
    if (slot === undefined) return { branches: [] };
    const release = this.#tags[this.#first[slot]!];
    const on = this.#on[slot]!;
    return { ...(release !== undefined && { release }), branches: this.#branches.filter((_, bit) => on & (1 << bit)) };
  }
}

interface Ref {
  name: string;
  /** Full sha of the commit. */
  commit: string;
}

interface Refs {
  signature: string;
  /** Oldest first. */
  tags: Ref[];
  /** Newest first. */
  branches: Ref[];
}

async function readRefs(folder: string): Promise<Refs> {
  // %(*…) is what an annotated tag names
  const format = "%(refname)%00%(objecttype)%00%(*objecttype)%00%(objectname)%00%(*objectname)%00";
  const args = ["for-each-ref", "--sort=creatordate", `--format=${format}`, "refs/tags", "refs/heads"];
  const output = await runGit(folder, args, { maxBytes: 50_000_000 });
  const signature = decodePath(output) ?? output.toString("latin1");
  const refs: Refs = { signature, tags: [], branches: [] };
  for (const line of signature.split("\0\n")) {
    const [name = "", type, namedType, sha = "", named = ""] = line.split("\0");
    if (type !== "commit" && namedType !== "commit") continue;
    const commit = type === "commit" ? sha : named;
    if (name.startsWith("refs/tags/")) refs.tags.push({ name: name.slice(10), commit });
    else refs.branches.unshift({ name: name.slice(11), commit });
  }
  refs.branches.length = Math.min(refs.branches.length, mostBranches);
  return refs;
}

interface Walk {
  slots: Map<string, number>;
  first: number[];
  on: number[];
}

async function walk(folder: string, { tags, branches }: Refs): Promise<Walk> {
  const found: Walk = { slots: new Map(), first: [], on: [] };
  const { slots, first, on } = found;
  const slotOf = (sha: string): number => {
    let slot = slots.get(sha);
    if (slot === undefined) {
      slot = slots.size;
      slots.set(sha, slot);
      first.push(noTag);
      on.push(0);
    }
    return slot;
  };
  for (const [number, { commit }] of tags.entries()) {
    const slot = slotOf(commit);
    first[slot] = Math.min(first[slot]!, number);
  }
  for (const [bit, { commit }] of branches.entries()) on[slotOf(commit)]! |= 1 << bit;
  if (slots.size === 0) return found;
  const tips = [...tags, ...branches].map(({ commit }) => `${commit}\n`).join("");
  let rest = "";
  for await (const piece of streamGit(folder, ["rev-list", "--topo-order", "--parents", "--stdin"], {
    input: tips,
    silenceMs: patienceMs,
  })) {
    const lines = (rest + piece.toString("latin1")).split("\n");
    rest = lines.pop()!;
    for (const line of lines) {
      const [sha = "", ...parents] = line.split(" ");
      const slot = slotOf(sha);
      for (const parent of parents) {
        const above = slotOf(parent);
        first[above] = Math.min(first[above]!, first[slot]!);
        on[above]! |= on[slot]!;
      }
    }
    if (slots.size > mostCommits) throw new GitError("too much output", folder, `${folder} has more than ${mostCommits} commits`);
  }
  return found;
}
