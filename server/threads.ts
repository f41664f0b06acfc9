/** Starts the server's worker threads, from the bundle in dist/ or, in tests, from the sources. */
import { setFlagsFromString } from "node:v8";
import { Worker } from "node:worker_threads";

// A thread's first thousands of rows would otherwise be collected and copied again and again while its heap grows.
setFlagsFromString("--min-semi-space-size=8");

const fromSource = import.meta.url.endsWith(".ts");

/** Entry points: server/FOLDER/NAME-worker.ts, bundled as dist/NAME-worker.mjs. */
const folders = { store: "index", prepare: "index", cache: "memory" } as const;

export type ThreadName = keyof typeof folders;

export function startThread(name: ThreadName, workerData: unknown): Worker {
  const file = fromSource ? `./${folders[name]}/${name}-worker.ts` : `./${name}-worker.mjs`;
  return new Worker(new URL(file, import.meta.url), { workerData });
}
