/** Starts the server's worker threads, from the bundle in dist/ or, in tests, from the sources. */
import { Worker } from "node:worker_threads";

const fromSource = import.meta.url.endsWith(".ts");

/** Entry points: server/FOLDER/NAME-worker.ts, bundled as dist/NAME-worker.mjs. */
const folders = { store: "index", prepare: "index", cache: "memory" } as const;

export type ThreadName = keyof typeof folders;

export function startThread(name: ThreadName, workerData: unknown): Worker {
  const file = fromSource ? `./${folders[name]}/${name}-worker.ts` : `./${name}-worker.mjs`;
  return new Worker(new URL(file, import.meta.url), { workerData });
}
