/**
 * How long a completion takes through the language server, as an editor asks for it while a person types.
 *
 *     EVERYLINE_HOME=HOME node test/bench/completion/speed.ts FOLDER [--places 20] [--keys 20] [--pause 120] [--from-source] [--profile]
 *
 * Lines of the folder's own sources are taken away and typed again, key by key, `pause` milliseconds after each reply; the debounce is off.
 * From request to reply, at the client:
 * cold: the first request in a file · warm: a key that the last reply did not foresee · along: one that it did · accepted: the request after
 * the whole reply was inserted (after as long as a person takes to press Tab) · cancelled: from the cancellation, some time after a
 * request far above in the file, to its reply · rested: a request at a new place of the file where the cursor rested before. --profile leaves a processor profile of the server in the working folder.
 */
import { resolve } from "node:path";
import { setTimeout as wait } from "node:timers/promises";
import { pathToFileURL } from "node:url";
import { parseArgs } from "node:util";
import { CancellationTokenSource, type InlineCompletionItem, InlineCompletionTriggerKind, type Position } from "vscode-languageserver/node";
import { Notifications } from "../../../server/protocol.ts";
import { defaultSettings } from "../../../server/settings.ts";
import { seeded } from "../seeded.ts";
import { quantile, type Server, startServer } from "../server.ts";
import { textFiles } from "../text-files.ts";

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    places: { type: "string", default: "20" },
    keys: { type: "string", default: "20" },
    pause: { type: "string", default: "120" },
    "from-source": { type: "boolean" },
    profile: { type: "boolean" },
  },
});
const folder = resolve(positionals[0] ?? ".");
const sources = /\.(?:py|[jt]sx?|go|rs|rb|java|kt|swift|scala|cs|php|c|cc|cpp|h|hpp|ex|hs|lua|zig)$/;
/** Milliseconds until a person has read a suggestion and presses Tab. */
const readingMs = 600;

/** A line to type: the file without it, up to its indentation and from its end on. */
interface Line {
  uri: string;
  before: string;
  typed: string;
  after: string;
}

const kinds = ["cold", "warm", "along", "accepted", "cancelled", "rested"] as const;
const times = Object.fromEntries(kinds.map((kind) => [kind, [] as number[]])) as Record<(typeof kinds)[number], number[]>;

async function main(): Promise<void> {
  const server = await startServer(folder, {
    fromSource: values["from-source"] ?? false,
    node: values.profile ? ["--cpu-prof"] : [],
    settings: {
      history: { ...defaultSettings.history, commits: "none" },
      completion: { ...defaultSettings.completion, delayMs: 0, minimumConfidence: 0 },
    },
  });
  const { tokens, files, engine } = await server.ready();
  const [first, ...lines] = linesToType(Number(values.places) + 1);
  if (first) await new Editor(server, first).ask(first.before); // what only the first request of all takes
  for (const [number, line] of lines.entries()) await type(server, line, number);
  process.stdout.write(`${JSON.stringify({ tokens, files, backend: engine?.detail, ...figures() }, null, 1)}\n`);
  await server.close();
}

async function type(server: Server, line: Line, number: number): Promise<void> {
  const editor = new Editor(server, line);
  await editor.open();
  let offered = "";
  for (let typed = 0; typed < Math.min(Number(values.keys), line.typed.length); typed++) {
    const start = performance.now();
    const next = await editor.ask(line.before + line.typed.slice(0, typed));
    const ms = performance.now() - start;
    const foreseen = offered !== "" && typed > 0 && offered.startsWith(line.typed[typed - 1] as string);
    times[typed === 0 ? "cold" : foreseen && offered.length > 1 ? "along" : "warm"].push(ms);
    offered = next;
    await wait(Number(values.pause));
  }
  if (offered !== "") await accept(editor, line, offered);
  times.cancelled.push(await editor.cancel(10 + 15 * (number % 8)));
  times.rested.push(await editor.rest());
}

