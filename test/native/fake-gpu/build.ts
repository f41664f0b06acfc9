/** Builds the driver and the library that stand for a GPU: libcuda.so.1 and everyline-cuda.so in `folder`. */
import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";

const run = promisify(execFile);

export async function buildFakeGpu(folder: string): Promise<void> {
  const include = join(import.meta.dirname, "..", "..", "..", "native");
  const build = (source: string, target: string) =>
    run("c++", ["-std=c++20", "-shared", "-fPIC", "-I", include, "-o", join(folder, target), join(import.meta.dirname, source)]);
  await Promise.all([build("driver.cpp", "libcuda.so.1"), build("library.cpp", "everyline-cuda.so")]);
}
