/**
 * What follows a call on its line (`;`, `) {`, `?;`, ` ?? []`): some features of what follows other calls of the function, and calls in the lines
 * around, weighed by a ranker.
 *
 * Fitted as the chances of names are (chances.ts).
 */
import { indentation } from "../index/passages.ts";
import { type CallSite, pastQuote } from "./calls.ts";
import { type Ranking, rankChances } from "./ranker.ts";
import { tailRanker } from "./rankers.ts";
import type { Surroundings } from "./surroundings.ts";
import { tally } from "./tally.ts";

export type TailFeature =
  /** Share of the function's other calls that it follows, logarithm of how many; of those in a line of the same shape. */
  | "sites"
  | "sitesCount"
  | "sitesShape"
  /** Share of the calls around; of those in a line of the same shape; of those behind the same two words; behind the same brackets. */
  | "here"
  | "hereCount"
  | "hereShape"
  | "hereHead"
  | "hereOpen"
  /** Of the calls around: 1 where the nearest has it, less for one farther away. */
  | "near"
  /** The line's brackets are closed; more than its own; one is left open, and how it ends. */
  | "closed"
  | "closesMore"
  | "leavesOpen"
  /** Leaves a bracket or block open, and the line below is deeper; and it is not; leaves none, and it is. */
  | "opensDeeper"
  | "opensNot"
  | "closedDeeper"
  /** The line below goes on with an operator or a dot: and the line has ended; has not. */
  | "endsContinued"
  | "goesOn"
  /** Ends with the character that the line above, the line below of the same depth, most lines around end with. */
  | "asAbove"
  | "asBelow"
  | "asMost"
  | "empty"
  | "length"
  | "named"
  /** The same for all tails of a place. */
  | "statement"
  | "assigns"
  | "returning"
  | "condition"
  | "open"
  | "sitesKnown"
  | "callsKnown";
export type TailFeatures = Partial<Record<TailFeature, number>>;

export interface TailPlace {
  around: Surroundings;
  /** The line up to the function's name, and what is written from there to behind the call's bracket. */
  head: string;
  call: string;
  /** Other calls of the function. */
  sites: readonly CallSite[];
}

/** Lines around the cursor's whose calls are read. */
const linesAbove = 250;
const linesBelow = 120;
const longestTail = 50;
/** Probability that a tail is one of those known, where many calls are. */
const mostShare = 0.85;

/** A call around, or one of the function's. */
interface Seen {
  tail: string;
  head: string;
  /** Lines between it and the cursor's. */
  distance: number;
}

export function tailCandidates(place: TailPlace): Ranking {
  const { around, head, sites } = place;
  const above = around.text.slice(0, around.at).split("\n").slice(0, -1).slice(-linesAbove);
  const below = around.text
    .slice(around.at)
    .split("\n")
    .slice(1, 1 + linesBelow);
  const near = [...above.flatMap((line, at) => callsOf(line, above.length - at)), ...below.flatMap((line, at) => callsOf(line, at + 1))];
  const own = sites.filter((site) => !site.defines).map(({ tail, head }) => ({ tail, head, distance: 0 }));
  const shape = shapeOf(head);
  const counts = {
    sites: tailsOf(own),
    sitesShape: tailsOf(own.filter((one) => shapeOf(one.head) === shape)),
    here: tailsOf(near),
    hereShape: tailsOf(near.filter((one) => shapeOf(one.head) === shape)),
    hereHead: tailsOf(near.filter((one) => lastWords(one.head) === lastWords(head))),
    hereOpen: tailsOf(near.filter((one) => openIn(one.head) === openIn(head))),
  };
  const nearest = new Map<string, number>();
  for (const one of near) nearest.set(one.tail, Math.max(nearest.get(one.tail) ?? 0, 1 / Math.sqrt(one.distance)));
  const lines = linesAround(above, below, around.line);
  const texts = new Set(["", ...counts.sites.keys(), ...counts.here.keys()]);
  const closers = closing(openIn(head));
  if (closers !== "") for (const end of plainEnds) texts.add(closers + end);
  const common = {
    ...kindOf(head),
    open: openIn(head).length,
    sitesKnown: Math.log1p(own.length),
    callsKnown: Math.log1p(own.length + near.length),
  };
  const candidates = [...texts]
    .filter((text) => text.length <= longestTail)
    .map((text) => ({
      text,
      features: [
        {
          sites: shareOf(counts.sites, text),
          sitesCount: Math.log1p(counts.sites.get(text) ?? 0),
          sitesShape: shareOf(counts.sitesShape, text),
          here: shareOf(counts.here, text),
          hereCount: Math.log1p(counts.here.get(text) ?? 0),
          hereShape: shareOf(counts.hereShape, text),
          hereHead: shareOf(counts.hereHead, text),
          hereOpen: shareOf(counts.hereOpen, text),
          near: nearest.get(text) ?? 0,
          empty: +(text === ""),
          length: text.length / 10,
          named: +/[\p{L}_]/u.test(text),
        },
        endFeatures(head + place.call + text, lines),
      ],
    }));
  return { candidates, common };
}

/** Probabilities of what may follow, their sum being 1; `share`: that it is one of these, the more calls are known. */
export function tailChances(place: TailPlace): { chances: Map<string, number>; share: number } {
  const ranking = tailCandidates(place);
  const known = Math.expm1(ranking.common.callsKnown ?? 0);
  return { chances: rankChances(ranking, tailRanker), share: (mostShare * known) / (known + 2) };
}