async function accept(editor: Editor, line: Line, offered: string): Promise<void> {
  await wait(readingMs);
  const accepted = line.before + line.typed.slice(0, Math.min(Number(values.keys), line.typed.length) - 1) + offered;
  const start = performance.now();
  await editor.ask(accepted);
  times.accepted.push(performance.now() - start);
}

/** One document of the editor. */
class Editor {
  readonly #server: Server;
  readonly #line: Line;
  #version = 1;

  constructor(server: Server, line: Line) {
    this.#server = server;
    this.#line = line;
  }

  async open(): Promise<void> {
    const { uri, before, after } = this.#line;
    await this.#server.client.sendNotification("textDocument/didOpen", {
      textDocument: { uri, languageId: "", version: this.#version, text: before + after },
    });
  }

  /** What is offered once the document's text up to the cursor is `before`. */
  async ask(before: string): Promise<string> {
    if (this.#version === 1) await this.open();
    await this.#change(before);
    const [item] = await this.#request(before);
    return typeof item?.insertText === "string" ? item.insertText : "";
  }

  /** Asks far above, and cancels `ms` later: how long the reply takes from then on. */
  async cancel(ms: number): Promise<number> {
    const source = new CancellationTokenSource();
    const reply = this.#request(this.#above(0.5), source).catch(() => []);
    await wait(ms);
    const start = performance.now();
    source.cancel();
    await reply;
    return performance.now() - start;
  }

  /** Asks above, where the cursor rested as long as a person looks: how long the reply takes. */
  async rest(): Promise<number> {
    const above = this.#above(0.75);
    await this.#server.client.sendNotification(Notifications.cursorRests, { uri: this.#line.uri, position: endOf(above) });
    await wait(readingMs);
    const start = performance.now();
    await this.#request(above);
    return performance.now() - start;
  }

  /** The text up to the end of a line, at a share of the lines above. */
  #above(share: number): string {
    const lines = this.#line.before.split("\n");
    return lines.slice(0, Math.ceil(lines.length * share)).join("\n");
  }

  async #change(before: string): Promise<void> {
    const { uri, after } = this.#line;
    this.#version++;
    await this.#server.client.sendNotification("textDocument/didChange", {
      textDocument: { uri, version: this.#version },
      contentChanges: [{ text: before + after }],
    });
  }

  #request(before: string, source = new CancellationTokenSource()): Promise<InlineCompletionItem[]> {
    const params = {
      textDocument: { uri: this.#line.uri },
      position: endOf(before),
      context: { triggerKind: InlineCompletionTriggerKind.Automatic },
    };
    return this.#server.client.sendRequest("textDocument/inlineCompletion", params, source.token);
  }
}

function endOf(text: string): Position {
  const lines = text.split("\n");
  return { line: lines.length - 1, character: lines.at(-1)?.length ?? 0 };
}

/** The same ones in every run, of as many files. */
function linesToType(n: number): Line[] {
  const random = seeded(7);
  const files = textFiles(folder, sources).filter(({ text }) => text.split("\n").length > 60);
  const found: Line[] = [];
  for (let tries = 0; found.length < n && tries < 20 * n && files.length > 0; tries++) {
    const [file] = files.splice(random() % files.length, 1);
    if (!file) break;
    const lines = file.text.split("\n");
    const at = Array.from({ length: 40 }, () => 20 + (random() % (lines.length - 20))).find((one) => /^\s*\w.{24,}/.test(lines[one] ?? ""));
    const line = lines[at ?? -1];
    if (at === undefined || line === undefined) continue;
    const indent = /^\s*/.exec(line)?.[0] ?? "";
    found.push({
      uri: pathToFileURL(`${folder}/${file.path}`).href,
      before: `${lines.slice(0, at).join("\n")}\n${indent}`,
      typed: line.slice(indent.length),
      after: `\n${lines.slice(at + 1).join("\n")}`,
    });
  }
  return found;
}

function figures(): object {
  return Object.fromEntries(
    Object.entries(times).map(([name, all]) => [
      name,
      { n: all.length, p50: quantile(all, 0.5), p95: quantile(all, 0.95), most: quantile(all, 1) },
    ]),
  );
}

await main();
