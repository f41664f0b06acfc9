/**
 * A lock held by one process: an SQLite file with an exclusive transaction that is never committed.
 *
 * The operating system drops it when the process ends, however it ends, so a killed writer never blocks the next one.
 */
import { mkdirSync } from "node:fs";
import { dirname } from "node:path";
import { DatabaseSync } from "node:sqlite";

const busy = 5;

export class Lock {
  readonly #path: string;
  #held: DatabaseSync | undefined;
  #timer: NodeJS.Timeout | undefined;

  /** `path`: the lock's own file, used for nothing else. */
  constructor(path: string) {
    this.#path = path;
  }

  get held(): boolean {
    return this.#held !== undefined;
  }

  /** Takes the lock if no other process has it, waiting at most `waitMs`. Throws when the file cannot be opened. */
  tryLock(waitMs = 0): boolean {
    if (this.#held) return true;
    mkdirSync(dirname(this.#path), { recursive: true, mode: 0o700 });
    const database = new DatabaseSync(this.#path, { timeout: waitMs });
    try {
      database.exec("BEGIN EXCLUSIVE");
    } catch (error) {
      database.close();
      if ((error as { errcode?: number }).errcode === busy) return false;
      throw error;
    }
    this.#held = database;
    return true;
  }

  /** Calls `taken` once this process has got the lock, trying every `everyMs` milliseconds. `release` ends the trying. */
  onFree(taken: () => void, everyMs = 1500): void {
    clearInterval(this.#timer);
    this.#timer = setInterval(() => {
      if (!this.#tryQuietly()) return;
      clearInterval(this.#timer);
      taken();
    }, everyMs);
    this.#timer.unref();
  }

  release(): void {
    clearInterval(this.#timer);
    this.#held?.close();
    this.#held = undefined;
  }

  #tryQuietly(): boolean {
    try {
      return this.tryLock();
    } catch {
      return false; // the folder is unreachable for now: the next tick tries again
    }
  }
}
