/**
 * How fast a history is read by words, beside what git alone takes to print it: messages and paths, then diffs.
 *
 *     node test/bench/history/ingest.ts REPOSITORY [--home DIR]
 *
 * Reads everything into a new index (in DIR, else in a temporary folder) as a memory does, and then lets `git log -p -U2` print the same
 * commits to nowhere. `ratio` is git's time by ours. Bytes are those on disk after everything is saved. Prints one JSON document.
 */
import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { loadAddon } from "../../../native/load.ts";
import { readDiffs } from "../../../server/history/patch-parts.ts";
import { addonFile } from "../../../server/home.ts";
import { Index } from "../../../server/index/index.ts";
import { History } from "../../../server/memory/history.ts";

const { values, positionals } = parseArgs({ allowPositionals: true, options: { home: { type: "string" } } });
const root = resolve(positionals[0] ?? ".");
const folder = values.home ? resolve(values.home) : mkdtempSync(join(tmpdir(), "everyline-ingest-"));

async function main(): Promise<object> {
  mkdirSync(folder, { recursive: true });
  const addon = loadAddon(addonFile);
  const onMessage = (text: string) => console.error(text);
  const diffs = (shas: string[]) => readDiffs(root, shas);
  const index = await Index.open({ folder, root, addon, writable: true, readDiffs: diffs, onMessage });
  const started = performance.now();
  let messagesDone = started;
  const withoutDiff = index.commitsWithoutDiff.bind(index);
  index.commitsWithoutDiff = () => {
    messagesDone = performance.now();
    return withoutDiff();
  };
  const cpu = process.cpuUsage();
  await new History(root, index).update({
    history: "all",
    refs: "HEAD",
    tokens: 0,
    signal: new AbortController().signal,
    onProgress: () => {},
    onProblem: onMessage,
  });
  const done = performance.now();
  const { user, system } = process.cpuUsage(cpu);
  await index.checkpoint();
  const saved = performance.now();
  const { commits, history } = await index.status();
  await index.close();
  const diffsMs = done - messagesDone;
  const gitMs = printLog();
  return {
    repository: root.split("/").at(-1),
    commits,
    parts: history.passages,
    leftOut: history.leftOut,
    messagesMs: Math.round(messagesDone - started),
    messagesPerSecond: Math.round((1000 * commits) / (messagesDone - started)),
    diffsMs: Math.round(diffsMs),
    gitMs: Math.round(gitMs),
    ratio: Number((gitMs / diffsMs).toFixed(2)),
    savedMs: Math.round(saved - done),
    processorMs: Math.round((user + system) / 1000),
    bytes: readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0),
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
}

/** Milliseconds that git takes for the same commits. */
function printLog(): number {
  const started = performance.now();
  spawnSync("git", ["log", "-p", "-U2", "HEAD"], { cwd: root, stdio: ["ignore", "ignore", "inherit"] });
  return performance.now() - started;
}

try {
  console.log(JSON.stringify(await main(), null, 2));
} finally {
  if (!values.home) rmSync(folder, { recursive: true, force: true });
}
