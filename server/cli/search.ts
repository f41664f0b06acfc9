/** `everyline search`: ranked regions of files, or commits. */
import { search } from "../retrieve/search.ts";
import { withMemory } from "./folder.ts";
import { printResult } from "./output.ts";
import { searchForPeople, searchJson } from "./shapes.ts";

interface SearchCommand {
  folder: string;
  query: string;
  commits: boolean;
  k: number;
  json: boolean;
}

export async function runSearch({ folder, query, commits, k, json }: SearchCommand, signal: AbortSignal): Promise<number> {
  return withMemory(folder, { refresh: signal }, async (memory) => {
    const result = await search(memory, query, { k, scope: commits ? "commits" : "files", signal });
    printResult(json, searchJson(result), searchForPeople(result));
    return 0;
  });
}
