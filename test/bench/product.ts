/**
 * The product on a real folder, from nothing: time to words, time to encoded, speed, memory, disk, latency, restart, idle.
 *
 *     node test/bench/product.ts FOLDER [--home DIR] [--keep]      (Node 22.18 or later; npm run bench does it)
 *
 * Prints one JSON document. Each figure is measured in this run; a kept home makes a second run a warm start.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { parseArgs } from "node:util";
import { Completer } from "../../server/complete/complete.ts";
import { Memory } from "../../server/memory/memory.ts";
import { search } from "../../server/retrieve/search.ts";
import { defaultSettings } from "../../server/settings.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { home: { type: "string" }, keep: { type: "boolean" } },
});
const folder = resolve(positionals[0] ?? ".");
const home = values.home ?? mkdtempSync(join(tmpdir(), "everyline-bench-"));

/** Questions that make sense anywhere; words come from the repository's own files. */
const templates = [
  "where is NAME defined",
  "how does NAME work",
  "what calls NAME",
  "NAME configuration and defaults",
  "error handling in NAME",
  "tests for NAME",
  "NAME",
];

async function main(): Promise<void> {
  const started = performance.now();
  const memory = await Memory.open({ folder, home, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: true });
  const openMs = performance.now() - started;
  memory.start();
  const wordsMs = (await until(memory, (state) => state !== "starting" && state !== "words")) - started;
  tell(`searchable by words after ${round(wordsMs)} ms`);
  const encodedMs = (await until(memory, (state) => state === "ready")) - started;
  tell(`encoded after ${round(encodedMs)} ms`);
  const status = await memory.status();
  const names = await symbolNames(memory);
  const queries = await timeQueries(memory, names);
  const completions = await timeCompletions(memory);
  const idleCpu = await idleShare(10_000);
  const memoryUse = rss();
  await memory.close();
  const restart = await restartToFirstQuery(names[0] ?? "main");
  const figures = {
    folder: folder.split("/").at(-1),
    files: status.files,
    tokens: status.tokens,
    commits: status.commits,
    openMs: round(openMs),
    wordsSearchableMs: round(wordsMs),
    encodedMs: round(encodedMs),
    tokensPerSecond: round(status.tokens / ((encodedMs - wordsMs) / 1000)),
    query: percentiles(queries),
    completion: percentiles(completions),
    restartToFirstQueryMs: round(restart),
    idleCpuPercent: Number((idleCpu * 100).toFixed(2)),
    rss: memoryUse,
    indexMb: round(status.indexBytes / 1e6),
    cacheMb: round(status.cacheBytes / 1e6),
    backend: status.engine ? `${status.engine.backend} ${status.engine.detail}` : "none",
  };
  process.stdout.write(`${JSON.stringify(figures, null, 2)}\n`);
  if (!values.keep && !values.home) rmSync(home, { recursive: true, force: true });
}

/** A run may take hours: what is known stands on the other stream. */
function tell(text: string): void {
  process.stderr.write(`${text}\n`);
}

/** Resolves to the time at which the memory's state first satisfies the test. */
async function until(memory: Memory, test: (state: string) => boolean): Promise<number> {
  for (;;) {
    const status = await memory.status();
    if (status.state === "failed") throw new Error(status.problem);
    if (test(status.state)) return performance.now();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

/** Names of definitions, spread over the repository. */
async function symbolNames(memory: Memory): Promise<string[]> {
  const files = (await memory.index.files()).filter((file) => file.role === "source");
  const names: string[] = [];
  for (let i = 0; i < 40 && files.length > 0; i++) {
    const file = files[Math.floor((i * files.length) / 40)];
    const [symbols = []] = file ? await memory.index.outlines([file.id]) : [];
    const symbol = symbols[Math.floor(symbols.length / 2)];
    if (symbol) names.push(symbol.name);
  }
  return names;
}

async function timeQueries(memory: Memory, names: string[]): Promise<number[]> {
  const times: number[] = [];
  for (const [i, name] of names.entries()) {
    const query = templates[i % templates.length]!.replace("NAME", name);
    const start = performance.now();
    await search(memory, query, { k: 10, scope: "all" });
    times.push(performance.now() - start);
  }
  return times;
}

/** Completions before a word of a line in the middle of files, each in a new place (cold). Inside of a word nothing is computed. */
async function timeCompletions(memory: Memory): Promise<number[]> {
  const completer = new Completer(memory);
  const files = (await memory.index.files()).filter((file) => file.role === "source" && file.lines > 40);
  const times: number[] = [];
  for (let i = 0; i < 20 && files.length > 0; i++) {
    const file = files[Math.floor((i * files.length) / 20)]!;
    const text = await memory.fileText(file.path);
    if (!text) continue;
    const word = /(?<![\w$\n])\b\w/g;
    word.lastIndex = Math.floor(text.length / 2);
    const cut = word.exec(text)?.index;
    if (cut === undefined) continue;
    const start = performance.now();
    await completer.complete({ path: file.path, language: file.language, prefix: text.slice(0, cut), suffix: text.slice(cut) });
    times.push(performance.now() - start);
  }
  return times;
}

async function restartToFirstQuery(name: string): Promise<number> {
  const start = performance.now();
  const memory = await Memory.open({ folder, home, settings: defaultSettings, watch: true });
  memory.start();
  await search(memory, `where is ${name} defined`, { k: 10, scope: "files" });
  const ms = performance.now() - start;
  await memory.close();
  return ms;
}

/** Share of one core used by this process while it has nothing to do. */
async function idleShare(ms: number): Promise<number> {
  const before = process.cpuUsage();
  await new Promise((resolve) => setTimeout(resolve, ms));
  const used = process.cpuUsage(before);
  return (used.user + used.system) / 1000 / ms;
}

/** Resident memory now and at its peak, MB; anonymous is what cannot be dropped (mapped cache files can). */
function rss(): Record<string, number> {
  const text = readFileSync("/proc/self/status", "utf8");
  const field = (name: string) => round(Number(new RegExp(`${name}:\\s+(\\d+)`).exec(text)?.[1] ?? 0) / 1000);
  return { anonymousMb: field("RssAnon"), totalMb: field("VmRSS"), peakMb: field("VmHWM") };
}

function percentiles(times: number[]): Record<string, number> {
  const sorted = [...times].sort((a, b) => a - b);
  const at = (share: number) => Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1));
  return { n: sorted.length, p50Ms: at(0.5), p95Ms: at(0.95) };
}

const round = (value: number) => Math.round(value);

await main();
