/**
 * A commit as the model reads it (model/README.md, Documents): subject, body, and its patch without git's own lines.
 *
 * A long patch becomes several parts under the same subject, cut between files where that is enough, else between hunks, else between
 * lines. Where it is cut depends on the patch alone, so that the same commit always gives the same parts.
 */
import type { Hunk, Patch } from "./patch-parser.ts";

/** Characters of a part's patch; training saw no longer ones. */
export const longestDocument = 5_000;
/** Characters of a body. */
const longestBody = 600;

/** A commit's patch in parts, each at most `longestDocument` characters; none where nothing that belongs was changed. */
export function documentDiffs({ hunks }: Pick<Patch, "hunks">): string[] {
  const parts: string[] = [];
  let part = "";
  for (const file of byFile(hunks)) {
    const whole = file.map((hunk, i) => hunkText(hunk, i === 0)).join("");
    if (part && part.length + whole.length > longestDocument) {
      parts.push(part);
      part = "";
    }
    if (whole.length <= longestDocument) {
      part += whole;
      continue;
    }
    for (const piece of file.flatMap((hunk) => pieces(hunk))) {
      const begins = part === "" || part.length + piece.length > longestDocument;
      if (begins && part) parts.push(part);
      if (begins) part = "";
      part += part === "" ? `${fileLine(file[0]!)}${piece}` : piece;
    }
    parts.push(part);
    part = "";
  }
  if (part) parts.push(part);
  return parts;
}

/** What stands before the patch: the first part has the body, too. */
export function documentHead({ subject, body }: { subject: string; body: string }, part: number): string {
  const said = part === 0 ? body.trim().slice(0, longestBody) : "";
  return said ? `${subject}\n${said}\n` : `${subject}\n`;
}

/** Hunks of one file follow each other. */
function byFile(hunks: readonly Hunk[]): Hunk[][] {
  const files: Hunk[][] = [];
  for (const hunk of hunks) {
    const last = files.at(-1);
    if (last && last[0]!.path === hunk.path) last.push(hunk);
    else files.push([hunk]);
  }
  return files;
}

function fileLine({ path, oldPath }: Hunk): string {
  return oldPath === path ? `@@ ${path}\n` : `@@ ${oldPath} -> ${path}\n`;
}

function hunkText(hunk: Hunk, isFirst: boolean): string {
  return `${isFirst ? fileLine(hunk) : ""}@@ ${hunk.context}\n${hunk.lines}`;
}

/** A hunk, between lines where it is too long for one part; room is left for the file's line. */
function pieces(hunk: Hunk): string[] {
  const head = `@@ ${hunk.context}\n`;
  const room = longestDocument - head.length - fileLine(hunk).length;
  const found: string[] = [];
  let from = 0;
  while (from < hunk.lines.length) {
    const end = from + room >= hunk.lines.length ? hunk.lines.length : hunk.lines.lastIndexOf("\n", from + room - 1) + 1;
    const to = end > from ? end : hunk.lines.indexOf("\n", from) + 1 || hunk.lines.length;
    found.push(head + hunk.lines.slice(from, to));
    from = to;
  }
  return found;
}