interface Lines {
  above: string;
  below: string;
  /** How much deeper the line below is than the cursor's. */
  deeper: number;
  /** Last characters of the lines around, by count. */
  ends: ReadonlyMap<string, number>;
  total: number;
}

function linesAround(above: readonly string[], below: readonly string[], line: string): Lines {
  const ends = new Map<string, number>();
  const all = [...above.slice(-60), ...below.slice(0, 30)]
    .map((one) => one.trim())
    .filter((one) => /\w\(/.test(one) && !/^(?:\/\/|#|\*)/.test(one));
  for (const one of all) ends.set(one.slice(-1), (ends.get(one.slice(-1)) ?? 0) + 1);
  const next = below.find((one) => one.trim() !== "") ?? "";
  return {
    above: above.findLast((one) => one.trim() !== "") ?? "",
    below: next,
    deeper: indentation(next) - indentation(line),
    ends,
    total: all.length,
  };
}

function endFeatures(line: string, { above, below, deeper, ends, total }: Lines): TailFeatures {
  const { left, closedMore } = bracketsOf(line);
  const last = line.trimEnd().slice(-1);
  const opens = left !== "" || /(?:[:{]|=>|->|\bdo|\bthen|\bin)$/.test(line);
  const next = below.trim();
  const continued = /^(?:[.?&|+*/=<>-]|->|::|and\b|or\b|else\b)/.test(next) && !/^(?:\/\/|\/\*|--|\*)/.test(next);
  const ended = /[;,{]$/.test(line);
  return {
    closed: +(left === "" && !closedMore),
    closesMore: +closedMore,
    leavesOpen: left.length,
    opensDeeper: +(opens && deeper > 0),
    opensNot: +(opens && deeper <= 0),
    closedDeeper: +(!opens && deeper > 0),
    endsContinued: +(continued && ended),
    goesOn: +(continued && !ended),
    asAbove: +(above.trimEnd().slice(-1) === last),
    asBelow: +(deeper === 0 && below.trimEnd().slice(-1) === last),
    asMost: total === 0 ? 0 : (ends.get(last) ?? 0) / total,
  };
}

/** Calls of a line that end on it, with what stands before and behind. */
function callsOf(line: string, distance: number): Seen[] {
  const found: Seen[] = [];
  if (!line.includes("(") || line.length > 300) return found;
  const open: { at: number; name: boolean }[] = [];
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '"' || character === "'" || character === "`") at = pastQuote(line, at, line.length);
    else if ("([{".includes(character)) open.push({ at, name: character === "(" && /[\p{L}\p{N}_$>!]/u.test(line[at - 1] ?? "") });
    else if (")]}".includes(character)) {
      const call = open.pop();
      if (call?.name)
        found.push({
          tail: line.slice(at + 1).trimEnd(),
          head: line.slice(0, call.at).replace(/[\p{L}\p{N}_$]+(?:<[^<>()]*>)?!?$/u, ""),
          distance,
        });
    }
  }
  return found;
}

/** Brackets that the line leaves open, and whether it closes some that others opened. */
function bracketsOf(line: string): { left: string; closedMore: boolean } {
  const open: string[] = [];
  let closedMore = false;
  for (let at = 0; at < line.length; at++) {
    const character = line[at] as string;
    if (character === '"' || character === "'" || character === "`") at = pastQuote(line, at, line.length);
    else if ("([{".includes(character)) open.push(character);
    else if (")]}".includes(character) && open.pop() === undefined) closedMore = true;
  }
  return { left: open.join(""), closedMore };
}

/** What may stand behind brackets that are closed. */
const plainEnds = ["", ";", ",", ":", " {"];

function closing(open: string): string {
  return [...open]
    .reverse()
    .map((bracket) => ({ "(": ")", "[": "]", "{": "}" })[bracket])
    .join("");
}

function openIn(head: string): string {
  return bracketsOf(head).left;
}

const receiver = /(?:[\p{L}\p{N}_$@]+(?:\([^()]*\)|\[[^\][]*\]|<[\w, ]*>)*[?!]*(?:\.|->|::|\\))+$/u;

function kindOf(head: string): { statement: number; assigns: number; returning: number; condition: number } {
  const bare = head.replace(receiver, "").trim();
  return {
    statement: +/^(?:await|try[?!]?|)$/.test(bare),
    assigns: +/(?<![=!<>])=(?:\s*(?:new|await|try[?!]?|!|&))*$/.test(bare),
    returning: +/\breturn\b/.test(bare),
    condition: +/^(?:\}?\s*(?:else\s+)?if|elif|while|for|switch|match|guard|unless)\b/.test(bare),
  };
}

/** What kind of line it is, and which brackets are open in it. */
function shapeOf(head: string): string {
  const { statement, assigns, returning, condition } = kindOf(head);
  return `${statement}${assigns}${returning}${condition}${openIn(head)}`;
}

function lastWords(head: string): string {
  return (head.match(/[\p{L}\p{N}_$]+|[^\s\p{L}\p{N}_$]/gu) ?? []).slice(-2).join(" ");
}

function tailsOf(all: readonly Seen[]): Map<string, number> {
  return tally(all.map(({ tail }) => tail));
}

function shareOf(counts: ReadonlyMap<string, number>, text: string): number {
  const count = counts.get(text);
  if (!count) return 0;
  let sum = 0;
  for (const one of counts.values()) sum += one;
  return count / (sum + 1);
}
