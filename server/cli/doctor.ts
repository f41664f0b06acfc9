/** Checks an installation: what Everyline needs to run, and what it can do without. */
import { accessSync, constants, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statfsSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { EngineStats } from "../../native/addon.ts";
import { Engine } from "../../native/engine.ts";
import { loadAddon, probeAddon } from "../../native/load.ts";
import { GitError, runGit } from "../history/git.ts";
import { addonFile, everylineHome, modelFolder, programFolder } from "../home.ts";
import { printResult, say } from "./output.ts";

export interface Check {
  name: string;
  ok: boolean;
  /** What was found and, where it is not well, what to do. */
  detail: string;
}

export interface Diagnosis {
  checks: Check[];
  /** False when a check fails that Everyline cannot do without. */
  healthy: boolean;
}

export interface Installation {
  home: string;
  /** Folder of package.json. */
  program: string;
  addon: string;
  model: string;
}

interface Rule {
  name: string;
  needed: boolean;
  /** Returns the detail of a check that is well, throws an error whose message is the detail of one that is not. */
  check(): Promise<string> | string;
}

export async function runDoctor(command: { json: boolean }): Promise<number> {
  const home = everylineHome();
  const diagnosis = await diagnose({ home, program: programFolder, addon: addonFile, model: modelFolder });
  printResult(command.json, { checks: diagnosis.checks }, diagnosisForPeople(diagnosis));
  if (diagnosis.healthy) return 0;
  say("a check that is needed fails");
  return 1;
}

export async function diagnose(installation: Installation): Promise<Diagnosis> {
  const checks: Check[] = [];
  let healthy = true;
  for (const { name, needed, check } of rules(installation)) {
    const { ok, detail } = await outcome(check);
    checks.push({ name, ok, detail });
    if (needed && !ok) healthy = false;
  }
  return { checks, healthy };
}

export function diagnosisForPeople({ checks }: Diagnosis): string {
  const width = Math.max(...checks.map(({ name }) => name.length));
  return checks.map(({ name, ok, detail }) => `${ok ? "ok  " : "FAIL"}  ${name.padEnd(width)}  ${detail}`).join("\n");
}

function rules({ home, program, addon, model }: Installation): Rule[] {
  let stats: Promise<EngineStats> | undefined; // loaded once for two rules: its checksum takes time
  const engine = () => (stats ??= engineStats(addon, model));
  return [
    { name: "node", needed: true, check: nodeVersion },
    { name: "node:sqlite", needed: true, check: sqlite },
    { name: "native addon", needed: true, check: () => nativeAddon(addon) },
    { name: "model", needed: true, check: async () => `${(await engine()).modelId}, checksum right` },
    { name: "backend", needed: false, check: async () => backend(await engine()) },
    { name: "home folder", needed: true, check: () => writable(home) },
    { name: "free disk space", needed: false, check: () => freeSpace(home) },
    { name: "git", needed: false, check: () => gitVersion(program) },
    { name: "file watching", needed: false, check: watcherLimits },
    { name: "grammars", needed: false, check: () => grammars(program) },
  ];
}

async function outcome(check: Rule["check"]): Promise<{ ok: boolean; detail: string }> {
  try {
    return { ok: true, detail: await check() };
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) };
  }
}

function nodeVersion(): string {
  const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
  if (major < 22 || (major === 22 && minor < 13)) throw new Error(`${process.versions.node}: 22.13 or later is needed`);
  return `${process.versions.node} (${process.execPath})`;
}

async function sqlite(): Promise<string> {
  const { DatabaseSync } = await import("node:sqlite");
  const database = new DatabaseSync(":memory:");
  const row = database.prepare("SELECT sqlite_version() AS version").get();
  database.close();
  return `SQLite ${row?.version}`;
}

/** In a process of its own: a broken addon may crash. */
async function nativeAddon(addon: string): Promise<string> {
  const { ok, message } = await probeAddon(addon);
  if (!ok) throw new Error(message);
  return message;
}

/** Of an engine loaded with the model, which verifies its checksum. */
async function engineStats(addon: string, model: string): Promise<EngineStats> {
  if (!(await probeAddon(addon)).ok) throw new Error(`not tried, because the native addon does not load (${model})`);
  const engine = await Engine.load(loadAddon(addon), { model, threads: 1, isa: "" });
  const stats = engine.stats();
  engine.close();
  return stats;
}

/** Which backend serves, and why no GPU does where none does. */
function backend({ backend, detail, withoutGpu }: EngineStats): string {
  return withoutGpu ? `${backend} (${detail}). ${withoutGpu}` : `${backend} (${detail})`;
}

function writable(home: string): string {
  const trial = join(home, `.doctor-${process.pid}`);
  try {
    mkdirSync(home, { recursive: true, mode: 0o700 });
    writeFileSync(trial, "");
  } catch (error) {
    throw new Error(`${home} cannot be written (${(error as NodeJS.ErrnoException).code}): set EVERYLINE_HOME to a folder that can`);
  }
  rmSync(trial, { force: true });
  return home;
}

function freeSpace(home: string): string {
  let folder = home;
  while (!existsSync(folder)) folder = join(folder, "..");
  const { bavail, bsize } = statfsSync(folder);
  const gigabytes = (bavail * bsize) / 1e9;
  if (gigabytes < 1) throw new Error(`${gigabytes.toFixed(1)} GB left at ${folder}: the memory takes about 0.3 GB a million tokens`);
  return `${gigabytes.toFixed(1)} GB`;
}

async function gitVersion(program: string): Promise<string> {
  const output = await runGit(program, ["--version"]).catch((error) => {
    const missing = error instanceof GitError && error.problem === "git is missing";
    throw missing ? new Error("git is not on the PATH: folders are read without their history, with ignore rules alone") : error;
  });
  const version = /\d+\.\d+(?:\.\d+)?/.exec(output.toString("utf8"))?.[0] ?? "of unknown version";
  const [major = 0, minor = 0] = version.split(".").map(Number);
  if (major < 2 || (major === 2 && minor < 25)) throw new Error(`git ${version}: 2.25 or later is needed for history`);
  return `git ${version}`;
}

/** Linux counts watched folders a user; elsewhere there is no such limit. */
function watcherLimits(): string {
  const file = "/proc/sys/fs/inotify/max_user_watches";
  if (!existsSync(file)) return "no limit known";
  const watches = Number(readFileSync(file, "utf8"));
  if (watches < 8192) throw new Error(`only ${watches} folders can be watched: raise fs.inotify.max_user_watches (sysctl) to 65536`);
  return `${watches} folders can be watched`;
}

function grammars(program: string): string {
  const folder = join(program, "dist", "grammars");
  accessSync(folder, constants.R_OK);
  const files = readdirSync(folder).filter((name) => /^tree-sitter-.*\.wasm$/.test(name));
  if (files.length === 0) throw new Error(`${folder} holds none: run npm run build; regions then follow line patterns`);
  return `${files.length} languages`;
}
