/** What a commit changed, as evidence: the hunk that holds most of the question's words, as it was, and where it is. */
import type { Hunk, Patch } from "../history/patch-parser.ts";
import type { IndexReader } from "../index/api.ts";
import type { DiffPlace } from "../index/types.ts";
import { Asked } from "./asked.ts";
import type { Query } from "./query.ts";

/** A place in a commit's changes, to jump to. Paths are relative to the git top level. */
export interface Change {
  /** After the change; of a deleted file, before it. */
  path: string;
  /** Before the change; other than `path` where the file was renamed. */
  oldPath: string;
  /** 1-based, inclusive, before and after; 0 on a side without lines. */
  oldStart: number;
  oldEnd: number;
  newStart: number;
  newEnd: number;
  /** Lines as in a patch, some of them where they are many; secret-looking ones blanked. */
  text: string;
}

export interface ShownChange extends Change {
  /** Which lines hold words of the question. */
  side: "removed" | "added" | "both";
}

/** Lines shown of a hunk. */
const MOST_LINES = 30;

/** The best hunk of the part of a patch that was found; undefined where the patch cannot be read any more. */
export function changeIn(index: IndexReader, query: Query, place: DiffPlace, patch: Patch | undefined): ShownChange | undefined {
  const hunks = (patch?.hunks ?? []).filter((hunk) => hunk.path === place.path && touches(hunk, place));
  if (hunks.length === 0) return undefined;
  const asked = Asked.of(index, query);
  const judged = hunks.map((hunk) => ({ hunk, ...judge(asked, hunk) }));
  const best = judged.reduce((a, b) => (b.mass > a.mass ? b : a));
  return { ...placeOf(best.hunk), text: cut(best.hunk.lines, best.line), side: best.side };
}

function touches(hunk: Hunk, place: DiffPlace): boolean {
  const before = hunk.oldStart <= place.oldStart + place.oldLines && hunk.oldStart + hunk.oldLines >= place.oldStart;
  return before && hunk.newStart <= place.newStart + place.newLines && hunk.newStart + hunk.newLines >= place.newStart;
}

interface Judged {
  mass: number;
  /** Number of the line with most. */
  line: number;
  side: ShownChange["side"];
}

function judge(asked: Asked, hunk: Hunk): Judged {
  const found = { "-": 0, "+": 0 };
  let line = 0;
  let most = -1;
  for (const [number, text] of hunk.lines.split("\n").entries()) {
    const sign = text[0];
    if (sign !== "-" && sign !== "+") continue;
    const mask = asked.onLine(text);
    found[sign] |= mask;
    const mass = asked.mass(mask);
    if (mass > most) [line, most] = [number, mass];
  }
  const [removed, added] = [asked.mass(found["-"]), asked.mass(found["+"])];
  return { mass: asked.mass(found["-"] | found["+"]), line, side: removed > added ? "removed" : added > removed ? "added" : "both" };
}

function placeOf({ path, oldPath, oldStart, oldLines, newStart, newLines }: Hunk): Omit<Change, "text"> {
  return {
    path,
    oldPath,
    oldStart: oldLines > 0 ? oldStart : 0,
    oldEnd: oldLines > 0 ? oldStart + oldLines - 1 : 0,
    newStart: newLines > 0 ? newStart : 0,
    newEnd: newLines > 0 ? newStart + newLines - 1 : 0,
  };
}

/** At most `MOST_LINES` lines around line `best`. */
function cut(lines: string, best: number): string {
  const all = lines.trimEnd().split("\n");
  const from = Math.max(0, Math.min(best - MOST_LINES / 3, all.length - MOST_LINES));
  return all.slice(from, from + MOST_LINES).join("\n");
}
