/** The language server as an editor has it: a process of its own, one folder, spoken to over stdio. For benches. */
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { createProtocolConnection, type ProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import type { MemoryStatus } from "../../server/memory/types.ts";
import { nodeOptions } from "../../server/node-options.ts";
import { Notifications, Requests } from "../../server/protocol.ts";
import { defaultSettings, type Settings } from "../../server/settings.ts";

export interface ServerOptions {
  settings?: Partial<Settings>;
  /** server/main.ts instead of the bundle that ships. */
  fromSource?: boolean;
  /** Arguments for Node: a profiler's. */
  node?: readonly string[];
}

export interface Server {
  client: ProtocolConnection;
  /** The folder's. */
  uri: string;
  /** Resolves once the folder is in step, encodings included. */
  ready(): Promise<MemoryStatus>;
  close(): Promise<void>;
}

export async function startServer(folder: string, { settings = {}, fromSource = false, node = [] }: ServerOptions): Promise<Server> {
  const program = join(import.meta.dirname, "../..", fromSource ? "server/main.ts" : "dist/server.mjs");
  const child = spawn(process.execPath, [...nodeOptions, ...node, program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
  const client = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
  client.onNotification(Notifications.statusChanged, () => {});
  client.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) =>
    items.map(() => ({ ...defaultSettings, encodeLargeFolders: true, ...settings })),
  );
  client.onRequest("client/registerCapability", () => null);
  client.onRequest("window/workDoneProgress/create", () => null);
  client.listen();
  const uri = pathToFileURL(resolve(folder)).href;
  await client.sendRequest("initialize", {
    processId: process.pid,
    rootUri: null,
    workspaceFolders: [{ uri, name: "bench" }],
    capabilities: { workspace: { configuration: true } },
  });
  await client.sendNotification("initialized", {});
  return {
    client,
    uri,
    async ready() {
      for (;;) {
        const [now] = await client.sendRequest<MemoryStatus[]>(Requests.status.method, { folder: "" });
        if (now?.state === "failed") throw new Error(now.problem);
        if (now?.state === "ready") return now;
        await wait(200);
      }
    },
    async close() {
      await client.sendRequest("shutdown");
      await client.sendNotification("exit");
    },
  };
}

/** Of times in milliseconds: the one that a share of them does not exceed, with one decimal. */
export function quantile(times: readonly number[], share: number): number {
  const sorted = times.toSorted((a, b) => a - b);
  return Number((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0).toFixed(1));
}
