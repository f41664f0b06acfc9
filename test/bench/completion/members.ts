/**
 * What the members that a language's own server offers are worth to completion: places behind a receiver in a repository's TypeScript,
 * completed with and without them.
 *
 *     node test/bench/completion/members.ts FOLDER [--n 60] [--out FILE]
 *
 * The server is TypeScript's (`tsc --lsp`, the package this project compiles with), asked as the extension asks the editor's. Nothing is
 * encoded. Prints for both how often the member's name, the beginning up to the first stop and the whole rest of the line are right, for how
 * many places the server offers the right name, and how long it takes.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { createProtocolConnection, type ProtocolConnection, StreamMessageReader, StreamMessageWriter } from "vscode-languageserver/node";
import { offeredName } from "../../../extension/offeredName.ts";
import { Completer } from "../../../server/complete/complete.ts";
import { receiverOf } from "../../../server/complete/surroundings.ts";
import type { OfferedMember } from "../../../server/complete/types.ts";
import { Memory } from "../../../server/memory/memory.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { quantile } from "../server.ts";
import { type Place, places } from "./places.ts";
import { type Verdict, verdictOf } from "./verdict.ts";
import { without } from "./without.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { n: { type: "string", default: "60" }, out: { type: "string" } },
});
const folder = resolve(positionals[0] ?? ".");
const root = join(import.meta.dirname, "../../..");
/** By the protocol's CompletionItemKind. */
const kinds = new Map([
  [2, "method"],
  [3, "function"],
  [5, "field"],
  [6, "field"],
  [10, "field"],
  [20, "field"],
  [21, "field"],
]);

interface Judged extends Verdict {
  text: string;
  named: boolean;
}

interface Row {
  path: string;
  before: string;
  gold: string;
  offered: number;
  /** Whether the right name is offered. */
  known: boolean;
  plain: Judged;
  told: Judged;
}

async function main(): Promise<void> {
  const memory = await Memory.open({ folder, settings: { ...defaultSettings, encodeLargeFolders: true }, watch: false });
  await memory.bringUpToDate({ words: true, history: false, encodings: false });
  const completer = new Completer(await without(memory, ["memory"]));
  const server = await TypeScript.start();
  const found = (await places(memory, 40 * Number(values.n))).filter(isMember).slice(0, Number(values.n));
  const rows: Row[] = [];
  const times: number[] = [];
  for (const place of found) {
    const started = performance.now();
    const offered = await server.offered(place);
    times.push(performance.now() - started);
    const plain = judged(place.gold, (await completer.complete(place)).text);
    const told = await new Completer(await without(memory, ["memory"])).complete({
      ...place,
      members: async () => (offered.length > 0 ? offered : undefined),
    });
    const name = nameOf(place.gold);
    const known = offered.some((one) => one.name === name);
    rows.push({
      path: place.path,
      before: place.prefix.slice(-40),
      gold: place.gold,
      offered: offered.length,
      known,
      plain,
      told: judged(place.gold, told.text),
    });
  }
  if (values.out) writeFileSync(values.out, JSON.stringify(rows, null, 1));
  const share = (some: number) => Number((some / Math.max(1, rows.length)).toFixed(3));
  const of = (which: "plain" | "told") => ({
    name: share(rows.filter((row) => row[which].named).length),
    toFirstStop: share(rows.filter((row) => row[which].begins).length),
    exact: share(rows.filter((row) => row[which].right).length),
  });
  const figures = {
    n: rows.length,
    offered: share(rows.filter(({ offered }) => offered > 0).length),
    rightOffered: share(rows.filter(({ known }) => known).length),
    serverMs: { p50: quantile(times, 0.5), p95: quantile(times, 0.95) },
    without: of("plain"),
    with: of("told"),
  };
  process.stdout.write(`${JSON.stringify(figures, null, 1)}\n`);
  server.end();
  await memory.close();
}

function isMember({ path, prefix, gold }: Place): boolean {
  return /\.[cm]?tsx?$/.test(path) && receiverOf(prefix.slice(prefix.lastIndexOf("\n") + 1)).receiver !== null && nameOf(gold) !== "";
}

function nameOf(text: string): string {
  return /^[\p{L}_$][\p{L}\p{N}_$]*/u.exec(text)?.[0] ?? "";
}

function judged(gold: string, made: string): Judged {
  const text = made.split("\n")[0] as string;
  return { text, ...verdictOf(gold, text), named: nameOf(text) === nameOf(gold) };
}

class TypeScript {
  readonly #child: ChildProcess;
  readonly #client: ProtocolConnection;
  #opened = 0;

  private constructor(child: ChildProcess, client: ProtocolConnection) {
    this.#child = child;
    this.#client = client;
  }

  static async start(): Promise<TypeScript> {
    const child = spawn(process.execPath, [join(root, "node_modules/typescript/bin/tsc"), "--lsp", "--stdio"], {
      stdio: ["pipe", "pipe", "ignore"],
    });
    const client = createProtocolConnection(new StreamMessageReader(child.stdout), new StreamMessageWriter(child.stdin));
    client.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) => items.map(() => null));
    client.onRequest("client/registerCapability", () => null);
    client.listen();
    const uri = pathToFileURL(folder).href;
    await client.sendRequest("initialize", {
      processId: process.pid,
      rootUri: uri,
      workspaceFolders: [{ uri, name: "bench" }],
      capabilities: { textDocument: { completion: { completionItem: {} } }, workspace: { configuration: true } },
    });
    await client.sendNotification("initialized", {});
    return new TypeScript(child, client);
  }

  /** Behind the place's receiver, with the rest of its line taken away. */
  async offered({ path, prefix, suffix }: Place): Promise<OfferedMember[]> {
    const uri = pathToFileURL(join(folder, path)).href;
    const text = prefix + suffix;
    const languageId = path.endsWith("x") ? "typescriptreact" : "typescript";
    await this.#client.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId, version: ++this.#opened, text } });
    const lines = prefix.split("\n");
    const position = { line: lines.length - 1, character: (lines.at(-1) as string).length };
    const context = { triggerKind: 2, triggerCharacter: "." };
    type Item = { label: string; filterText?: string; kind?: number };
    const answer = await this.#client
      .sendRequest<{ items: Item[] } | Item[] | null>("textDocument/completion", { textDocument: { uri }, position, context })
      .catch(() => null);
    await this.#client.sendNotification("textDocument/didClose", { textDocument: { uri } });
    const items = Array.isArray(answer) ? answer : (answer?.items ?? []);
    return items.flatMap(({ label, filterText, kind = 0 }) => {
      const name = offeredName(label, filterText);
      const known = kinds.get(kind);
      return name === undefined || known === undefined ? [] : [{ name, kind: known }];
    });
  }

  end(): void {
    this.#client.dispose();
    this.#child.kill();
  }
}

await main();
