/** The texts of a folder's files: as they are shown, as the model reads them, and unsaved ones in their place. Secrets never leave. */
import { lstatSync } from "node:fs";
import { access } from "node:fs/promises";
import { join } from "node:path";
import { type Framed, normaliseText, type Tokenizer } from "../../native/tokenizer.ts";
import type { Index } from "../index/index.ts";
import type { DocumentRow } from "../index/types.ts";
import { gitBlobId } from "../workspace/blob.ts";
import { excludeMatcher } from "../workspace/discover.ts";
import { isRelativeInside, PathError, ReadError, readInside } from "../workspace/paths.ts";
import { isSecretPath, redactSecrets } from "../workspace/secrets.ts";

/** Characters of shown texts that are kept: a question looks at ten files, the next one often at the same. */
const keptCharacters = 16_000_000;
/** Files read at once: each waits for the system half a dozen times. */
const readTogether = 16;

interface Kept {
  /** Size and times of the file when it was read. */
  state: string;
  text: string;
}

export class FileTexts {
  readonly #root: string;
  readonly #index: Pick<Index, "documentAt" | "setUnsaved">;
  readonly #headerPrefix: string;
  readonly #unsaved = new Map<string, string>();
  /** Texts shown last, the latest at the end. */
  readonly #kept = new Map<string, Kept>();
  #characters = 0;

  constructor({ root, index, headerPrefix }: { root: string; index: Pick<Index, "documentAt" | "setUnsaved">; headerPrefix: string }) {
    this.#root = root;
    this.#index = index;
    this.#headerPrefix = headerPrefix;
  }

  /** Relative to the git top level. */
  headerPath(path: string): string {
    return this.#headerPrefix ? `${this.#headerPrefix}/${path}` : path;
  }

  /** Unsaved text first; lines that look like secrets are blank. undefined when the file cannot be read or is a secret. */
  async shown(path: string): Promise<string | undefined> {
    const unsaved = this.#unsaved.get(path);
    if (unsaved !== undefined) return redactSecrets(unsaved).text;
    if (isSecretPath(path) || !isRelativeInside(path)) return undefined;
    const state = this.#state(path); // before the bytes: a change in between makes them older than they are, never newer
    const kept = this.#kept.get(path);
    if (kept && kept.state === state && state) return this.#keep(path, kept);
    const bytes = await this.#read(path);
    return bytes && this.#keep(path, { state, text: redactSecrets(normaliseText(bytes)).text });
  }

  #keep(path: string, shown: Kept): string {
    this.#forget(path);
    this.#kept.set(path, shown);
    this.#characters += shown.text.length;
    for (const oldest of this.#kept.keys()) {
      if (this.#characters <= keptCharacters) break;
      this.#forget(oldest);
    }
    return shown.text;
  }

  #forget(path: string): void {
    this.#characters -= this.#kept.get(path)?.text.length ?? 0;
    this.#kept.delete(path);
  }

  /** What changes with a file's bytes; "" when it is not there. At once: a question asks for ten, and waking a thread takes longer than the look. */
  #state(path: string): string {
    try {
      const stats = lstatSync(join(this.#root, path), { throwIfNoEntry: false });
      return stats?.isFile() ? `${stats.size} ${stats.mtimeMs} ${stats.ctimeMs} ${stats.ino}` : "";
    } catch {
      return ""; // a folder that may not be entered, a path too long
    }
  }

  /** Documents as the model reads them, by id; those that are no longer what was indexed are missing. */
  async framedFiles(rows: readonly DocumentRow[], tokenizer: Tokenizer): Promise<Map<number, Framed>> {
    const framed = new Map<number, Framed>();
    for (let at = 0; at < rows.length; at += readTogether) {
      const some = rows.slice(at, at + readTogether);
      const read = await Promise.all(some.map((row) => this.#framed(row, tokenizer)));
      for (const [index, row] of some.entries()) if (read[index]) framed.set(row.id, read[index]);
    }
    return framed;
  }

  /** A document as the model reads it; undefined when the file is no longer what was indexed: the next reading brings its new document. */
  async #framed(row: DocumentRow, tokenizer: Tokenizer): Promise<Framed | undefined> {
    const bytes = await this.#read(row.path);
    if (!bytes || gitBlobId(bytes) !== row.blob) return undefined;
    return tokenizer.frameFile(this.headerPath(row.path), redactSecrets(normaliseText(bytes)).text);
  }

  /** Null takes the unsaved text back. Ignored, excluded and secret files stay out, also when they are open and unsaved. */
  async setUnsaved(path: string, text: string | null, exclude: readonly string[]): Promise<void> {
    if (text === null) this.#unsaved.delete(path);
    else if (await this.#belongs(path, exclude)) this.#unsaved.set(path, text);
    else return;
    await this.#index.setUnsaved(path, text);
  }

  /** A file that is not on disk yet is welcome. */
  async #belongs(path: string, exclude: readonly string[]): Promise<boolean> {
    if (!isRelativeInside(path) || isSecretPath(path) || excludeMatcher(exclude)(path)) return false;
    if (this.#unsaved.has(path) || (await this.#index.documentAt(path))) return true;
    return access(join(this.#root, path)).then(
      () => false,
      () => true,
    );
  }

  async #read(path: string): Promise<Buffer | undefined> {
    try {
      return await readInside(this.#root, path);
    } catch (error) {
      if (error instanceof ReadError || error instanceof PathError) return undefined;
      throw error;
    }
  }
}
