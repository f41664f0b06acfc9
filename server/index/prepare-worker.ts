/** Thread that reads and prepares files for `PreparePool` (prepare-pool.ts), one batch at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { excludeMatcher, type WorkspaceFile } from "../workspace/discover.ts";
import { PathError, ReadError, readInside } from "../workspace/paths.ts";
import { type Prepared, prepareFile } from "./prepare.ts";
import type { PrepareBatch, PrepareThreadData } from "./prepare-pool.ts";

const { root, exclude, position } = workerData as PrepareThreadData;
const excluded = excludeMatcher(exclude);

parentPort!.on("message", async ({ files, by }: PrepareBatch) => {
  const results: Prepared[] = [];
  for (const [i, file] of files.entries()) {
    Atomics.store(position, 0, i); // the pool sees where a thread is stuck
    results.push(await prepare(file, by));
  }
  Atomics.store(position, 0, -1);
  parentPort!.postMessage(results);
});

async function prepare(file: WorkspaceFile, by: PrepareBatch["by"]): Promise<Prepared> {
  if (excluded(file.path)) return { skipped: { ...stat(file), reason: "excluded", detail: "" } };
  try {
    return await prepareFile(file, await readInside(root, file.path), by);
  } catch (error) {
    if (error instanceof ReadError) return { skipped: { ...stat(file), reason: error.reason, detail: error.message } };
    if (error instanceof PathError) return { skipped: { ...stat(file), reason: "unreadable", detail: error.message } };
    throw error;
  }
}

function stat({ path, size, modified }: WorkspaceFile): WorkspaceFile {
  return { path, size, modified };
}
