/**
 * Loads the native parts: addon, tokenizer, engine. What cannot be loaded is said in a sentence; words work without the engine.
 *
 * A broken addon could take the process with it, so it is tried in a child process first, once for each build of it.
 */
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NativeAddon } from "../../native/addon.ts";
import { Engine } from "../../native/engine.ts";
import { AddonError, loadAddon, probeAddon } from "../../native/load.ts";
import { Tokenizer } from "../../native/tokenizer.ts";

export interface NativeParts {
  addon: NativeAddon;
  engine: Engine | null;
  tokenizer: Tokenizer | null;
  /** Why there is no engine, "" when there is. */
  problem: string;
}

export interface NativePlaces {
  addonFile: string;
  modelFolder: string;
  /** EVERYLINE_HOME, where the probe's outcome is kept. */
  home: string;
}

/** Throws AddonError when the addon itself cannot be used: there are no words then, either. */
export async function loadNativeParts({ addonFile, modelFolder, home }: NativePlaces): Promise<NativeParts> {
  await probeOnce(addonFile, home);
  const addon = loadAddon(addonFile);
  const tokenizer = attempt(() => Tokenizer.load(addon, modelFolder));
  const engine = await attemptAsync(() => Engine.load(addon, { model: modelFolder, threads: 0, isa: "" }));
  const problem = engine.problem || tokenizer.problem;
  if (!problem) return { addon, engine: engine.value, tokenizer: tokenizer.value, problem };
  engine.value?.close();
  return { addon, engine: null, tokenizer: tokenizer.value, problem };
}

interface Attempt<T> {
  value: T | null;
  problem: string;
}

function attempt<T>(work: () => T): Attempt<T> {
  try {
    return { value: work(), problem: "" };
  } catch (error) {
    return { value: null, problem: (error as Error).message };
  }
}

async function attemptAsync<T>(work: () => Promise<T>): Promise<Attempt<T>> {
  try {
    return { value: await work(), problem: "" };
  } catch (error) {
    return { value: null, problem: (error as Error).message };
  }
}

/** The addon's identity: another build of it is tried anew. */
function identity(addonFile: string): string {
  const { mtimeMs, size } = statSync(addonFile);
  return `${addonFile} ${mtimeMs} ${size} ${process.version}`;
}

async function probeOnce(addonFile: string, home: string): Promise<void> {
  const memo = join(home, "probe.json");
  const wanted = identityOrNothing(addonFile);
  if (wanted && wanted === remembered(memo)) return;
  const probe = await probeAddon(addonFile);
  if (!probe.ok) throw new AddonError(probe.message);
  mkdirSync(home, { recursive: true, mode: 0o700 });
  if (wanted) writeFileSync(memo, JSON.stringify({ works: wanted }), { mode: 0o600 });
}

/** "" when the file is missing: the probe then says so in its own words. */
function identityOrNothing(addonFile: string): string {
  try {
    return identity(addonFile);
  } catch {
    return "";
  }
}

function remembered(memo: string): string {
  try {
    return (JSON.parse(readFileSync(memo, "utf8")) as { works?: string }).works ?? "";
  } catch {
    return ""; // no memo yet, or a damaged one: probe again
  }
}
