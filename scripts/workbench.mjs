// The browser workbench: code-server out of npm, run by the project's own Node, with user data and extensions of its own.
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { homedir } from "node:os";
import { join } from "node:path";
import { newerNode, nodePackage } from "./node.mjs";
import { run, Stop, step } from "./steps.mjs";
import { ensureWorkbenchTools } from "./system.mjs";

const version = "4.139.1";

/** About 620 MB, installed once for the user. */
export const workbenchHome = join(process.env.XDG_CACHE_HOME || join(homedir(), ".cache"), "everyline-workbench");
const installed = join(workbenchHome, `code-server-${version}`);
const entry = join(installed, "node_modules", "code-server", "out", "node", "entry.js");
const complete = join(installed, "complete");

const settings = {
  "workbench.startupEditor": "none",
  "workbench.secondarySideBar.defaultVisibility": "hidden",
  "telemetry.telemetryLevel": "off",
  "extensions.autoCheckUpdates": false,
  "extensions.autoUpdate": false,
  "extensions.ignoreRecommendations": true,
  "files.autoSave": "off",
};

export async function ensureWorkbench() {
  if (existsSync(complete)) return;
  await step("Installing the browser workbench (once, about 620 MB, 3 minutes)", async () => {
    await ensureWorkbenchTools();
    mkdirSync(installed, { recursive: true });
    writeFileSync(join(installed, "package.json"), '{"private":true}\n');
    const env = { ...process.env, PATH: `${join(nodePackage, "bin")}:${process.env.PATH}`, npm_config_nodedir: nodePackage };
    await run("npm", ["install", "--save-exact", "--no-audit", "--no-fund", `code-server@${version}`], { cwd: installed, env });
    writeFileSync(complete, "");
  });
}

/**
 * Starts a workbench with the packaged extension.
 * @param {{profile: string, vsix?: string, port?: number, options?: string[], env?: Record<string, string>, settings?: Record<string, unknown>}} options
 *   profile: a folder for user data and extensions. @returns url(folder), the process' end, and stop().
 */
export async function startWorkbench({ profile, vsix, port = 0, options = [], env = {}, settings: more = {} }) {
  const userSettings = join(profile, "user", "User", "settings.json");
  mkdirSync(join(profile, "user", "User"), { recursive: true });
  if (!existsSync(userSettings)) writeFileSync(userSettings, JSON.stringify({ ...settings, ...more }, null, 2));
  if (vsix) await installExtension(profile, vsix);
  const bound = port || (await freePort());
  const child = spawn(
    newerNode(),
    [
      entry,
      ...folders(profile),
      "--auth",
      "none",
      "--bind-addr",
      `127.0.0.1:${bound}`,
      "--disable-telemetry",
      "--disable-update-check",
      "--disable-workspace-trust",
      "--disable-getting-started-override",
      ...options,
    ],
    { env: { ...environment(profile), ...env }, stdio: ["ignore", "pipe", "pipe"], detached: true },
  );
  let output = "";
  const keep = (data) => {
    output = (output + data).slice(-20_000);
  };
  child.stdout.on("data", keep);
  child.stderr.on("data", keep);
  const ended = new Promise((resolve) => child.on("close", resolve));
  await healthy(bound, ended, () => output);
  return {
    port: bound,
    url: (folder) => `http://127.0.0.1:${bound}/?folder=${encodeURIComponent(folder)}`,
    ended,
    output: () => output,
    stop: () => stopGroup(child, ended),
  };
}

const folders = (profile) => ["--user-data-dir", join(profile, "user"), "--extensions-dir", join(profile, "extensions")];

function environment(profile) {
  const xdg = join(profile, "xdg");
  return { ...process.env, PATH: `${join(nodePackage, "bin")}:${process.env.PATH}`, XDG_CONFIG_HOME: xdg, XDG_DATA_HOME: xdg };
}

async function installExtension(profile, vsix) {
  const mark = join(profile, "extension.stamp");
  const stat = statSync(vsix);
  const stamp = `${stat.size} ${stat.mtimeMs}`;
  if (existsSync(mark) && readFileSync(mark, "utf8") === stamp) return;
  await run(newerNode(), [entry, ...folders(profile), "--install-extension", vsix, "--force"], { env: environment(profile) });
  writeFileSync(mark, stamp);
}

async function healthy(port, ended, output) {
  let over = false;
  ended.then(() => {
    over = true;
  });
  for (let attempt = 0; attempt < 240; attempt++) {
    if (over) throw new Stop(`The workbench ended while starting:\n${output()}`);
    const answer = await fetch(`http://127.0.0.1:${port}/healthz`).catch(() => undefined);
    if (answer?.ok) return;
    await new Promise((resolve) => setTimeout(resolve, 250));
  }
  throw new Stop(`The workbench did not answer on port ${port} within a minute:\n${output()}`);
}

/** Ends the whole process group: the workbench's own children live on when only the parent is told. */
async function stopGroup(child, ended) {
  const tell = (signal) => {
    try {
      process.kill(-child.pid, signal);
    } catch {
      /* already gone */
    }
  };
  tell("SIGTERM");
  const timer = setTimeout(() => tell("SIGKILL"), 5000);
  await ended;
  clearTimeout(timer);
  tell("SIGKILL");
}

function freePort() {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address();
      server.close(() => resolve(port));
    });
  });
}
