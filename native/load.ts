/**
 * Finds and loads the native addon, with a plain message where it cannot run, and tries it in a child process first
 * so that a crash while loading harms nobody.
 */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { NativeAddon } from "./addon.ts";

const CONTRACT = 1;
const OLDEST_GLIBC = [2, 28] as const;
const PROBE_TIMEOUT_MS = 20_000;

/** The addon cannot be used; the message says why and what to do. */
export class AddonError extends Error {
  override readonly name = "AddonError";
}

export interface Probe {
  ok: boolean;
  /** The best instruction set of this machine, when ok. */
  isa?: string;
  message: string;
}

/** dist/everyline.node: sources lie in native/, bundles in dist/, both one below the program's folder. */
function defaultFile(): string {
  return join(dirname(fileURLToPath(import.meta.url)), "..", "dist", "everyline.node");
}

/** Throws AddonError. */
export function loadAddon(file: string = defaultFile()): NativeAddon {
  const unsupported = platformProblem(process.platform, process.arch, glibcVersion());
  if (unsupported) throw new AddonError(unsupported);
  if (!existsSync(file)) throw new AddonError(`The native engine ${file} is missing. Run "npm run build", or install the extension again.`);
  const module = { exports: {} as NativeAddon };
  try {
    process.dlopen(module, file);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw new AddonError(`The native engine ${file} could not be loaded: ${reason}. Run "npm run build", or install the extension again.`);
  }
  if (module.exports.contract !== CONTRACT) {
    throw new AddonError(
      `The native engine ${file} has version ${module.exports.contract}, but this program needs ${CONTRACT}. Run "npm run build", or install the extension again.`,
    );
  }
  return module.exports;
}

/** Loads the addon in a process of its own. Never throws; a crash there comes back as `ok: false`. */
export function probeAddon(file: string = defaultFile()): Promise<Probe> {
  const unsupported = platformProblem(process.platform, process.arch, glibcVersion());
  if (unsupported) return Promise.resolve({ ok: false, message: unsupported });
  const script = `const m={exports:{}};process.dlopen(m,process.argv[1]);process.stdout.write(JSON.stringify({contract:m.exports.contract,isa:m.exports.isa()}))`;
  const options = { env: { ...process.env, ELECTRON_RUN_AS_NODE: "1", NODE_OPTIONS: "" }, timeout: PROBE_TIMEOUT_MS };
  return new Promise((resolve) => {
    execFile(process.execPath, ["-e", script, file], options, (error, stdout, stderr) => {
      if (error) return resolve({ ok: false, message: probeProblem(file, error, stderr) });
      resolve(readProbe(file, stdout));
    });
  });
}

function readProbe(file: string, stdout: string): Probe {
  try {
    const { contract, isa } = JSON.parse(stdout);
    if (contract === CONTRACT) return { ok: true, isa, message: `The native engine loads (${isa}).` };
    return { ok: false, message: `The native engine ${file} has version ${contract}, but this program needs ${CONTRACT}.` };
  } catch {
    return { ok: false, message: `The native engine ${file} gave no answer when it was tried.` };
  }
}

function probeProblem(file: string, error: Error & { signal?: string | null; killed?: boolean }, stderr: string): string {
  if (error.killed) return `The native engine ${file} did not load within ${PROBE_TIMEOUT_MS / 1000} seconds.`;
  if (error.signal)
    return `The native engine ${file} crashed while it was loaded (${error.signal}). Run "npm run build", or install the extension again.`;
  const reason = stderr.split("\n").find((line) => /^\w*Error:/.test(line)) ?? error.message;
  return `The native engine ${file} could not be loaded: ${reason.trim()}`;
}

/** Why the addon cannot run on such a machine, or "". `glibc`: "2.36", or "" where there is none. */
export function platformProblem(platform: string, arch: string, glibc: string): string {
  const needs = `Everyline's engine runs on Linux x64 with glibc ${OLDEST_GLIBC.join(".")} or newer`;
  if (platform !== "linux" || arch !== "x64") return `${needs}; this is ${platform} ${arch}, which is not supported yet.`;
  if (!glibc) return `${needs}; this system has another C library, which is not supported yet.`;
  const [major = 0, minor = 0] = glibc.split(".").map(Number);
  const old = major < OLDEST_GLIBC[0] || (major === OLDEST_GLIBC[0] && minor < OLDEST_GLIBC[1]);
  return old ? `${needs}; this system has glibc ${glibc}.` : "";
}

function glibcVersion(): string {
  const report = process.report as (NodeJS.ProcessReport & { excludeNetwork?: boolean }) | undefined;
  if (!report) return "";
  report.excludeNetwork = true; // looking up host names could take seconds
  const { header } = report.getReport() as unknown as { header: { glibcVersionRuntime?: string } };
  return header.glibcVersionRuntime ?? "";
}
