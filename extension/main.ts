/** Starts the language server and registers the features. Everything a feature needs is made here and handed to it. */
import { CancellationTokenSource, commands, type ExtensionContext, window } from "vscode";
import { Requests } from "../server/protocol.ts";
import type { EverylineApi } from "./api.ts";
import { compose } from "./asking.ts";
import { AskView } from "./askView.ts";
import { Client } from "./client.ts";
import { registerCommands } from "./commands.ts";
import { Commits } from "./commits.ts";
import { registerCompletion } from "./completion.ts";
import { Jumps } from "./jump.ts";
import { askAboutLargeFolders } from "./largeFolder.ts";
import { registerMcp } from "./mcp.ts";
import { answerMembers, membersAt } from "./members.ts";
import { registerParticipant } from "./participant.ts";
import { glibcVersion, unsupported } from "./platform.ts";
import { sourceOf } from "./source.ts";
import { SourcesTree } from "./sourcesTree.ts";
import { showStatus } from "./status.ts";
import { registerTools } from "./tools.ts";

let client: Client | undefined;

export function activate(context: ExtensionContext): EverylineApi | undefined {
  const reason = unsupported(process.platform, process.arch, glibcVersion());
  if (reason) {
    window.showWarningMessage(reason);
    return undefined;
  }
  const log = window.createOutputChannel("Everyline", { log: true });
  const server = new Client(context, log);
  client = server;
  const commits = new Commits(server);
  const jumps = new Jumps(commits);
  const sources = new SourcesTree();
  const ask = new AskView({ context, client: server, sources, jumps, log: (message) => log.warn(message) });
  context.subscriptions.push(
    log,
    server,
    commits,
    jumps,
    sources,
    ask,
    ...registerCommands({ client: server, ask, jumps, commits, log }),
    ...registerCompletion(server, sources),
    answerMembers(server),
    ...showStatus(server),
    ...registerTools(server),
    ...registerMcp(context),
    registerParticipant(context, server, sources),
    askAboutLargeFolders(server),
  );
  commands.executeCommand("setContext", "everyline.active", true);
  // Not awaited: commands and views work at once and say that the server is starting.
  const started = server.start().catch((error) => {
    log.error(error instanceof Error ? error : String(error));
    window.showErrorMessage(`Everyline could not start: ${error instanceof Error ? error.message : error}`, "Show Log").then((choice) => {
      if (choice) log.show();
    });
  });
  return apiOf(server, sources, started);
}

export async function deactivate(): Promise<void> {
  await client?.stop();
}

function apiOf(server: Client, sources: SourcesTree, started: Promise<void>): EverylineApi {
  return {
    ask: async (question) => {
      await started;
      const answer = await compose(server, question, new CancellationTokenSource().token);
      sources.show(answer.evidence.map(sourceOf), question);
      return answer;
    },
    status: async () => {
      await started;
      return server.request(Requests.status, { folder: "" });
    },
    sources: () => sources.sources,
    membersAt,
  };
}
