/** What can go wrong with an index on disk, as errors for people. */

/** The index's files are damaged or of another version: they must be set aside and the index rebuilt. */
export class DamagedIndexError extends Error {
  override readonly name = "DamagedIndexError";
}

/** The index could not be read or written although it is whole: a full disk, missing rights, a lock that never opened. */
export class IndexAccessError extends Error {
  override readonly name = "IndexAccessError";
}

export function damaged(file: string, reason: string): DamagedIndexError {
  return new DamagedIndexError(
    `The index ${file} cannot be used: ${reason}. It is set aside and rebuilt when this folder is indexed again.`,
  );
}

/** SQLite's primary result codes that are told apart. */
const code = { busy: 5, readOnly: 8, io: 10, corrupt: 11, full: 13, cannotOpen: 14, notADatabase: 26 } as const;

/** Turns whatever SQLite threw for `file` into an error for people; others pass through unchanged. */
export function explain(error: unknown, file: string): unknown {
  const result = sqliteCode(error);
  if (result === undefined) return error;
  const text = (error as Error).message;
  if (result === code.corrupt || result === code.notADatabase) return damaged(file, text);
  if (result === code.full)
    return new IndexAccessError(`The disk is full: the index ${file} could not be written. Free some space and try again.`);
  if (result === code.readOnly || result === code.cannotOpen || result === code.io)
    return new IndexAccessError(`The index ${file} could not be read or written (${text}). Check the rights and the space of its folder.`);
  if (result === code.busy) return new IndexAccessError(`The index ${file} is in use by another process that does not let go of it.`);
  return error;
}

/** Another connection holds what is needed: the same may succeed a moment later. */
export function isBusy(error: unknown): boolean {
  return sqliteCode(error) === code.busy;
}

function sqliteCode(error: unknown): number | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  return typeof errcode === "number" ? errcode & 0xff : undefined;
}
