/**
 * Loads the native parts: addon, tokenizer, engine. What cannot be loaded is said in a sentence; words work without the engine.
 *
 * A broken addon could take the process with it, so it is tried in a child process first, once for each build of it.
 */
import { readFileSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { NativeAddon } from "../../native/addon.ts";
import { Engine } from "../../native/engine.ts";
import { AddonError, loadAddon, probeAddon } from "../../native/load.ts";
import { Tokenizer } from "../../native/tokenizer.ts";

export interface NativeModel {
  engine: Engine | null;
  tokenizer: Tokenizer | null;
  /** Why there is no engine, "" when there is. */
  problem: string;
}

/**
 * The addon of a file. `home`: EVERYLINE_HOME, where it is remembered that this build works. Throws AddonError when it cannot be used:
 * there are no words then, either.
 */
export async function loadTriedAddon(addonFile: string, home: string): Promise<NativeAddon> {
  await probeOnce(addonFile, home);
  return loadAddon(addonFile);
}

/** Never rejects. */
export async function loadModel(addon: NativeAddon, modelFolder: string): Promise<NativeModel> {
  try {
    const loading = Engine.load(addon, { model: modelFolder, threads: 0, isa: "" });
    loading.catch(() => undefined); // awaited below, unless the tokenizer fails first
    const tokenizer = Tokenizer.load(addon, modelFolder);
    return { engine: await loading, tokenizer, problem: "" };
  } catch (error) {
    return { engine: null, tokenizer: null, problem: (error as Error).message };
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
  if (wanted) remember(memo, wanted);
}

/** "" when the file is missing: the probe then says so in its own words. */
function identityOrNothing(addonFile: string): string {
  try {
    return identity(addonFile);
  } catch {
    return "";
  }
}

/** On a full disk it is tried again next time. */
function remember(memo: string, works: string): void {
  try {
    writeFileSync(memo, JSON.stringify({ works }), { mode: 0o600 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOSPC") throw error;
  }
}

function remembered(memo: string): string {
  try {
    return (JSON.parse(readFileSync(memo, "utf8")) as { works?: string }).works ?? "";
  } catch {
    return ""; // no memo yet, or a damaged one: probe again
  }
}
