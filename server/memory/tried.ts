/**
 * What was found sound on an earlier start, so that it need not be tried again: by the file's identity, which any change of it changes.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";

export class Tried {
  readonly #memo: string;

  /** `home`: EVERYLINE_HOME. */
  constructor(home: string) {
    this.#memo = join(home, "tried.json");
  }

  /** Whether this very file was found sound by this very Node. */
  has(file: string): boolean {
    const identity = identityOf(file);
    return identity !== "" && this.#read()[file] === identity;
  }

  /** On a full disk it is tried again next time. */
  remember(file: string): void {
    const memo = JSON.stringify({ ...this.#read(), [file]: identityOf(file) });
    try {
      writeFileSync(this.#memo, memo, { mode: 0o600 });
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
    }
  }

  #read(): Record<string, string> {
    try {
      return JSON.parse(readFileSync(this.#memo, "utf8"));
    } catch {
      return {}; // no memo yet, or a damaged one: all is tried again
    }
  }
}

/** "" when the file is missing: who tries it says so in words of their own. */
function identityOf(file: string): string {
  const stat = statSync(file, { throwIfNoEntry: false });
  return stat ? `${stat.ino} ${stat.size} ${stat.mtimeMs} ${stat.ctimeMs} ${process.version}` : "";
}
