/**
 * What the history, and what was written a moment ago in other files, are worth to completion: lines that later commits added, completed
 * at the tree before them.
 *
 *     node test/bench/completion/history.ts FOLDER [--back 60] [--n 60] [--without history,edits,memory] [--out FILE]
 *
 * FOLDER is a repository with its history. A clone of it stands `back` commits before HEAD, with all that came before in memory (or, without
 * "history", its files alone; without "memory" nothing is encoded). Of each later commit one added line in each file that the tree has is
 * taken, newest commit last; the text around it is the commit's. What the commit changes in other files counts as open there and as just
 * written (not without "edits"). Prints the shares of whole lines, of beginnings up to the first stop and of first names that are right, for
 * all lines and for those of commits that change other files, too.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Completer } from "../../../server/complete/complete.ts";
import { type EditedRegion, RecentEdits } from "../../../server/complete/recent-edits.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { generator, type Place, placeIn } from "./places.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { without } from "./without.ts";

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
  const missing = new Set(values.without.split(","));
  const places = drawn(folder, later, Number(values.n));
  const memory = await Memory.open({ folder, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: false });
  await memory.bringUpToDate({ words: true, history: !missing.has("history"), encodings: !missing.has("memory") });
  const completer = new Completer(await without(memory, missing.has("memory") ? ["memory"] : []));
  const rows = [];
  for (const place of places) {
    const edited = writtenWith(folder, place);
    const nearby = missing.has("edits") ? {} : { edited, open: [...new Set(edited.map(({ path }) => path))] };
    const made = await completer.complete({ ...place, ...nearby });
    rows.push({ path: place.path, gold: place.gold, confidence: made.confidence, edits: edited.length, ...judged(place.gold, made.text) });
  }
  if (values.out) writeFileSync(values.out, JSON.stringify(rows, null, 1));
  const figures = { all: shares(rows), withEdits: shares(rows.filter(({ edits }) => edits > 0)) };
  process.stdout.write(`${JSON.stringify(figures)}\n`);
  await memory.close();
  rmSync(parent, { recursive: true });
}

interface Judged extends Verdict {
  text: string;
  named: boolean;
}

function judged(gold: string, made: string): Judged {
  const text = made.split("\n")[0] as string;
  const [name] = firstName.exec(gold) ?? [];
  return { text, ...verdictOf(gold, text), named: name !== undefined && name === firstName.exec(text)?.[0] };
}

const firstName = /[\p{L}_$][\p{L}\p{N}_$]*/u;

function shares(rows: readonly Judged[]) {
  const share = (key: "right" | "begins" | "named") =>
    Number((rows.filter((row) => row[key]).length / Math.max(1, rows.length)).toFixed(3));
  return { n: rows.length, exact: share("right"), toFirstStop: share("begins"), firstName: share("named") };
}

/** What the place's commit changes in other files of the tree, each hunk as if it had been typed just before. */
function writtenWith(folder: string, { commit, path }: CommitPlace): readonly EditedRegion[] {
  const edits = new RecentEdits();
  for (const other of changedIn(folder, commit).filter((one) => one !== path)) {
    let text = git(folder, "show", `${commit}~:${other}`);
    for (const { from, removed, added } of hunksOf(folder, commit, other).reverse()) {
      const lines = text.split("\n");
      lines.splice(from, removed, ...added);
      edits.note(other, text, lines.join("\n"));
      text = lines.join("\n");
    }
  }
  return edits.regions();
}

interface CommitPlace extends Place {
  commit: string;
}

/** Of each commit, in their order: a place in one added line of each file, always the same ones. */
function drawn(folder: string, commits: readonly string[], n: number): CommitPlace[] {
  const random = generator(7);
  const known = new Set(git(folder, "ls-files").split("\n"));
  const found: CommitPlace[] = [];
  for (const commit of commits)
    for (const path of changedIn(folder, commit)) {
      const place = known.has(path) ? placeOf(folder, commit, path, random) : undefined;
      if (place && found.length < n) found.push({ ...place, commit });
    }
  return found;
}

const sources = /\.(?:[cm]?[jt]sx?|py|go|rs|java|kt|swift|php|rb|cs|c|cc|cpp|h|hpp|scala)$/;

function changedIn(folder: string, commit: string): string[] {
  const listed = git(folder, "diff-tree", "-r", "--no-renames", "--diff-filter=M", "--name-only", "--no-commit-id", commit);
  return listed.split("\n").filter((path) => sources.test(path));
}

interface Hunk {
  /** Lines from 0: before the commit, and after it. */
  from: number;
  to: number;
  removed: number;
  added: string[];
}

function hunksOf(folder: string, commit: string, path: string): Hunk[] {
  const patch = git(folder, "diff-tree", "-p", "--unified=0", "--no-commit-id", commit, "--", path);
  const heads = [...patch.matchAll(/^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@/gm)];
  const after = git(folder, "show", `${commit}:${path}`).split("\n");
  return heads.map(([, from, removed = "1", to, added = "1"]) => {
    const start = Number(added) === 0 ? Number(to) : Number(to) - 1;
    return {
      from: removed === "0" ? Number(from) : Number(from) - 1,
      to: start,
      removed: Number(removed),
      added: after.slice(start, start + Number(added)),
    };
  });
}

function placeOf(folder: string, commit: string, path: string, random: () => number): Place | undefined {
  const lines = git(folder, "show", `${commit}:${path}`).split("\n");
  const added = hunksOf(folder, commit, path).flatMap((hunk) => hunk.added.map((_, at) => hunk.to + at));
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
