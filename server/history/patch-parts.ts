/**
 * A patch as passages for the word index: the changes of one file, long ones in several parts, with the words that went apart from those
 * that came. Context lines are not indexed: what a commit did not touch says little about it. The same patch always gives the same parts.
 */
import type { DiffPart, PreparedDiff } from "../index/types.ts";
import { documentDiffs } from "./commit-document.ts";
import { type PatchOptions, readPatches } from "./diffs.ts";
import type { Hunk, Patch } from "./patch-parser.ts";
import { withoutSecrets } from "./patch-secrets.ts";

/** Characters of a part, about. */
const longestPart = 3_000;

/** Reads what these commits changed as `readPatches` does, in parts. */
export async function* readDiffs(folder: string, shas: readonly string[], options: PatchOptions = {}): AsyncGenerator<PreparedDiff[]> {
  for await (const patches of readPatches(folder, shas, options)) yield patches.map(preparedDiff);
}

function preparedDiff(read: Patch): PreparedDiff {
  const patch = withoutSecrets(read);
  const documents = documentDiffs(patch).map((text) => Buffer.byteLength(text));
  return { sha: patch.sha, parts: partsOf(patch), documents, leftOut: patch.skippedFiles };
}

export function partsOf(patch: Patch): DiffPart[] {
  const parts: DiffPart[] = [];
  let part: DiffPart | undefined;
  for (const hunk of patch.hunks) {
    for (const piece of pieces(hunk)) {
      const fits = part && part.path === piece.path && part.removed.length + part.added.length + size(piece) <= longestPart;
      if (part && fits) {
        extend(part, piece);
        continue;
      }
      part = piece;
      parts.push(part);
    }
  }
  return parts;
}

function size(part: DiffPart): number {
  return part.removed.length + part.added.length;
}

function extend(part: DiffPart, more: DiffPart): void {
  part.oldLines = Math.max(part.oldLines, more.oldStart + more.oldLines - part.oldStart);
  part.newLines = Math.max(part.newLines, more.newStart + more.newLines - part.newStart);
  part.removed += more.removed;
  part.added += more.added;
  if (more.context && !part.context.includes(more.context)) part.context += `${part.context && "\n"}${more.context}`;
}

/** A hunk, cut where it is too long. */
function pieces(hunk: Hunk): DiffPart[] {
  const found: DiffPart[] = [];
  const { lines } = hunk;
  let old = hunk.oldStart;
  let now = hunk.newStart;
  let piece = emptyPart(hunk, old, now);
  for (let at = 0; at < lines.length; ) {
    const end = lines.indexOf("\n", at);
    const first = lines.charCodeAt(at);
    if (first === 43) piece.added += lines.slice(at + 1, end + 1);
    else if (first === 45) piece.removed += lines.slice(at + 1, end + 1);
    if (first !== 43 && first !== 92) old++;
    if (first !== 45 && first !== 92) now++;
    at = end + 1;
    piece.oldLines = old - piece.oldStart;
    piece.newLines = now - piece.newStart;
    if (size(piece) < longestPart) continue;
    found.push(piece);
    piece = emptyPart(hunk, old, now);
  }
  if (size(piece) > 0) found.push(piece);
  return found;
}

function emptyPart({ path, context }: Hunk, oldStart: number, newStart: number): DiffPart {
  return { path, oldStart, oldLines: 0, newStart, newLines: 0, context, removed: "", added: "" };
}
