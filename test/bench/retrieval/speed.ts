/**
 * How long a question takes through the language server, as an editor asks it: p50 and p95, and the share of each stage.
 *
 *     EVERYLINE_HOME=HOME node test/bench/retrieval/speed.ts FOLDER QUESTIONS.json [--rounds 3] [--history] [--from-source]
 *
 * QUESTIONS.json: [{"query": "..."}], as the development annotations. Waits until the folder is in step, encodings included, asks each question
 * once unmeasured, then all of them in every round, one after another.
 */
import { spawn } from "node:child_process";
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import type { MemoryStatus } from "../../../server/memory/types.ts";
import { type LocatedEvidence, Notifications, Requests } from "../../../server/protocol.ts";
import { defaultSettings } from "../../../server/settings.ts";

interface Answered {
  results: LocatedEvidence[];
  ms: number;
  stages: Record<string, number>;
}

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { rounds: { type: "string", default: "3" }, history: { type: "boolean" }, "from-source": { type: "boolean" } },
});
const [folder, file] = positionals;
if (!folder || !file) throw new Error("usage: speed.ts FOLDER QUESTIONS.json [--rounds N] [--history] [--from-source]");
const questions: string[] = JSON.parse(readFileSync(file, "utf8")).map((it: { query: string }) => it.query);

const program = join(import.meta.dirname, "../../..", values["from-source"] ? "server/main.ts" : "dist/server.mjs");
const child = spawn(process.execPath, [program, "--stdio"], { stdio: ["pipe", "pipe", "inherit"] });
const client = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
client.onNotification(Notifications.statusChanged, () => {});
client.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) =>
  items.map(() => ({
    ...defaultSettings,
    encodeLargeFolders: true,
    history: { ...defaultSettings.history, commits: values.history ? "all" : "none" },
  })),
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

const status = await ready();
for (const query of questions) await ask(query);
const times: number[] = [];
const stages: Record<string, number[]> = {};
for (let round = 0; round < Number(values.rounds); round++)
  for (const query of questions) {
    const start = performance.now();
    const answer = await ask(query);
    times.push(performance.now() - start);
    for (const [stage, ms] of Object.entries(answer.stages)) {
      stages[stage] ??= [];
      stages[stage].push(ms);
    }
  }

const rounded = (ms: number) => Number(ms.toFixed(1));
const at = (all: readonly number[], share: number) => rounded(all.toSorted((a, b) => a - b)[Math.floor(all.length * share)] ?? 0);
const figures = {
  tokens: status.tokens,
  files: status.files,
  commits: status.commits,
  backend: status.engine ? `${status.engine.backend} ${status.engine.detail}` : "none",
  questions: times.length,
  p50: at(times, 0.5),
  p95: at(times, 0.95),
  stages: Object.fromEntries(Object.entries(stages).map(([name, all]) => [name, { p50: at(all, 0.5), p95: at(all, 0.95) }])),
};
console.log(JSON.stringify(figures, null, 2));
await client.sendRequest("shutdown");
await client.sendNotification("exit");

function ask(query: string): Promise<Answered> {
  return client.sendRequest<Answered>(Requests.search.method, { folder: "", query, k: 10, scope: values.history ? "all" : "files" });
}

async function ready(): Promise<MemoryStatus> {
  for (;;) {
    const [now] = await client.sendRequest<MemoryStatus[]>(Requests.status.method, { folder: "" });
    if (now?.state === "failed") throw new Error(now.problem);
    if (now?.state === "ready") return now;
    await wait(200);
  }
}
