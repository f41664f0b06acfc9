/** What retrieval and a person ask of git itself: tags, patches of commits already found, files as they were. */
import { type ChangedFile, changedFiles, fileAt } from "./commit-files.ts";
import { type ContainedIn, Containing } from "./containing.ts";
import { readPatches } from "./diffs.ts";
import { GitError } from "./git.ts";
import { type LineOrigin, lineOrigin, type OriginQuestion } from "./line-origin.ts";
import type { Patch } from "./patch-parser.ts";
import { PatchReader } from "./patch-reader.ts";
import { withoutSecrets } from "./patch-secrets.ts";
import { readTags, type Tag } from "./tags.ts";

/** Milliseconds for which tags and branches once read are believed. */
const tagsLast = 30_000;

export class Past {
  readonly #folder: string;
  readonly #patches: PatchReader;
  #tags: { read: number; tags: Promise<Tag[]> } | undefined;

  #containing: { read: number; walk: Promise<Containing | undefined> } | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#patches = new PatchReader(folder);
  }

  /** Oldest first; none where git cannot say. */
  tags(): Promise<Tag[]> {
    const now = Date.now();
    if (!this.#tags || now - this.#tags.read > tagsLast) this.#tags = { read: now, tags: readTags(this.#folder).catch(nothing) };
    return this.#tags.tags;
  }

  /** What commits changed in one file each, by sha, lines that look like secrets blanked. Commits that cannot be read are missing. */
  async patches(wanted: readonly { sha: string; path: string }[]): Promise<Map<string, Patch>> {
    if (wanted.length === 0) return new Map();
    const shas = wanted.map(({ sha }) => sha);
    const pathOf = new Map(wanted.map(({ sha, path }) => [sha, path]));
    const patches = await this.#patches.read(shas).catch(() => this.#readAround(shas));
    return new Map(patches.map((patch) => [patch.sha, withoutSecrets(inFile(patch, pathOf.get(patch.sha)))]));
  }

  /** Where git fails on a commit (a damaged object), the others are read all the same. */
  async #readAround(shas: readonly string[]): Promise<Patch[]> {
    const found: Patch[] = [];
    try {
      for await (const patches of readPatches(this.#folder, shas, { streams: 1 })) found.push(...patches);
    } catch (error) {
      if (!(error instanceof GitError)) throw error; // what was read until then is shown
    }
    return found;
  }

  /**
   * The release that each commit first came with and the branches that have it, by full sha; nothing where git cannot say. The first answer waits for
   * a walk over the history; later ones are as old as the last walk, which is repeated beside them once refs may have moved.
   */
  async containing(shas: readonly string[]): Promise<Map<string, ContainedIn>> {
    this.#walkAgain();
    const walked = await this.#containing?.walk;
    return new Map(walked ? shas.map((sha) => [sha, walked.of(sha)]) : []);
  }

  #walkAgain(): void {
    const read = Date.now();
    const last = this.#containing;
    if (last && read - last.read <= tagsLast) return;
    const walk = (last?.walk ?? Promise.resolve(undefined)).then((known) => this.#walk(known));
    this.#containing = { read, walk: last?.walk ?? walk };
    walk.then(
      () => {
        this.#containing = { read, walk };
      },
      () => {}, // whoever waits for it hears it
    );
  }

  async #walk(known: Containing | undefined): Promise<Containing | undefined> {
    try {
      return await Containing.read(this.#folder, known);
    } catch (error) {
      if (!(error instanceof GitError)) throw error;
      return known;
    }
  }

  /** A file after a commit, or before it; undefined where it was not there or is no text. `path` is relative to the git top level. */
  fileAt(commit: string, path: string, side: "before" | "after"): Promise<string | undefined> {
    return fileAt(this.#folder, commit, path, side);
  }

  filesOf(commit: string): Promise<ChangedFile[]> {
    return changedFiles(this.#folder, commit);
  }

  lineOrigin(question: OriginQuestion): Promise<LineOrigin[]> {
    return lineOrigin(this.#folder, question);
  }
}

function nothing(error: unknown): Tag[] {
  if (error instanceof GitError) return [];
  throw error;
}

function inFile(patch: Patch, path: string | undefined): Patch {
  return { ...patch, hunks: patch.hunks.filter((hunk) => hunk.path === path) };
}
