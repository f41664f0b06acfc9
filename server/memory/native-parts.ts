/**
 * Loads the native parts: addon, tokenizer, engine. What cannot be loaded is said in a sentence; words work without the engine.
 *
 * A broken addon could take the process with it, so it is tried in a child process first, once for each build of it.
 */
import { join } from "node:path";
import type { EngineOptions, NativeAddon } from "../../native/addon.ts";
import { Engine } from "../../native/engine.ts";
import { AddonError, loadAddon, probeAddon } from "../../native/load.ts";
import { Tokenizer } from "../../native/tokenizer.ts";
import type { Tried } from "./tried.ts";

export interface NativeModel {
  engine: Engine | null;
  tokenizer: Tokenizer | null;
  /** Why there is no engine, "" when there is. */
  problem: string;
}

/** The addon of a file. Throws AddonError when it cannot be used: there are no words then, either. */
export async function loadTriedAddon(addonFile: string, tried: Tried): Promise<NativeAddon> {
  if (!tried.has(addonFile)) {
    const probe = await probeAddon(addonFile);
    if (!probe.ok) throw new AddonError(probe.message);
    tried.remember(addonFile);
  }
  return loadAddon(addonFile);
}

/** What the engine is told of a GPU (Settings.gpuGigabytes). */
export function gpuOptions(gigabytes: "auto" | number): Pick<EngineOptions, "backend" | "vram"> {
  if (gigabytes === "auto") return {};
  return gigabytes === 0 ? { backend: "cpu" } : { vram: Math.round(gigabytes * 1e9) };
}

/** Never rejects. */
export async function loadModel(
  addon: NativeAddon,
  modelFolder: string,
  tried: Tried,
  gpu: Pick<EngineOptions, "backend" | "vram">,
): Promise<NativeModel> {
  const weights = join(modelFolder, "model.safetensors");
  try {
    const verified = tried.has(weights);
    const loading = Engine.load(addon, { model: modelFolder, threads: 0, isa: "", ...gpu }, { verified });
    loading.catch(() => undefined); // awaited below, unless the tokenizer fails first
    const tokenizer = await Tokenizer.load(addon, modelFolder);
    const engine = await loading;
    if (!verified) tried.remember(weights);
    return { engine, tokenizer, problem: "" };
  } catch (error) {
    return { engine: null, tokenizer: null, problem: (error as Error).message };
  }
}
