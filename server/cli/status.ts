/** `everyline status`: what the memory holds, as it is; nothing is read anew. */
import { withMemory } from "./folder.ts";
import { printResult } from "./output.ts";
import { statusForPeople, statusJson } from "./shapes.ts";

export async function runStatus(command: { folder: string; json: boolean }): Promise<number> {
  return withMemory(command.folder, {}, async (memory) => {
    const status = await memory.status();
    printResult(command.json, statusJson(status), statusForPeople(status));
    return 0;
  });
}
