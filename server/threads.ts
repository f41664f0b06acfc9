/** Starts the server's worker threads, from the bundle in dist/ or, in tests, from the sources. */
import { Worker } from "node:worker_threads";

const fromSource = import.meta.url.endsWith(".ts");

/** Entry points: server/index/NAME-worker.ts, bundled as dist/NAME-worker.mjs. */
export type ThreadName = "store" | "prepare";

export function startThread(name: ThreadName, workerData: unknown): Worker {
  const file = fromSource ? `./index/${name}-worker.ts` : `./${name}-worker.mjs`;
  return new Worker(new URL(file, import.meta.url), { workerData });
}
