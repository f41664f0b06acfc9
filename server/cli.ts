/**
 * The door for the terminal: reads the command, opens the memory, prints what comes back.
 *
 * Exit status 0 on success, 1 on a failure with one line on stderr, 2 on bad usage. With --json stdout holds one JSON document and nothing else.
 */
import { type Command, parseCommand, UsageError, usage } from "./cli/args.ts";
import { say } from "./cli/output.ts";
import { programVersion } from "./cli/version.ts";

/** Runs a command line; resolves to the exit status. */
async function main(argv: readonly string[]): Promise<number> {
  let command: Command;
  try {
    command = parseCommand(argv);
  } catch (error) {
    if (!(error instanceof UsageError)) throw error;
    say(`${error.message} (everyline --help tells more)`);
    return 2;
  }
  const interrupted = new AbortController();
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(signal, () => interrupted.abort(new Error("interrupted")));
  try {
    return await run(command, interrupted.signal);
  } catch (error) {
    say(error instanceof Error ? error.message : String(error));
    return 1;
  }
}

async function run(command: Command, signal: AbortSignal): Promise<number> {
  switch (command.name) {
    case "help":
      process.stdout.write(usage);
      return 0;
    case "version":
      process.stdout.write(`${programVersion()}\n`);
      return 0;
    case "index":
      return (await import("./cli/index.ts")).runIndex(command, signal);
    case "ask":
      return (await import("./cli/ask.ts")).runAsk(command, signal);
    case "search":
      return (await import("./cli/search.ts")).runSearch(command, signal);
    case "complete":
      return (await import("./cli/complete.ts")).runComplete(command, signal);
    case "status":
      return (await import("./cli/status.ts")).runStatus(command);
    case "doctor":
      return (await import("./cli/doctor.ts")).runDoctor(command);
    case "batch":
      return (await import("./cli/batch.ts")).runBatch(command, signal);
    case "mcp":
      return (await import("./cli/mcp.ts")).runMcp(command, signal);
  }
}

process.stdout.on("error", (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error; // the reader has seen enough
});
process.exitCode = await main(process.argv.slice(2));
