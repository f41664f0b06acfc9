/** What the word index reads of a document: made anew from disk (files) or from the database (commits). */
import type { PassageText } from "../../native/addon.ts";
import { PathError, ReadError, readInside } from "../workspace/paths.ts";
import { redactSecrets } from "../workspace/secrets.ts";
import { definedIn, linesOf, textOf } from "./passages.ts";
import type { DiffReplay, FileReplay } from "./store-reader.ts";
import type { DiffPart, DiffPlace, PreparedCommit, PreparedDiff } from "./types.ts";

/**
 * The passages of a file in the index, with the text that is on disk now. Where the file changed or vanished since it was indexed the
 * words are those of now, or none: whoever watches the folder will say so.
 */
export async function readFilePassages(root: string, { path, first, lines, symbols }: FileReplay): Promise<PassageText[]> {
  const bytes = await readInside(root, path).catch((error) => {
    if (error instanceof ReadError || error instanceof PathError) return Buffer.alloc(0);
    throw error;
  });
  const text = bytes.includes(0) ? [] : linesOf(redactSecrets(decode(bytes)).text);
  return Array.from({ length: lines.length / 2 }, (_, i) => {
    const range = { startLine: lines[2 * i]!, endLine: lines[2 * i + 1]! };
    return { id: first + i, path, symbols: definedIn(symbols, range), body: textOf(text, range) };
  });
}

/** A commit as one passage: its changed paths, its subject, its body with who wrote it. */
export function commitText({ paths, subject, body, author }: PreparedCommit, passage: number): PassageText {
  return { id: passage, path: paths.join("\n"), symbols: subject, body: `${body}\n${author}` };
}

/**
 * The parts of a commit's diff, under ids from `first` on: what went stands in the field of names, what came in the body, so that a search
 * can ask for either.
 */
export function diffTexts(parts: readonly DiffPart[], first: number): PassageText[] {
  return parts.map(({ path, context, removed, added }, i) => ({
    id: first + i,
    path: `${path}\n${context}`,
    symbols: removed,
    body: added,
  }));
}

/** What the database keeps of a diff. */
export function withoutText({ sha, parts, documents, leftOut }: PreparedDiff): Omit<PreparedDiff, "parts"> & { parts: DiffPlace[] } {
  const places = parts.map(({ path, oldStart, oldLines, newStart, newLines }) => ({ path, oldStart, oldLines, newStart, newLines }));
  return { sha, parts: places, documents, leftOut };
}

/** Diffs read again. Where a commit's can no longer be read, its parts have no words. */
export async function readDiffTexts(
  readDiffs: (shas: string[]) => AsyncIterable<PreparedDiff[]>,
  diffs: readonly DiffReplay[],
): Promise<PassageText[]> {
  const places = new Map(diffs.map((it) => [it.sha, it]));
  const texts: PassageText[] = [];
  for await (const batch of readDiffs([...places.keys()])) {
    for (const { sha, parts } of batch) {
      const place = places.get(sha);
      if (place) texts.push(...diffTexts(parts.slice(0, place.count), place.first));
    }
  }
  return texts;
}

/** UTF-8 without a byte order mark; what is not UTF-8 becomes U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
