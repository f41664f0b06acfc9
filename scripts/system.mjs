// Debian packages: looks for what is missing and installs it as root or through sudo, else says the one command that is needed.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { onPath, run, Stop } from "./steps.mjs";

/** What the build needs: package -> how to see that it is there. */
const buildTools = {
  "build-essential": () => onPath("g++") && onPath("make"),
  cmake: () => onPath("cmake"),
  git: () => onPath("git"),
};

/** What the browser workbench and its tests need beside that. */
const workbenchTools = {
  chromium: () => onPath("chromium"),
  "fonts-dejavu-core": () => existsSync("/usr/share/fonts/truetype/dejavu"),
  "libkrb5-dev": () => existsSync("/usr/include/gssapi/gssapi.h"),
  python3: () => onPath("python3"),
};

export const ensureBuildTools = () => ensure("build", buildTools);
export const ensureWorkbenchTools = () => ensure("browser workbench", workbenchTools);

async function ensure(purpose, tools) {
  const missing = Object.keys(tools).filter((name) => !tools[name]());
  if (missing.length === 0) return;
  const command = `apt-get update && apt-get install -y --no-install-recommends ${missing.join(" ")}`;
  const prefix = elevation();
  if (!prefix || !onPath("apt-get"))
    throw new Stop(`The ${purpose} needs: ${missing.join(", ")}. Install them, then run this again:\n  sudo sh -c '${command}'`);
  process.stdout.write(`  installing ${missing.join(", ")} with apt\n`);
  const [program, ...args] = [...prefix, "sh", "-c", command];
  await run(program, args, { env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" } });
}

/** How to become root: [] when we are, ["sudo", ...] where it works (asking only at a terminal), else undefined. */
function elevation() {
  if (process.getuid?.() === 0) return [];
  if (!onPath("sudo")) return undefined;
  if (process.stdin.isTTY) return ["sudo"];
  return spawnSync("sudo", ["-n", "true"], { stdio: "ignore" }).status === 0 ? ["sudo", "-n"] : undefined;
}
