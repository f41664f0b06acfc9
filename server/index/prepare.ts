/** Bytes of a file → what the index keeps of it, or why it is left out. Pure, but for the parser that outline.ts loads. */

import { turn } from "../turns.ts";
import { gitBlobId } from "../workspace/blob.ts";
import { classifyContent, classifyPath } from "../workspace/classify.ts";
import type { WorkspaceFile } from "../workspace/discover.ts";
import { languageOf } from "../workspace/language.ts";
import { fileRole } from "../workspace/role.ts";
import { redactSecrets } from "../workspace/secrets.ts";
import { outline } from "./outline.ts";
import { decode } from "./passage-text.ts";
import { definedIn, linesOf, splitPassages, textOf } from "./passages.ts";
import { outlineByPatterns } from "./patterns.ts";
import type { PreparedFile, SkippedFile, SymbolDefinition } from "./types.ts";

/** "patterns": definitions by line patterns only, for files on which the parser got stuck. */
export type OutlineBy = "grammar" | "patterns";

export type Prepared = { prepared: PreparedFile } | { skipped: SkippedFile };

/** Judges, outlines and splits a file. `file.size` and `modified` are those the bytes were read with. */
export async function prepareFile(file: WorkspaceFile, bytes: Uint8Array, by: OutlineBy): Promise<Prepared> {
  const { path, size, modified } = file;
  for (const { reason, detail } of [classifyPath(path, size), classifyContent(path, bytes)])
    if (reason) return { skipped: { path, size, modified, reason, detail } };
  const { text } = redactSecrets(decode(bytes));
  const language = languageOf(path, text);
  const role = fileRole(path, text);
  const lines = linesOf(text);
  const symbols = by === "grammar" ? await outline(language, text) : outlineByPatterns(language, lines);
  return {
    prepared: {
      path,
      size,
      modified,
      blob: gitBlobId(bytes),
      role,
      language,
      lines: lines.length,
      encode: role !== "generated" && role !== "vendored" && /\S/.test(text),
      symbols,
      passages: passagesWithText(lines, symbols),
    },
  };
}

/**
 * Passages and definitions of unsaved text; null where it does not belong to the memory. Definitions by patterns: a key was just pressed, and others
 * have their turn in between.
 */
export async function prepareText(path: string, text: string): Promise<Pick<PreparedFile, "passages" | "symbols"> | null> {
  const bytes = Buffer.from(text);
  if (classifyPath(path, bytes.length).reason || classifyContent(path, bytes).reason) return null;
  const safe = redactSecrets(text).text;
  await turn();
  const lines = linesOf(safe);
  const symbols = outlineByPatterns(languageOf(path, safe), lines);
  await turn();
  return { symbols, passages: passagesWithText(lines, symbols) };
}

function passagesWithText(lines: readonly string[], symbols: readonly SymbolDefinition[]): PreparedFile["passages"] {
  return splitPassages(lines, symbols).map((range) => ({ ...range, symbols: definedIn(symbols, range), text: textOf(lines, range) }));
}
