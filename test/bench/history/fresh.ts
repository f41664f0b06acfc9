/**
 * From a fast-forward over new commits to their being found by words, in a folder that a person has open.
 *
 *     node test/bench/history/fresh.ts REPOSITORY [--commits 100]
 *
 * A clone stands at HEAD~COMMITS (first parents); once its history is read, it is fast-forwarded. Times run from before git begins, so its
 * own time is part of them: until the messages of all new commits are in, and until what they changed is. Nothing is encoded meanwhile.
 * Prints one JSON document.
 */
import { execFileSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Memory } from "../../../server/memory/memory.ts";
import { commitFieldWeights } from "../../../server/retrieve/weights.ts";
import { defaultSettings } from "../../../server/settings.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { commits: { type: "string", default: "100" } } });
const scratch = mkdtempSync(join(tmpdir(), "everyline-fresh-"));
const folder = join(scratch, "folder");

const git = (...args: string[]) => execFileSync("git", ["-C", folder, ...args], { encoding: "utf8", maxBuffer: 1 << 28 }).trim();

async function main(): Promise<object> {
  execFileSync("git", ["clone", "--quiet", "--shared", "--no-checkout", resolve(positionals[0] ?? "."), folder]);
  const tip = git("rev-parse", "HEAD");
  git("reset", "--quiet", "--hard", `${tip}~${values.commits}`);
  const fresh = git("rev-list", `HEAD..${tip}`).split("\n");
  const memory = await Memory.open({ folder, home: join(scratch, "home"), settings: defaultSettings, watch: true });
  await memory.pause();
  memory.start();
  await until(async () => (await memory.index.status()).commits > 0 && !memory.isReading);
  const before = (await memory.index.status()).commits;
  const started = performance.now();
  git("merge", "--quiet", "--ff-only", tip);
  const gitMs = performance.now() - started;
  await until(async () => (await memory.index.status()).commits === before + fresh.length);
  const messagesMs = performance.now() - started;
  await until(async () => (await memory.index.status()).history.diffs === before + fresh.length);
  const diffsMs = performance.now() - started;
  const isFound = await finds(memory, fresh[0]!);
  await memory.close();
  return {
    repository: positionals[0]?.split("/").at(-1),
    known: before,
    fresh: fresh.length,
    gitMs: Math.round(gitMs),
    messagesMs: Math.round(messagesMs),
    diffsMs: Math.round(diffsMs),
    isFound,
  };
}

/** Whether a commit is found by its own subject. */
async function finds(memory: Memory, sha: string): Promise<boolean> {
  const [commit] = await memory.index.commits([sha]);
  const hits = await memory.index.searchCommits(commit?.subject ?? "", 20, commitFieldWeights);
  return hits.some(({ document }) => document === commit?.document);
}

async function until(holds: () => Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 20));
}

try {
  console.log(JSON.stringify(await main(), null, 2));
} finally {
  rmSync(scratch, { recursive: true, force: true });
}
