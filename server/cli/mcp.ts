/** `everyline mcp`: serves a folder's memory to agents until stdin ends; the memory is brought up to date meanwhile. */
import { ask } from "../ask/ask.ts";
import { serveMcp } from "../mcp.ts";
import { search } from "../retrieve/search.ts";
import { withMemory } from "./folder.ts";
import { say } from "./output.ts";
import { programVersion } from "./version.ts";

export async function runMcp(command: { folder: string }, signal: AbortSignal): Promise<number> {
  return withMemory(command.folder, { watch: true }, async (memory) => {
    memory.start();
    say(`serving ${memory.root} over stdio`);
    const tools = {
      search: (query: string, options: Parameters<typeof search>[2]) => search(memory, query, options),
      ask: (question: string, options: Parameters<typeof ask>[2]) => ask(memory, question, options),
      status: () => memory.status(),
    };
    await serveMcp(tools, programVersion(), signal);
    return 0;
  });
}
