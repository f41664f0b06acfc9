// Runs the checks of test/native/cpu: `node scripts/check-native.mjs [NAME ...]`, all that can be run here where no NAME is given.
//
//   plain      as it is shipped
//   address    AddressSanitizer and UndefinedBehaviorSanitizer
//   thread     ThreadSanitizer. Races do not depend on sizes, so the engine's calls are short; what they cover, with three threads a pool, on every
//              instruction set: encodes (whole and from a chunk on; full and half pace), scans of 10,000 chunks (three tasks), search of one and two
//              layers, prefill over own chunks, its continuation, single tokens, the states before the last, keys and values let go after every call
//              (no budget), documents that come, go and are evicted meanwhile, and both kinds of call cancelled under way
//   emulated   a processor without AVX2 (qemu-x86_64), so that the choice at run time is seen to fall back
//   aarch64    a cross build (aarch64-linux-gnu-g++) under qemu-aarch64: NEON
//
// Exit code 0 when all that ran passed. What is missing here is named and, when asked for by name, fails.
import { spawnSync } from "node:child_process";
import { mkdirSync } from "node:fs";
import { availableParallelism } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const root = join(dirname(fileURLToPath(import.meta.url)), "..");
const model = join(root, "model");

/** @type {Record<string, {settings?: string[], needs?: string[], command?: string[], chunks?: number, model?: boolean, says?: RegExp}>} */
const runs = {
  // Every number of chunks; what is slow looks at fewer.
  plain: { chunks: 300_000, model: true },
  address: { settings: ["-DEVERYLINE_SANITIZE=address,undefined"], model: true },
  thread: { settings: ["-DEVERYLINE_SANITIZE=thread"], model: true },
  // The kernels of the lowest set and nothing above it.
  emulated: { needs: ["qemu-x86_64"], command: ["qemu-x86_64", "-cpu", "Nehalem"], says: /^ok +baseline/m },
  aarch64: {
    settings: ["-DCMAKE_SYSTEM_NAME=Linux", "-DCMAKE_SYSTEM_PROCESSOR=aarch64", "-DCMAKE_CXX_COMPILER=aarch64-linux-gnu-g++"],
    needs: ["aarch64-linux-gnu-g++", "qemu-aarch64"],
    command: ["qemu-aarch64", "-L", "/usr/aarch64-linux-gnu"],
    says: /^ok +neon/m,
  },
};

const names = process.argv.slice(2);
for (const name of names) if (!runs[name]) throw new Error(`There is no run "${name}"; there are ${Object.keys(runs).join(", ")}.`);
let failed = 0;
for (const name of names.length > 0 ? names : Object.keys(runs)) {
  const missing = (runs[name].needs ?? []).filter((program) => spawnSync(program, ["--version"]).error);
  if (missing.length > 0) {
    console.log(`${name}: not run, ${missing.join(" and ")} not found`);
    if (names.length > 0) failed++;
    continue;
  }
  const problem = check(runs[name], name);
  console.log(`${name}: ${problem || "passed"}`);
  if (problem) failed++;
}
process.exitCode = failed > 0 ? 1 : 0;

/** What went wrong, or "". */
function check({ settings = [], command = [], chunks = 10_000, model: withModel, says }, name) {
  const build = join(root, "dist", "build", `check-${settings.length > 0 ? name : "plain"}`);
  mkdirSync(build, { recursive: true });
  // The addon itself isn't built here, so where Node's headers lie is all the same.
  const configured = ["-S", join(root, "native"), "-B", build, "-DEVERYLINE_CUDA=OFF", "-DNODE_INCLUDE=/", "-DNAPI_INCLUDE=/", ...settings];
  for (const steps of [configured, ["--build", build, "--target", "cpu_check", "--parallel", String(availableParallelism())]]) {
    const made = spawnSync("cmake", steps, { encoding: "utf8", stdio: ["ignore", "pipe", "inherit"] });
    if (made.status !== 0) return `cmake ${steps.join(" ")} failed\n${made.stdout}`;
  }
  const [program, ...rest] = [...command, join(build, "cpu_check"), String(chunks), ...(withModel ? [model] : [])];
  const ran = spawnSync(program, rest, { encoding: "utf8", maxBuffer: 1 << 26, stdio: ["ignore", "pipe", "inherit"] });
  if (ran.status !== 0)
    return `failed (${ran.signal ?? ran.status})\n${ran.stdout
      .split("\n")
      .filter((line) => !line.startsWith("ok"))
      .join("\n")}`;
  return says && !says.test(ran.stdout) ? `ran other kernels than expected\n${ran.stdout}` : "";
}
