/** The cache's worker thread: calls of the methods named below, answered in order. Messages: see cache.ts. */
import { parentPort, workerData } from "node:worker_threads";
import type { CacheReply, CacheRequest, CacheWorkerData } from "./cache.ts";
import { CacheStore } from "./cache-store.ts";

const port = parentPort!;
const { folder, limits } = workerData as CacheWorkerData;
let store: CacheStore | undefined;
/** A start has better things to do. */
const checkAfterMs = 2000;

port.on("message", (request: CacheRequest) => {
  if (request.method === "close") {
    store?.close();
    store = undefined;
    port.close();
    return;
  }
  port.postMessage(answer(request));
  if (request.method === "get") setTimeout(check, checkAfterMs).unref();
});

/** In slices, so that calls come in between. */
function check(): void {
  try {
    if (store?.check()) setImmediate(check);
  } catch (error) {
    port.postMessage({ warning: (error as Error).message } satisfies CacheReply);
  }
}

function answer({ id, method, args }: CacheRequest): CacheReply {
  try {
    store ??= new CacheStore(folder, limits, (text) => port.postMessage({ warning: text } satisfies CacheReply));
    // Places mean something within one generation: what was cleared meanwhile by another program is asked for again.
    for (;;) {
      const before = store.facts().generation;
      // The compiler cannot tie a method's name to its arguments; `Cache` sends only what fits.
      const result = (store[method as Exclude<typeof method, "close">] as (...values: unknown[]) => unknown).apply(store, args);
      const facts = store.facts();
      if (facts.generation === before || method === "clear") return { id, result, facts };
    }
  } catch (error) {
    const { message, code } = error as { message: string; code?: string };
    return { id, error: { code: code === "full" ? "full" : "io", message } };
  }
}
