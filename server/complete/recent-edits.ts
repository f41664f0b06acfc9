/**
 * Where the user has just written: a few pieces of text, of all files. What is written next is often like what was written last elsewhere.
 */
import { isSecretPath, redactSecrets } from "../workspace/secrets.ts";

export interface EditedRegion {
  /** Relative to the folder. */
  path: string;
  /** The edited lines with some around them; secret-looking lines are blanked. */
  text: string;
}

interface Region extends EditedRegion {
  /** Edited lines of the file, from 0; `end` exclusive. */
  start: number;
  end: number;
}

/** Lines `start` to `end` of a text stand where another had lines `start` to `oldEnd`. */
interface Change {
  start: number;
  end: number;
  oldEnd: number;
}

const mostRegions = 8;
/** A longer change is none that was typed: a reformatted file, another branch. */
const mostLines = 60;
const linesAround = 3;

export class RecentEdits {
  #regions: readonly Region[] = [];

  /** Newest first. */
  regions(): readonly EditedRegion[] {
    return this.#regions;
  }

  /** The text of a file was `before`, and is `after`. */
  note(path: string, before: string, after: string): void {
    if (isSecretPath(path)) return;
    const lines = after.split("\n");
    const change = changeBetween(before.split("\n"), lines);
    const regions = this.#regions.map((one) => (one.path === path ? moved(one, change) : one));
    const { start, end, oldEnd } = change;
    if ((start === end && end === oldEnd) || end - start > mostLines) {
      this.#regions = regions;
      return;
    }
    const touching = regions.filter((one) => one.path === path && one.start <= end + linesAround && one.end >= start - linesAround);
    const joined = [change, ...touching];
    const first = Math.min(...joined.map((one) => one.start));
    const last = Math.max(...joined.map((one) => one.end));
    const edited = last - first > mostLines ? { start, end } : { start: first, end: last };
    this.#regions = [regionOf(path, edited, lines), ...regions.filter((one) => !touching.includes(one))].slice(0, mostRegions);
  }
}

function regionOf(path: string, { start, end }: { start: number; end: number }, lines: readonly string[]): Region {
  const text = lines.slice(Math.max(0, start - linesAround), end + linesAround).join("\n");
  return { path, start, end, text: redactSecrets(text).text };
}

function changeBetween(before: readonly string[], after: readonly string[]): Change {
  const shorter = Math.min(before.length, after.length);
  let start = 0;
  while (start < shorter && before[start] === after[start]) start++;
  let same = 0;
  while (same < shorter - start && before[before.length - 1 - same] === after[after.length - 1 - same]) same++;
  return { start, end: after.length - same, oldEnd: before.length - same };
}

/** Where a region's lines are after a change above or inside of it. */
function moved(region: Region, { start, end, oldEnd }: Change): Region {
  const grown = end - oldEnd;
  if (region.start >= oldEnd) return { ...region, start: region.start + grown, end: region.end + grown };
  if (region.end > start) return { ...region, end: Math.max(region.start, region.end + grown) };
  return region;
}
