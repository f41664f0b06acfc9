/** The commands of the palette. What fails says so: a person asked for it. */
import { commands, type Disposable, type LogOutputChannel, window } from "vscode";
import { Requests } from "../server/protocol.ts";
import type { AskView } from "./askView.ts";
import type { Client } from "./client.ts";
import type { Commits } from "./commits.ts";
import type { Jumps } from "./jump.ts";
import type { Source } from "./source.ts";
import { size } from "./statusText.ts";

export interface CommandParts {
  client: Client;
  ask: AskView;
  jumps: Jumps;
  commits: Commits;
  log: LogOutputChannel;
}

export function registerCommands({ client, ask, jumps, commits, log }: CommandParts): Disposable[] {
  const all = { folder: "" };
  return [
    register("everyline.ask", (question?: unknown) => ask.focus(typeof question === "string" ? question : undefined)),
    register("everyline.showSources", async () => {
      await commands.executeCommand("everyline.sourcesView.focus");
      await commands.executeCommand("list.focusFirst");
    }),
    register("everyline.openSource", (source: Source) => jumps.to(source, true)),
    register("everyline.openCommit", ({ folder, commit }: Source) => commits.openCommit(folder, commit)),
    register("everyline.showAtThatTime", ({ folder, commit, change }: Source) => change && commits.showAt({ folder, commit, ...change })),
    register("everyline.explainLineOrigin", () => commits.explainLines()),
    register("everyline.pauseMemory", () => client.request(Requests.pause, all)),
    register("everyline.resumeMemory", () => client.request(Requests.resume, all)),
    register("everyline.toggleMemory", () =>
      client.request(client.status.some(({ state }) => state === "paused") ? Requests.resume : Requests.pause, all),
    ),
    register("everyline.allowEncoding", () => client.request(Requests.allowEncoding, { ...all, allow: true })),
    register("everyline.rebuildMemory", () => client.request(Requests.rebuild, all)),
    register("everyline.clearCache", () => clearCache(client)),
    register("everyline.showLog", () => log.show()),
    register("everyline.restart", () => client.restart()),
  ];
}

function register(command: string, run: (...given: never[]) => unknown): Disposable {
  return commands.registerCommand(command, async (...given: unknown[]) => {
    try {
      await run(...(given as never[]));
    } catch (error) {
      window.showErrorMessage(`Everyline: ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}

async function clearCache(client: Client): Promise<void> {
  const yes = "Clear Cache";
  const detail = "The model reads all files of all folders again when they are opened. Searching by words goes on.";
  if ((await window.showWarningMessage("Clear Everyline's cache for all folders?", { modal: true, detail }, yes)) !== yes) return;
  const { freedBytes } = await client.request(Requests.clearCache, {});
  window.showInformationMessage(`Everyline's cache is empty: ${size(freedBytes)} freed.`);
}
