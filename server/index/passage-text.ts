/** What the word index reads of a document: made anew from disk (files) or from the database (commits). */
import type { PassageText } from "../../native/addon.ts";
import { PathError, ReadError, readInside } from "../workspace/paths.ts";
import { redactSecrets } from "../workspace/secrets.ts";
import { definedIn, linesOf, textOf } from "./passages.ts";
import type { FileReplay } from "./store-reader.ts";
import type { PreparedCommit } from "./types.ts";

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

/** UTF-8 without a byte order mark; what is not UTF-8 becomes U+FFFD. */
export function decode(bytes: Uint8Array): string {
  return new TextDecoder().decode(bytes);
}
