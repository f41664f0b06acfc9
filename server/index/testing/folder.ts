/** A real folder with an index beside it, for tests: both in the system's temporary folder. */
import { mkdir, mkdtemp, realpath, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { readDiffs } from "../../history/patch-parts.ts";
import { Index, type IndexOptions } from "../index.ts";
import { type Prepared, prepareFile } from "../prepare.ts";
import type { PreparedCommit, PreparedFile } from "../types.ts";
import { fakeAddon } from "./fake-words.ts";

export class TestFolder {
  /** Real path of the opened folder. */
  readonly root: string;
  /** Where its index lies. */
  readonly index: string;
  readonly messages: string[] = [];
  readonly #opened: Index[] = [];
  readonly #base: string;

  private constructor(base: string) {
    this.#base = base;
    this.root = join(base, "work");
    this.index = join(base, "index");
  }

  static async make(): Promise<TestFolder> {
    const folder = new TestFolder(await realpath(await mkdtemp(join(tmpdir(), "everyline-index-"))));
    await mkdir(folder.root);
    return folder;
  }

  /** Opens an index on it; closed with the folder. */
  async open(options: Partial<IndexOptions> = {}): Promise<Index> {
    const defaults = {
      folder: this.index,
      root: this.root,
      addon: fakeAddon,
      readDiffs: (shas: string[]) => readDiffs(this.root, shas),
      writable: true,
      onMessage: (text: string) => this.messages.push(text),
    };
    const index = await Index.open({ ...defaults, ...options });
    this.#opened.push(index);
    return index;
  }

  async write(path: string, text: string | Uint8Array): Promise<void> {
    await mkdir(dirname(join(this.root, path)), { recursive: true });
    await writeFile(join(this.root, path), text);
  }

  /** Writes a file and prepares it. */
  async prepare(path: string, text: string | Uint8Array): Promise<Prepared> {
    await this.write(path, text);
    const { size, mtimeMs } = await stat(join(this.root, path));
    return prepareFile({ path, size, modified: mtimeMs }, Buffer.from(text), "grammar");
  }

  /** The same for a file that belongs to the memory. */
  async file(path: string, text: string): Promise<PreparedFile> {
    const result = await this.prepare(path, text);
    if ("skipped" in result) throw new Error(`${path} is left out: ${result.skipped.reason}`);
    return result.prepared;
  }

  async delete(): Promise<void> {
    for (const index of this.#opened) await index.close();
    await rm(this.#base, { recursive: true, force: true });
  }
}

/** A commit that touched src/a.ts, with what matters given. */
export function commit(sha: string, values: Partial<PreparedCommit> = {}): PreparedCommit {
  return {
    sha,
    author: "Ada",
    email: "ada@example.org",
    date: 1_700_000_000,
    authored: 1_700_000_000,
    parents: 1,
    subject: `Change ${sha}`,
    body: "",
    paths: ["src/a.ts"],
    ...values,
  };
}

/** Weights under which every field counts the same. */
export const evenWeights = { path: 1, symbols: 1, body: 1 };
