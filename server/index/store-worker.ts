/** Thread of the index's database: runs a StoreReader or a StoreWriter for the calls that `StoreThread` (store-thread.ts) sends. */
import { parentPort, workerData } from "node:worker_threads";
import { explain } from "./errors.ts";
import { StoreReader } from "./store-reader.ts";
import type { StoreAnswer, StoreCall, StoreThreadData } from "./store-thread.ts";
import { StoreWriter } from "./store-writer.ts";

const { file, access } = workerData as StoreThreadData;
let store: StoreReader | StoreWriter | undefined;

parentPort!.on("message", ({ id, method, args }: StoreCall) => parentPort!.postMessage(answer(id, method, args)));

function answer(id: number, method: string, args: unknown[]): StoreAnswer {
  try {
    if (method === "open") {
      store = access === "write" ? new StoreWriter(file) : new StoreReader(file);
      return { id, result: undefined };
    }
    if (!store) return { id, result: undefined }; // closed before it was opened
    return { id, result: (store as unknown as Record<string, (...args: unknown[]) => unknown>)[method]!(...args) };
  } catch (error) {
    const { name, message } = explain(error, file) as Error;
    return { id, error: { name, message } };
  }
}
