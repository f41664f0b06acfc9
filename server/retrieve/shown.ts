/**
 * The lines of a file to show: the definition around its best place, joined with other good places where they touch, and marked in it the
 * few lines that say most of what was asked.
 */
import { startWithComment } from "../index/passages.ts";
import { type Region, regionAround } from "../index/regions.ts";
import type { OutlineRow, PassageLines } from "../index/types.ts";
import type { Asked } from "./asked.ts";
import type { Place } from "./places.ts";

/** Lines shown of a region. */
export const REGION_LINES = 80;
/** Lines marked as the best ones. */
export const BEST_LINES = 12;
/** Share of what is asked beside a definition's name that a member must hold to be shown for it. */
const MEMBER_SHARE = 0.25;
/** Regions with at most this many lines between them are one. */
const TOUCHING = 1;

export interface Shown extends Region {
  bestStart: number;
  bestEnd: number;
}

/** A file that is looked into for a question. */
export class OpenFile {
  readonly asked: Asked;
  readonly lines: readonly string[];
  readonly symbols: readonly OutlineRow[];
  /** Of lines looked at, by their place. */
  readonly #masks: number[] = [];

  constructor(asked: Asked, lines: readonly string[], symbols: readonly OutlineRow[]) {
    this.asked = asked;
    this.lines = lines;
    this.symbols = symbols;
  }

  /** How much of the question stands on these lines, by mass, 0..1. */
  held(lines: PassageLines): number {
    const mask = this.masks(lines).reduce((all, mask) => all | mask, 0);
    return this.asked.mass(mask) / Math.max(1e-9, this.asked.mass(-1));
  }

  /** The question's terms on each of these lines, as masks. */
  masks({ startLine, endLine }: PassageLines): number[] {
    const found: number[] = [];
    for (let line = startLine; line <= Math.min(endLine, this.lines.length); line++) {
      const mask = this.#masks[line] ?? this.asked.onLine(this.lines[line - 1] as string);
      this.#masks[line] = mask;
      found.push(mask);
    }
    return found;
  }
}

/** The region of `place` (undefined: only the path matched), grown by the regions of `others` that touch it while it fits in `REGION_LINES`. */
export function shownOf(file: OpenFile, place: Place | undefined, others: readonly Place[]): Shown {
  const best = placeIn(file, place);
  const region = regionAround(file.symbols, file.lines, best.startLine, best.endLine, REGION_LINES);
  const joined = others.reduce<Region>((whole, other) => join(whole, aroundPlace(file, other)), region);
  const marked = bestLines(file, cut(best, region));
  return { ...joined, bestStart: marked.startLine, bestEnd: marked.endLine };
}

/** The region that a place alone would be shown as. */
export function aroundPlace(file: OpenFile, place: Place): Region {
  const best = placeIn(file, place);
  return regionAround(file.symbols, file.lines, best.startLine, best.endLine, REGION_LINES);
}

function placeIn(file: OpenFile, place: Place | undefined): PassageLines {
  const found = inside(place ?? start(file), file.lines.length);
  if (place?.symbol && found.endLine - found.startLine >= REGION_LINES)
    return place.symbol.whole ? { ...found, endLine: found.startLine } : inLong(file, found, place.symbol.symbol.name);
  return place?.symbol ? found : narrow(file, found);
}

/**
 * A definition named by the question that is too long to show: the member that holds most of what else is asked, its first line most of all;
 * where no member says enough of it, where the definition begins.
 */
function inLong(file: OpenFile, found: PassageLines, name: string): PassageLines {
  const rest = ~file.asked.onLine(name);
  const enough = MEMBER_SHARE * file.asked.mass(rest);
  let best = { ...found, endLine: found.startLine };
  let most = 0;
  for (const { startLine, endLine } of file.symbols) {
    if (startLine <= found.startLine || endLine > found.endLine) continue;
    const masks = file.masks({ startLine, endLine });
    const all = file.asked.mass(masks.reduce((all, mask) => all | mask, 0) & rest);
    const score = all + file.asked.mass((masks[0] ?? 0) & rest);
    if (all >= enough && score > most) [best, most] = [{ startLine, endLine }, score];
  }
  return best;
}

function join(a: Region, b: PassageLines): Region {
  const touching = b.startLine <= a.endLine + 1 + TOUCHING && a.startLine <= b.endLine + 1 + TOUCHING;
  const startLine = Math.min(a.startLine, b.startLine);
  const endLine = Math.max(a.endLine, b.endLine);
  return touching && endLine - startLine < REGION_LINES ? { ...a, startLine, endLine } : a;
}

function cut(lines: PassageLines, region: PassageLines): PassageLines {
  const startLine = Math.max(lines.startLine, region.startLine);
  return { startLine, endLine: Math.max(startLine, Math.min(lines.endLine, region.endLine)) };
}

/** Where a file begins for a reader, when nothing inside it matched: its first definition. */
function start({ symbols, lines }: OpenFile): PassageLines {
  const first = symbols[0];
  if (first) return { startLine: first.startLine, endLine: Math.min(first.endLine, first.startLine + REGION_LINES - 1) };
  return { startLine: 1, endLine: Math.min(lines.length, REGION_LINES / 2) };
}

/** The index may be older than the text read now. */
function inside(place: PassageLines, lines: number): PassageLines {
  const startLine = Math.min(Math.max(1, place.startLine), Math.max(1, lines));
  return { startLine, endLine: Math.min(Math.max(startLine, place.endLine), Math.max(1, lines)) };
}

/** A passage may span several definitions: the part inside the one that holds most of the question's words stands for it. */
function narrow(file: OpenFile, found: PassageLines): PassageLines {
  const inner = file.symbols.filter((it) => it.startLine > found.startLine && it.startLine <= found.endLine).map((it) => it.startLine);
  if (inner.length === 0) return found;
  const borders = [
    ...new Set([found.startLine, ...inner.map((line) => Math.max(found.startLine, startWithComment(file.lines, line)))]),
  ].sort((a, b) => a - b);
  const masks = file.masks(found);
  let best = found;
  let most = 0;
  borders.forEach((startLine, at) => {
    const endLine = (borders[at + 1] ?? found.endLine + 1) - 1;
    const terms = masks.slice(startLine - found.startLine, endLine - found.startLine + 1).reduce((all, mask) => all | mask, 0);
    const mass = file.asked.mass(terms);
    if (mass > most) [best, most] = [{ startLine, endLine }, mass];
  });
  return best;
}

/** At most `BEST_LINES` of the found ones: those that together hold most of the question's words, as few as possible. */
function bestLines(file: OpenFile, found: PassageLines): PassageLines {
  if (found.endLine - found.startLine < BEST_LINES) return found;
  const masks = file.masks(found);
  let best = { startLine: found.startLine, endLine: found.startLine + BEST_LINES - 1 };
  let most = 0;
  for (let first = 0; first < masks.length; first++) {
    let seen = 0;
    for (let last = first; last < Math.min(first + BEST_LINES, masks.length); last++) {
      const fresh = (masks[last] as number) & ~seen;
      if (fresh === 0) continue;
      seen |= fresh;
      const mass = file.asked.mass(seen) / (1 + (last - first) / 100);
      if (mass > most + 1e-9) [best, most] = [{ startLine: found.startLine + first, endLine: found.startLine + last }, mass];
    }
  }
  return best;
}
