/** The language server as an editor starts it: a child process over stdio, on a real repository. */
import { type ChildProcess, spawn } from "node:child_process";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import type { MemoryStatus } from "../../server/memory/types.ts";
import { Notifications, type Request, Requests } from "../../server/protocol.ts";
import { type Files, repository, folder as temporaryFolder } from "./repository.ts";

export interface ServerOptions {
  /** Committed to the repository that is opened. */
  files: Files;
  /** URIs of more folders. */
  further?: string[];
  /** The program's folder. */
  program?: string;
  env?: NodeJS.ProcessEnv;
  /** The section "everyline" of the editor's settings; without it the client has no settings. */
  configuration?: Record<string, unknown>;
}

export async function startServer({ files, further = [], program, env = {}, configuration }: ServerOptions) {
  const work = await repository(files);
  await work.commit("Begin");
  const home = await temporaryFolder();
  const main = join(program ?? join(import.meta.dirname, "../.."), "server", "main.ts");
  const child = spawn(process.execPath, [main, "--stdio"], {
    env: { ...process.env, EVERYLINE_HOME: home.path, ...env },
    stdio: ["pipe", "pipe", "inherit"],
  });
  const exit = new Promise<number | null>((resolve) => child.once("exit", resolve));
  const client = createProtocolConnection(new StreamMessageReader(child.stdout!), new StreamMessageWriter(child.stdin!));
  const log: string[] = [];
  client.onNotification(Notifications.statusChanged, () => {});
  client.onNotification("window/logMessage", ({ message }: { message: string }) => void log.push(message));
  client.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) => items.map(() => configuration));
  client.onRequest("client/registerCapability", () => null);
  client.listen();
  const uri = pathToFileURL(work.path).href;
  await client.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: [uri, ...further].map((one) => ({ uri: one, name: one })),
    capabilities: configuration ? { workspace: { configuration: true, didChangeConfiguration: { dynamicRegistration: true } } } : {},
  });
  await client.sendNotification("initialized", {});
  const ask = <R>({ method }: Request<never, R> | { method: string }, params: object) => client.sendRequest<R>(method, params);
  return {
    child,
    client,
    exit,
    /** What the server wrote to its log. */
    log,
    uriOf: (path: string) => `${uri}/${path}`,
    ask,
    status: async () => (await ask<MemoryStatus[]>(Requests.status, { folder: "" }))[0],
    dispose: async () => {
      client.dispose();
      if (running(child)) child.kill("SIGKILL");
      await exit;
      await work.dispose();
      await home.dispose();
    },
  };
}

function running(child: ChildProcess): boolean {
  return child.exitCode === null && child.signalCode === null;
}
