/** `everyline ask`: an answer with citations. */
import { ask } from "../ask/ask.ts";
import { withMemory } from "./folder.ts";
import { printResult } from "./output.ts";
import { answerForPeople, answerJson } from "./shapes.ts";

export async function runAsk(
  command: { folder: string; question: string; k: number; json: boolean },
  signal: AbortSignal,
): Promise<number> {
  return withMemory(command.folder, { refresh: signal }, async (memory) => {
    const answer = await ask(memory, command.question, { k: command.k, signal });
    printResult(command.json, answerJson(answer), answerForPeople(answer));
    return 0;
  });
}
