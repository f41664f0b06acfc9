/**
 * The commits that shaped lines of a file: `git blame` that follows moves and copies and looks past changes of blanks, and past the commits
 * that the repository says to ignore (blame.ignoreRevsFile).
 *
 * Blame reads HEAD and never the file on disk, because git would run the filters that a repository names over that. Lines of the text as it
 * is now are matched to those of HEAD first; what matches none is not committed yet.
 */
import { fileAt } from "./commit-files.ts";
import { gitTopLevel, headCommit, runGit } from "./git.ts";

export interface LineOrigin {
  /** Full sha. */
  commit: string;
  author: string;
  /** Seconds since the epoch. */
  date: number;
  subject: string;
  /** The file in that commit, relative to the git top level, and the first of its lines there. */
  path: string;
  line: number;
  /** Lines of the text as it is now, 1-based, ascending. */
  lines: number[];
}

/** Lines asked for at a time. */
export const mostLines = 2_000;

export interface OriginQuestion {
  /** Relative to the git top level. */
  path: string;
  startLine: number;
  endLine: number;
  /** The file as it is now. */
  text: string;
}

/** Commits, the one with most lines first; none where the file is not in HEAD. Throws GitError outside a repository. */
export async function lineOrigin(folder: string, { path, startLine, endLine, text }: OriginQuestion): Promise<LineOrigin[]> {
  const head = await headCommit(folder);
  const committed = head && (await fileAt(folder, head, path, "after"));
  if (committed === undefined || committed === "") return [];
  const places = linesIn(committed, text);
  /** Lines now by lines of HEAD. */
  const asked = new Map<number, number>();
  for (let line = startLine; line <= Math.min(endLine, startLine + mostLines - 1); line++) {
    const place = places[line - 1];
    if (place) asked.set(place, line);
  }
  if (asked.size === 0) return [];
  const [first, last] = [Math.min(...asked.keys()), Math.max(...asked.keys())];
  return collect(await blame(folder, head!, path, first, last), asked);
}

async function blame(folder: string, head: string, path: string, first: number, last: number): Promise<Blamed[]> {
  const range = `-L${first},${last}`;
  // paths are relative to where it runs
  const args = ["blame", "-w", "-M", "-C", "--porcelain", "--no-textconv", range, head, "--", path];
  const output = await runGit(await gitTopLevel(folder), args, { maxBytes: 100_000_000 });
  return parse(output.toString("utf8"));
}

interface Blamed extends Omit<LineOrigin, "lines"> {
  /** Line in HEAD. */
  now: number;
}

/** Porcelain: a header a line (what a commit is is said once), then the line after a tab. */
function parse(output: string): Blamed[] {
  const commits = new Map<string, { author: string; date: number; subject: string }>();
  const blamed: Blamed[] = [];
  let current: Blamed | undefined;
  for (const line of output.split("\n")) {
    const header = /^([0-9a-f]{40,64}) (\d+) (\d+)/.exec(line);
    if (header && !current) {
      const about = commits.get(header[1]!) ?? { author: "", date: 0, subject: "" };
      commits.set(header[1]!, about);
      current = { commit: header[1]!, ...about, path: "", line: Number(header[2]), now: Number(header[3]) };
    } else if (!current) continue;
    else if (line.startsWith("\t")) {
      blamed.push(current);
      current = undefined;
    } else {
      const about = commits.get(current.commit)!;
      if (line.startsWith("author ")) about.author = line.slice(7);
      else if (line.startsWith("committer-time ")) about.date = Number(line.slice(15));
      else if (line.startsWith("summary ")) about.subject = line.slice(8);
      else if (line.startsWith("filename ")) current.path = line.slice(9);
      Object.assign(current, about);
    }
  }
  return blamed;
}

function collect(blamed: readonly Blamed[], asked: ReadonlyMap<number, number>): LineOrigin[] {
  const origins = new Map<string, LineOrigin>();
  for (const { now, ...about } of blamed) {
    const line = asked.get(now);
    if (line === undefined) continue;
    const origin = origins.get(about.commit) ?? { ...about, lines: [] };
    if (about.path) origin.path ||= about.path;
    origin.lines.push(line);
    origins.set(about.commit, origin);
  }
  for (const origin of origins.values()) origin.lines.sort((a, b) => a - b);
  return [...origins.values()].sort((a, b) => b.lines.length - a.lines.length || b.date - a.date);
}

/**
 * For every line of `text` its number in `committed`, 0 where it is new: the same beginning and end, and between them lines that stand once
 * on either side, in order, with what is equal around each.
 */
export function linesIn(committed: string, text: string): number[] {
  const [old, now] = [committed.split(/\r?\n/), text.split(/\r?\n/)];
  const places = new Array<number>(now.length).fill(0);
  const counts = (lines: string[]) => {
    const found = new Map<string, number[]>();
    for (const [i, line] of lines.entries()) found.set(line, [...(found.get(line) ?? []).slice(0, 1), i]);
    return found;
  };
  const [inOld, inNow] = [counts(old), counts(now)];
  const anchors: [number, number][] = [[-1, -1]];
  for (const [line, at] of inNow) {
    const other = inOld.get(line);
    if (at.length === 1 && other?.length === 1 && line.trim() !== "") anchors.push([at[0]!, other[0]!]);
  }
  anchors.push([now.length, old.length]);
  let reached = -1;
  for (const [i, o] of anchors) {
    if (o < reached) continue; // moved: its neighbours keep their order
    for (let back = 1; i - back >= 0 && o - back > reached && !places[i - back] && now[i - back] === old[o - back]; back++)
      places[i - back] = o - back + 1;
    for (let on = 0; i + on < now.length && o + on < old.length && i >= 0 && now[i + on] === old[o + on]; on++) {
      if (places[i + on]) break;
      places[i + on] = o + on + 1;
      reached = o + on;
    }
    if (i === -1)
      for (let on = 0; on < now.length && on < old.length && now[on] === old[on]; on++) {
        places[on] = on + 1;
        reached = on;
      }
  }
  return places;
}
