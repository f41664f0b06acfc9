/**
 * What the history is worth to completion: lines that later commits added, completed at the tree before them.
 *
 *     node test/bench/completion/history.ts FOLDER [--back 60] [--n 60] [--without history] [--out FILE]
 *
 * FOLDER is a repository with its history. A clone of it stands `back` commits before HEAD, with all that came before in memory (or, without
 * "history", its files alone). Of each later commit one added line in each file that the tree has is taken, newest commit last; the text
 * around it is the commit's. Prints the share of whole lines and of beginnings up to the first stop that are right.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Completer } from "../../../server/complete/complete.ts";
import { firstStop } from "../../../server/complete/confidence.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { generator, type Place, placeIn } from "./places.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    back: { type: "string", default: "60" },
    n: { type: "string", default: "60" },
    without: { type: "string", default: "" },
    out: { type: "string" },
  },
});

async function main(): Promise<void> {
  const parent = mkdtempSync(join(tmpdir(), "everyline-history-"));
  const folder = join(parent, "repository");
  execFileSync("git", ["clone", "-q", "--shared", resolve(positionals[0] ?? "."), folder]);
  const later = git(folder, "rev-list", "--first-parent", "--no-merges", "--reverse", `HEAD~${values.back}..HEAD`).split("\n");
  git(folder, "reset", "-q", "--hard", `HEAD~${values.back}`);
  const places = drawn(folder, later, Number(values.n));
  const memory = await Memory.open({ folder, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: false });
  await memory.bringUpToDate({ words: true, history: values.without !== "history", encodings: true });
  const completer = new Completer(memory);
  const rows = [];
  for (const place of places) {
    const made = await completer.complete(place);
    const text = made.text.split("\n")[0] as string;
    const right = text.trim() === place.gold.trim();
    const stop = firstStop(text);
    const begins = text !== "" && place.gold.startsWith(text.slice(0, stop)) && (stop < text.length || right);
    rows.push({ path: place.path, gold: place.gold, text, confidence: made.confidence, right, begins });
  }
  if (values.out) writeFileSync(values.out, JSON.stringify(rows, null, 1));
  const share = (some: number) => Number((some / Math.max(1, rows.length)).toFixed(3));
  const exact = share(rows.filter(({ right }) => right).length);
  process.stdout.write(`${JSON.stringify({ n: rows.length, exact, toFirstStop: share(rows.filter(({ begins }) => begins).length) })}\n`);
  await memory.close();
  rmSync(parent, { recursive: true });
}

/** Of each commit, in their order: a place in one added line of each file, always the same ones. */
function drawn(folder: string, commits: readonly string[], n: number): Place[] {
  const random = generator(7);
  const known = new Set(git(folder, "ls-files").split("\n"));
  const found: Place[] = [];
  for (const commit of commits)
    for (const path of git(folder, "diff-tree", "-r", "--no-renames", "--diff-filter=M", "--name-only", "--no-commit-id", commit).split(
      "\n",
    )) {
      const place = known.has(path) ? placeOf(folder, commit, path, random) : undefined;
      if (place && found.length < n) found.push(place);
    }
  return found;
}

function placeOf(folder: string, commit: string, path: string, random: () => number): Place | undefined {
  if (!/\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|swift|php|rb|cs|c|cc|cpp|h|hpp|scala)$/.test(path)) return undefined;
  const lines = git(folder, "show", `${commit}:${path}`).split("\n");
  const hunks = git(folder, "diff-tree", "-p", "--unified=0", "--no-commit-id", commit, "--", path).matchAll(
    /^@@ \S+ \+(\d+)(?:,(\d+))? @@/gm,
  );
  const added = [...hunks].flatMap(([, first, count = "1"]) => Array.from({ length: Number(count) }, (_, at) => Number(first) - 1 + at));
  const at = added[Math.floor(random() * added.length)];
  const line = at === undefined ? "" : (lines[at]?.trimEnd() ?? "");
  const start = placeIn(line, random);
  if (at === undefined || start === undefined) return undefined;
  const prefix = [...lines.slice(0, at), line.slice(0, start)].join("\n");
  return { path, language: "", prefix, suffix: `\n${lines.slice(at + 1).join("\n")}`, gold: line.slice(start) };
}

function git(folder: string, ...args: string[]): string {
  return execFileSync("git", ["-C", folder, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
    stdio: ["ignore", "pipe", "ignore"],
  }).trimEnd();
}

await main();
