/** Words for places in the past. */
import type { LineOrigin } from "../server/history/line-origin.ts";

/** "router.ts at 1a2b3c4d5e", with the old name of a renamed file. */
export function changeTitle({ path, oldPath, commit }: { path: string; oldPath: string; commit: string }): string {
  const name = path.slice(path.lastIndexOf("/") + 1);
  const was = oldPath === path ? "" : ` (was ${oldPath})`;
  return `${name}${was} in ${commit.slice(0, 10)}`;
}

/** "line 4", "lines 4–6, 9". */
export function linesText(lines: readonly number[]): string {
  const ranges: [number, number][] = [];
  for (const line of lines) {
    const last = ranges.at(-1);
    if (last && line === last[1] + 1) last[1] = line;
    else ranges.push([line, line]);
  }
  const text = ranges.map(([from, to]) => (from === to ? `${from}` : `${from}–${to}`)).join(", ");
  return lines.length === 1 ? `line ${text}` : `lines ${text}`;
}

/** What a model reads of the commits that shaped lines. */
export function originsText(origins: readonly LineOrigin[]): string {
  if (origins.length === 0) return "These lines are not committed yet, or the file is not in git.";
  return origins
    .map(({ commit, author, date, subject, path, lines }) => {
      const day = new Date(date * 1000).toISOString().slice(0, 10);
      return `commit ${commit}  ${day}  ${author}  ${linesText(lines)} (then in ${path})\n\t${subject}`;
    })
    .join("\n\n");
}
