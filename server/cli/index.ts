/** `everyline index`: brings words, symbols, history and encodings up to date, with progress on a terminal. */
import type { History } from "./args.ts";
import { bringUpToDate, withMemory } from "./folder.ts";
import { printResult } from "./output.ts";
import { summaryForPeople, summaryJson } from "./shapes.ts";

export async function runIndex(command: { folder: string; history: History; json: boolean }, signal: AbortSignal): Promise<number> {
  return withMemory(command.folder, { history: command.history }, async (memory) => {
    const summary = await bringUpToDate(memory, { history: command.history !== "none", encodings: true, signal });
    printResult(command.json, summaryJson(summary), summaryForPeople(summary));
    return 0;
  });
}
