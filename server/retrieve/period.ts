/**
 * Time and tag words of a question as a period: "last month", "in 2021", "before 2.0", "since v1.3", "between v1.2 and v1.3".
 *
 * A tag stands for the time of its commit. What was read is taken out of the words to search for.
 */
import type { Tag } from "../history/tags.ts";

export interface Period {
  /** Seconds since the epoch, inclusive and exclusive. */
  from: number;
  to: number;
  /** The question without the words of time. */
  rest: string;
  /** The words can mean nothing else, unlike "in 1.2", which may be part of a name. */
  isSure: boolean;
}

const DAY = 86_400;
const UNITS: Record<string, number> = { day: 1, week: 7, month: 31, quarter: 92, year: 366 };
const MONTHS = "january february march april may june july august september october november december".split(" ");
const MONTH = `(?:${MONTHS.map((month) => `${month.slice(0, 3)}(?:${month.slice(3)})?`).join("|")})\\.?`;
/** A point in time: 2021, 2021-05, 2021-05-17, May 2021, v1.2, 1.2.0, or a tag's whole name (curl-8_1_0). */
const POINT = String.raw`(?:${MONTH},? (?:of )?\d{4}|\d{4}-\d{2}(?:-\d{2})?|(?:(?:version|release|tag) v?\d+(?:\.\d+)*|v\d+(?:\.\d+)*|\d+(?:\.\d+)+|\d{4})(?:[-.]?(?:alpha|beta|rc|dev)[-.]?\d*)?|[a-z][\w/-]{0,60}\d(?:[\w.-]{0,30}\w)?)`;

const AGO = /\b(?:in|within|during|over|since)?\s*(?:the )?(?:last|past)\s+(?:(\d{1,4})\s+)?(day|week|month|quarter|year)s?\b/i;
const NAMED = /\b(?:since )?(today|yesterday|this (?:week|month|year))\b/i;
const BETWEEN = new RegExp(String.raw`\b(?:between|from) (${POINT}) (?:and|to|until|till) (${POINT})(?!\w|\.\w)`, "i");
const SIDE = new RegExp(String.raw`\b(before|until|till|up to|prior to|since|after|from|in|during) (${POINT})(?!\w|\.\w)`, "i");

/** Whether a question may name a period: only then its repository's tags are worth reading. */
export function namesTime(text: string): boolean {
  return [AGO, NAMED, BETWEEN, SIDE].some((words) => words.test(text));
}

/** The period that a question names; undefined where it names none. `now` in seconds. */
export function readPeriod(text: string, tags: readonly Tag[], now: number): Period | undefined {
  const ago = AGO.exec(text);
  if (ago) {
    const from = now - Number(ago[1] ?? 1) * UNITS[ago[2]!.toLowerCase()]! * DAY;
    const isSure = /^[a-z]+ (?:the )?(?:last|past)/i.test(ago[0].trim()) || /^\W*$/.test(text.slice(ago.index + ago[0].length));
    return period(text, ago[0], from, Number.POSITIVE_INFINITY, isSure);
  }
  const named = NAMED.exec(text);
  if (named) return period(text, named[0], startOf(named[1]!.toLowerCase(), now), Number.POSITIVE_INFINITY, true);
  const thisYear = new Date(now * 1000).getUTCFullYear();
  const between = BETWEEN.exec(text);
  if (between) {
    const [start, end] = [pointOf(between[1]!, tags, thisYear), pointOf(between[2]!, tags, thisYear)];
    if (start && end) return period(text, between[0], start.isTag ? start.from + 1 : start.from, end.to, true);
  }
  const sides = [...text.matchAll(new RegExp(SIDE, "gi"))].map((side) => ({ side, point: pointOf(side[2]!, tags, thisYear) }));
  const { side, point } = sides.find((it) => it.point) ?? {};
  if (!side || !point) return undefined;
  const word = side[1]!.toLowerCase();
  if (/^(?:before|prior)/.test(word)) return period(text, side[0], 0, point.isTag ? point.to : point.from);
  if (/^(?:until|till|up)/.test(word)) return period(text, side[0], 0, point.to);
  if (word === "after") return period(text, side[0], point.to, Number.POSITIVE_INFINITY);
  if (/^(?:since|from)/.test(word)) return period(text, side[0], point.isTag ? point.to : point.from, Number.POSITIVE_INFINITY);
  // "in 1.3": what came after the release before it
  return period(text, side[0], point.isTag ? point.before : point.from, point.to);
}

function period(text: string, words: string, from: number, to: number, isSure = false): Period {
  return { from, to, isSure, rest: text.replace(words, " ").replace(/\s+/g, " ").trim() };
}

function startOf(word: string, now: number): number {
  const date = new Date(now * 1000);
  const [year, month, day] = [date.getUTCFullYear(), date.getUTCMonth(), date.getUTCDate()];
  const days: Record<string, number> = {
    today: Date.UTC(year, month, day),
    yesterday: Date.UTC(year, month, day - 1),
    "this week": Date.UTC(year, month, day - ((date.getUTCDay() + 6) % 7)),
    "this month": Date.UTC(year, month, 1),
  };
  return (days[word] ?? Date.UTC(year, 0, 1)) / 1000;
}

interface Point {
  from: number;
  to: number;
  isTag: boolean;
  /** Of a tag: just after the tag before it. */
  before: number;
}

/** A year is a year only where no tag is called so; "1.2" is the tag v1.2, 1.2, 1.2.0 or NAME-1.2. */
function pointOf(text: string, tags: readonly Tag[], thisYear: number): Point | undefined {
  const tag = tagNamed(text.replace(/^(?:version|release|tag) /i, ""), tags);
  if (tag) {
    const before = tags.findLast((other) => other.date < tag.date);
    return { from: tag.date, to: tag.date + 1, isTag: true, before: before ? before.date + 1 : 0 };
  }
  const day = /^(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?$/.exec(text);
  const year = Number(day?.[1] ?? / (\d{4})$/.exec(text)?.[1]);
  if (!year || year < 1970 || year > thisYear) return undefined;
  const named = MONTHS.findIndex((month) => text.toLowerCase().startsWith(month.slice(0, 3)));
  const month = day?.[2] ? Number(day[2]) - 1 : named;
  const date = day?.[3] ? Number(day[3]) : undefined;
  const at = (y: number, m: number, d: number) => Date.UTC(y, m, d) / 1000;
  const [from, to] =
    date !== undefined
      ? [at(year, month, date), at(year, month, date + 1)]
      : month >= 0
        ? [at(year, month, 1), at(year, month + 1, 1)]
        : [at(year, 0, 1), at(year + 1, 0, 1)];
  return { from, to, isTag: false, before: 0 };
}

function tagNamed(text: string, tags: readonly Tag[]): Tag | undefined {
  const version = text.replace(/^v/i, "").toLowerCase();
  const exact = tags.find(({ name }) => name.toLowerCase() === text.toLowerCase()) ?? tags.find((tag) => versionOf(tag) === version);
  return exact ?? tags.find((tag) => versionOf(tag).replace(/(?:\.0)+$/, "") === version.replace(/(?:\.0)+$/, ""));
}

/** "curl-8_1_0" is 8.1.0, "v2.0" is 2.0, "release/1.2" is 1.2. */
function versionOf({ name }: Tag): string {
  const version = /(?:^|[^\d.])v?(\d+(?:[._]\d+)*.*)$/i.exec(name.slice(name.lastIndexOf("/") + 1))?.[1] ?? name;
  return version.replace(/(?<=\d)_(?=\d)/g, ".").toLowerCase();
}
