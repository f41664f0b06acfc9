/** A prepare thread as `PreparePool` knows it that hangs on files named "stuck..." and dies of files named "deadly...", for tests. */
import { parentPort, workerData } from "node:worker_threads";
import type { Prepared } from "../prepare.ts";
import type { PrepareBatch, PrepareThreadData } from "../prepare-pool.ts";

const { position } = workerData as PrepareThreadData;

parentPort!.on("message", ({ files, by }: PrepareBatch) => {
  const results: Prepared[] = [];
  for (const [i, { path, size, modified }] of files.entries()) {
    Atomics.store(position, 0, i);
    // "stuck.ts" only for the parser, "stuck-always.ts" for good
    while (path.startsWith("stuck-always") || (path.startsWith("stuck") && by === "grammar"));
    if (path.startsWith("deadly")) throw new Error("dead");
    results.push({ skipped: { path, size, modified, reason: "binary", detail: by } });
  }
  Atomics.store(position, 0, -1);
  parentPort!.postMessage(results);
});
