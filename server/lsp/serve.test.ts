/** The language server over a connection in memory, with a folder behind it that only writes down what it is told. */
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { PassThrough } from "node:stream";
import { pathToFileURL } from "node:url";
import { afterEach, describe, expect, it, vi } from "vitest";
import {
  createConnection,
  createProtocolConnection,
  type InlineCompletionItem,
  InlineCompletionTriggerKind,
  type ProtocolConnection,
  StreamMessageReader,
  StreamMessageWriter,
} from "vscode-languageserver/node";
import type { Completion, CompletionRequest } from "../complete/types.ts";
import type { MemoryStatus } from "../memory/types.ts";
import {
  EditorRequests,
  type LocatedAnswer,
  type MembersParams,
  Notifications,
  notReadyCode,
  type Request,
  Requests,
} from "../protocol.ts";
import type { Evidence } from "../retrieve/types.ts";
import type { OpenedFolder, OpenOptions } from "./opened.ts";
import { serve } from "./serve.ts";

const ends: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const end of ends.splice(0)) await end();
});

describe("folders", () => {
  it("opens every workspace folder with its settings, adds and removes them", async () => {
    const server = await started({ configuration: { history: { commits: 7 } } });
    expect(server.opened.map(({ path }) => path)).toEqual([server.root]);
    expect(server.opened[0]?.settings.history.commits).toBe(7);
    const added = "file:///somewhere/else";
    await server.client.sendNotification("workspace/didChangeWorkspaceFolders", {
      event: { added: [{ uri: added, name: "else" }], removed: [] },
    });
    await vi.waitFor(async () =>
      expect((await server.ask(Requests.status, { folder: "" })).map(({ folder }) => folder)).toContain("/somewhere/else"),
    );
    await server.client.sendNotification("workspace/didChangeWorkspaceFolders", {
      event: { added: [], removed: [{ uri: added, name: "else" }] },
    });
    await vi.waitFor(() => expect(server.told).toContain("close"));
  });

  it("shows a folder that cannot be opened with its reason, and goes on with the others", async () => {
    const server = await started({ refuse: "/locked", folders: ["file:///locked"] });
    const statuses = await server.ask(Requests.status, { folder: "" });
    expect(statuses.map(({ state }) => state).sort()).toEqual(["failed", "ready"]);
    expect(statuses.find(({ state }) => state === "failed")?.problem).toBe("no permission to read /locked");
    expect((await server.ask(Requests.ask, { folder: "", question: "x", k: 3 })).found).toBe(true);
  });

  it("leaves out what is not on disk", async () => {
    const server = await started({ folders: ["vscode-vfs://github/a/b"] });
    expect(server.opened).toHaveLength(1);
  });
});

describe("requests", () => {
  it("give evidence the URI of its file, and none to what leads out of the folder", async () => {
    const server = await started();
    const answer = await server.ask(Requests.ask, { folder: server.uri, question: "where?", k: 5 });
    expect(answer.folder).toBe(server.uri);
    expect(answer.evidence.map(({ uri }) => uri)).toEqual([`${server.uri}/a%20b.ts`, "", ""]);
  });

  it("show files of the past and where lines come from", async () => {
    const server = await started();
    const asked = { folder: server.uri, commit: "abc", path: "a.ts", side: "before" as const };
    expect(await server.ask(Requests.fileAt, asked)).toEqual({ text: "abc a.ts before" });
    expect(await server.ask(Requests.fileAt, { ...asked, path: "gone.ts" })).toEqual({ text: null });
    expect(await server.ask(Requests.commitFiles, asked)).toEqual([{ path: "abc.ts", oldPath: "old.ts", change: "renamed" }]);
    const lines = { uri: server.uriOf("a b.ts"), startLine: 2, endLine: 3 };
    expect(await server.ask(Requests.lineOrigin, lines)).toEqual({ folder: server.uri, origins: [] });
    expect(server.told).toContain("origin a b.ts 2 3");
  });

  it("refuse bad parameters with a message, and the server goes on", async () => {
    const server = await started();
    for (const [method, params] of [
      ["everyline/ask", { folder: "", question: 5, k: 3 }],
      ["everyline/ask", { folder: "", question: "x", k: 0 }],
      ["everyline/search", { folder: "", query: "x", k: 3, scope: "everything" }],
      ["everyline/word", { answer: null, text: "x", model: "m" }],
      ["everyline/status", { folder: "file:///not/open" }],
      ["everyline/status", undefined],
      ["everyline/fileAt", { folder: "", commit: "x", path: "a.ts", side: "beside" }],
      ["everyline/commitFiles", { folder: "" }],
      ["everyline/lineOrigin", { uri: "file:///elsewhere/a.ts", startLine: 1, endLine: 1 }],
      ["everyline/lineOrigin", { uri: "x", startLine: 0, endLine: 1 }],
      ["everyline/nothing", {}],
    ] as const) {
      await expect(server.client.sendRequest(method, params)).rejects.toThrow(/./);
    }
    expect(await server.ask(Requests.status, { folder: "" })).toHaveLength(1);
  });

  it("carry the cancellation to the memory", async () => {
    const server = await started();
    const { CancellationTokenSource } = await import("vscode-languageserver/node");
    const source = new CancellationTokenSource();
    const asked = server.client.sendRequest("everyline/ask", { folder: "", question: "forever", k: 1 }, source.token);
    await vi.waitFor(() => expect(server.told).toContain("ask forever"));
    source.cancel();
    await expect(asked).rejects.toThrow("Cancelled.");
  });

  it("are refused while nothing has been read, and say so while files are being read", async () => {
    const server = await started();
    const params = { folder: "", question: "x", k: 3 };
    Object.assign(server, { state: "words", files: 0 });
    await expect(server.ask(Requests.ask, params)).rejects.toMatchObject({ code: notReadyCode });
    server.files = 5;
    expect((await server.ask(Requests.ask, params)).incomplete).toContain("still being read");
    server.state = "ready";
    expect((await server.ask(Requests.ask, params)).incomplete).toBe("");
  });

  it("reach the folder: pause, resume, rebuild, allowEncoding, clearCache, word", async () => {
    const server = await started();
    await server.ask(Requests.pause, { folder: "" });
    await server.ask(Requests.resume, { folder: "" });
    await server.ask(Requests.rebuild, { folder: server.uri });
    await server.ask(Requests.allowEncoding, { folder: "", allow: true });
    expect(await server.ask(Requests.clearCache, {})).toEqual({ freedBytes: 5 });
    expect(server.told).toEqual(expect.arrayContaining(["pause", "resume", "rebuild", "allow true"]));
    const answer = await server.ask(Requests.ask, { folder: "", question: "x", k: 3 });
    expect((await server.ask(Requests.word, { answer, text: "It is so [1].", model: "m" })).wordedBy).toBe("m");
  });
});

describe("open documents", () => {
  it("are unsaved from the first change that differs from the disk until they are saved, reverted or closed", async () => {
    const server = await started();
    await server.open("a b.ts", "saved");
    await server.change("a b.ts", "typed");
    await vi.waitFor(() => expect(server.unsaved).toEqual({ "a b.ts": "typed" }));
    await server.change("a b.ts", "saved");
    await vi.waitFor(() => expect(server.unsaved).toEqual({}));
    await server.change("a b.ts", "more");
    await vi.waitFor(() => expect(server.unsaved).toEqual({ "a b.ts": "more" }));
    await server.client.sendNotification("textDocument/didSave", { textDocument: { uri: server.uriOf("a b.ts") } });
    await vi.waitFor(() => expect(server.unsaved).toEqual({}));
    await server.change("a b.ts", "again");
    await vi.waitFor(() => expect(server.unsaved).toEqual({ "a b.ts": "again" }));
    await server.client.sendNotification("textDocument/didClose", { textDocument: { uri: server.uriOf("a b.ts") } });
    await vi.waitFor(() => expect(server.unsaved).toEqual({}));
  });

  it("restored with text that is not on disk are unsaved at once", async () => {
    const server = await started();
    await server.open("a b.ts", "restored");
    await vi.waitFor(() => expect(server.unsaved).toEqual({ "a b.ts": "restored" }));
  });

  it("are named to the memory, which encodes them first", async () => {
    const server = await started();
    await server.open("a b.ts", "saved");
    await vi.waitFor(() => expect(server.told).toContain("open a b.ts"));
  });
});

describe("inline completion", () => {
  const automatic = { triggerKind: InlineCompletionTriggerKind.Automatic };

  it("offers the completion at the cursor, with the command that says it was accepted", async () => {
    const server = await started();
    await server.open("a b.ts", "one\ntwo");
    const items = await server.complete("a b.ts", { line: 1, character: 1 }, automatic);
    expect(server.completed[0]).toMatchObject({ path: "a b.ts", language: "typescript", prefix: "one\nt", suffix: "wo" });
    expect(items).toMatchObject([{ insertText: "done()", range: { start: { line: 1, character: 1 }, end: { line: 1, character: 1 } } }]);
    expect(items[0]?.command?.command).toBe("everyline.completionAccepted");
    expect(await server.ask(Requests.completionSources, { uri: server.uriOf("a b.ts") })).toMatchObject([{ uri: `${server.uri}/c.ts` }]);
  });

  it("counts what was offered and what was accepted", async () => {
    const server = await started();
    const counts = async () => (await server.ask(Requests.status, { folder: "" }))[0]?.suggestions;
    await server.open("a b.ts", "one\ntwo");
    expect(await counts()).toEqual({ offered: 0, accepted: 0 });
    await server.complete("a b.ts", { line: 1, character: 1 }, automatic);
    await server.client.sendNotification(Notifications.completionAccepted, { uri: server.uriOf("a b.ts"), characters: 6 });
    expect(await counts()).toEqual({ offered: 1, accepted: 1 });
  });

  it("tells the completer what is open and what was written elsewhere", async () => {
    const server = await started();
    await server.open("a b.ts", "saved");
    await server.change("a b.ts", "typed");
    await vi.waitFor(() => expect(server.unsaved).toEqual({ "a b.ts": "typed" }));
    await server.open("c.ts", "x");
    await server.complete("c.ts", { line: 0, character: 1 }, automatic);
    expect(server.completed.at(-1)).toMatchObject({ open: ["a b.ts", "c.ts"], edited: [{ path: "a b.ts", text: "typed" }] });
  });

  it("asks the editor what there is behind a receiver, for the text at the cursor alone", async () => {
    const server = await started({ editorRequests: true });
    const asked: MembersParams[] = [];
    server.client.onRequest(EditorRequests.members.method, (place: MembersParams) => {
      asked.push(place);
      return [{ name: "digest", kind: "method" }];
    });
    await server.open("a b.ts", "one\n  hasher.di\ntwo");
    await server.complete("a b.ts", { line: 1, character: 11 }, automatic);
    const request = server.completed.at(-1);
    expect(await request?.members?.("one\n  hasher.di")).toEqual([{ name: "digest", kind: "method" }]);
    expect(asked).toEqual([{ uri: server.uriOf("a b.ts"), line: 1, character: 9 }]);
    expect(await request?.members?.("one\n  hasher.digest(")).toBeUndefined();
    await server.complete("a b.ts", { line: 0, character: 3 }, automatic);
    expect(server.completed.at(-1)?.members).toBeUndefined();
  });

  it("asks no editor that does not answer, or where it is switched off", async () => {
    for (const options of [{}, { editorRequests: true, configuration: { completion: { languageServers: false } } }]) {
      const server = await started(options);
      await server.open("a b.ts", "hasher.");
      await server.complete("a b.ts", { line: 0, character: 7 }, automatic);
      expect(await server.completed.at(-1)?.members?.("hasher.")).toBeUndefined();
    }
  });

  it("continues the item selected in the suggest widget and replaces its range", async () => {
    const server = await started();
    await server.open("a b.ts", "x.to;");
    const range = { start: { line: 0, character: 2 }, end: { line: 0, character: 4 } };
    const selected = { ...automatic, selectedCompletionInfo: { range, text: "toString" } };
    const items = await server.complete("a b.ts", { line: 0, character: 4 }, selected);
    expect(server.completed[0]).toMatchObject({ prefix: "x.toString", suffix: ";" });
    expect(items).toMatchObject([{ insertText: "toStringdone()", range }]);
  });

  it("gives untitled documents a path that names their language", async () => {
    const server = await started();
    const uri = "untitled:Untitled-1";
    await server.client.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "python", version: 1, text: "def" } });
    await server.client.sendRequest("textDocument/inlineCompletion", {
      textDocument: { uri },
      position: { line: 0, character: 3 },
      context: automatic,
    });
    expect(server.completed[0]?.path).toBe("Untitled-1.py");
  });

  it("takes a notebook's cell for a file of its language", async () => {
    const server = await started();
    const uri = `vscode-notebook-cell:${new URL(server.uri).pathname}/plots/a.ipynb#W0sZmlsZQ%3D%3D`;
    await server.client.sendNotification("textDocument/didOpen", { textDocument: { uri, languageId: "python", version: 1, text: "def" } });
    await server.client.sendRequest("textDocument/inlineCompletion", {
      textDocument: { uri },
      position: { line: 0, character: 3 },
      context: automatic,
    });
    expect(server.completed[0]).toMatchObject({ path: "plots/a.py", prefix: "def" });
  });

  it("reads ahead where the cursor rests, with power at hand and where it is wanted", async () => {
    const server = await started({ configuration: { completion: { disabledLanguages: ["plaintext"] } } });
    await server.open("a b.ts", "let a;");
    const position = { line: 0, character: 4 };
    const rests = (params: object) => server.client.sendNotification(Notifications.cursorRests, params);
    await rests({ uri: "untitled:unknown", position });
    await rests({ uri: server.uriOf("a b.ts") });
    await server.client.sendNotification(Notifications.battery, { onBattery: true });
    await rests({ uri: server.uriOf("a b.ts"), position: { line: 0, character: 1 } });
    await server.client.sendNotification(Notifications.battery, { onBattery: false });
    await rests({ uri: server.uriOf("a b.ts"), position });
    await vi.waitFor(() => expect(server.told.filter((one) => one.startsWith("ahead"))).toEqual(["ahead a b.ts let |a;"]));
  });

  it("is silent for a disabled language, and while typing when switched off", async () => {
    const off = await started({ configuration: { completion: { enabled: false } } });
    await off.open("a b.ts", "x");
    expect(await off.complete("a b.ts", { line: 0, character: 1 }, automatic)).toEqual([]);
    expect(await off.complete("a b.ts", { line: 0, character: 1 }, { triggerKind: InlineCompletionTriggerKind.Invoked })).toHaveLength(1);
    const disabled = await started({ configuration: { completion: { disabledLanguages: ["typescript"] } } });
    await disabled.open("a b.ts", "x");
    expect(await disabled.complete("a b.ts", { line: 0, character: 1 }, automatic)).toEqual([]);
  });

  it("tells the log once what keeps it from completing", async () => {
    const server = await started();
    const warnings: string[] = [];
    server.client.onNotification("window/logMessage", ({ type, message }: { type: number; message: string }) => {
      if (type === 2) warnings.push(message);
    });
    await server.open("a b.ts", "x");
    server.next = async () => ({ ...made(""), shown: false, reason: "it is down", problem: "it is down" });
    for (let key = 0; key < 3; key++) await server.complete("a b.ts", { line: 0, character: 1 }, automatic);
    expect(warnings).toEqual(["No completion: it is down"]);
  });

  it("is not offered when the document changed meanwhile, or the completion is not to be shown", async () => {
    const server = await started();
    await server.open("a b.ts", "x");
    server.next = async () => {
      await server.change("a b.ts", "xy");
      await server.ask(Requests.status, { folder: "" }); // answered after the change has arrived
      return made("late");
    };
    expect(await server.complete("a b.ts", { line: 0, character: 1 }, automatic)).toEqual([]);
    server.next = async () => ({ ...made("unsure"), shown: false, reason: "low confidence" });
    expect(await server.complete("a b.ts", { line: 0, character: 1 }, automatic)).toEqual([]);
  });
});

describe("status", () => {
  it("is told on change, with all folders", async () => {
    const server = await started();
    server.opened[0]?.changed();
    await vi.waitFor(() => expect(server.statuses.at(-1)?.map(({ state }) => state)).toEqual(["ready"]));
  });
});

interface StartOptions {
  configuration?: unknown;
  /** Whether the client says that it answers EditorRequests. */
  editorRequests?: boolean;
  /** Further workspace folders. */
  folders?: string[];
  /** A folder that cannot be opened. */
  refuse?: string;
}

async function started({ configuration = {}, editorRequests, folders = [], refuse }: StartOptions = {}) {
  const root = await mkdtemp(join(tmpdir(), "everyline-lsp-"));
  await writeFile(join(root, "a b.ts"), "saved");
  const uri = pathToFileURL(root).href;
  const up = new PassThrough();
  const down = new PassThrough();
  const told: string[] = [];
  const unsaved: Record<string, string> = {};
  const completed: CompletionRequest[] = [];
  const opened: OpenOptions[] = [];
  const statuses: MemoryStatus[][] = [];
  let version = 1;

  const open = async (options: OpenOptions): Promise<OpenedFolder> => {
    if (options.path === refuse) throw new Error(`no permission to read ${refuse}`);
    opened.push(options);
    return folder(options);
  };
  const folder = ({ path }: OpenOptions): OpenedFolder => ({
    isReading: () => server.state === "words",
    status: async () => ({ folder: path, state: server.state, message: "Ready.", files: server.files, rssBytes: 0 }) as MemoryStatus,
    ask: async (question, _k, signal) => {
      told.push(`ask ${question}`);
      if (question === "forever") await new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));
      return answer(question);
    },
    word: (given, _text, model) => ({ ...given, wordedBy: model }),
    wordByEndpoint: async (given) => given,
    search: async () => ({ evidence: [evidence("a b.ts", 1)], confidence: 1, ms: 1, stages: {}, incomplete: "" }),
    fileAt: async (commit, name, side) => (name === "gone.ts" ? undefined : `${commit} ${name} ${side}`),
    commitFiles: async (commit) => [{ path: `${commit}.ts`, oldPath: "old.ts", change: "renamed" }],
    lineOrigin: async (name, startLine, endLine) => {
      told.push(`origin ${name} ${startLine} ${endLine}`);
      return [];
    },
    complete: async (request) => {
      completed.push(request);
      return server.next();
    },
    readAhead: ({ path, prefix, suffix }) => void told.push(`ahead ${path} ${prefix}|${suffix}`),
    pause: async () => void told.push("pause"),
    resume: async () => void told.push("resume"),
    rebuild: async () => void told.push("rebuild"),
    clearCache: async () => 5,
    allowEncoding: async (allow) => void told.push(`allow ${allow}`),
    setUnsaved: async (name, text) => {
      if (text === undefined) delete unsaved[name];
      else unsaved[name] = text;
    },
    setOpenFiles: (paths) => void told.push(`open ${paths.join(" ")}`),
    setBattery: () => {},
    setSettings: () => {},
    close: async () => void told.push("close"),
  });

  const connection = createConnection(new StreamMessageReader(up), new StreamMessageWriter(down));
  serve(connection, open);
  connection.listen();
  const client = createProtocolConnection(new StreamMessageReader(down), new StreamMessageWriter(up));
  client.onRequest("workspace/configuration", ({ items }: { items: unknown[] }) => items.map(() => configuration));
  client.onRequest("client/registerCapability", () => null);
  client.onNotification(Notifications.statusChanged, (params: { folders: MemoryStatus[] }) => void statuses.push(params.folders));
  client.listen();
  const workspaceFolders = [uri, ...folders].map((each) => ({ uri: each, name: each }));
  await client.sendRequest("initialize", {
    processId: null,
    rootUri: null,
    workspaceFolders,
    initializationOptions: { editorRequests },
    capabilities: { workspace: { configuration: true, workspaceFolders: true, didChangeConfiguration: { dynamicRegistration: true } } },
  });
  await client.sendNotification("initialized", {});
  ends.push(async () => {
    await client.sendRequest("shutdown");
    client.dispose();
    connection.dispose();
    await rm(root, { recursive: true });
  });

  const uriOf = (path: string) => `${uri}/${encodeURIComponent(path)}`;
  const server = {
    root,
    uri,
    client,
    told,
    unsaved,
    completed,
    opened,
    statuses,
    uriOf,
    state: "ready" as MemoryStatus["state"],
    files: 1,
    next: async (): Promise<Completion> => made("done()"),
    ask: <P, R>(request: Request<P, R>, params: P) => typed<R>(client, request.method, params),
    open: (path: string, text: string) =>
      client.sendNotification("textDocument/didOpen", { textDocument: { uri: uriOf(path), languageId: "typescript", version, text } }),
    change: (path: string, text: string) =>
      client.sendNotification("textDocument/didChange", {
        textDocument: { uri: uriOf(path), version: ++version },
        contentChanges: [{ text }],
      }),
    complete: (path: string, position: object, context: object) =>
      typed<InlineCompletionItem[]>(client, "textDocument/inlineCompletion", { textDocument: { uri: uriOf(path) }, position, context }),
  };
  await vi.waitFor(async () => {
    const states = (await server.ask(Requests.status, { folder: "" })).map(({ state }) => state);
    expect(states).not.toContain("starting");
    expect(states.length).toBeGreaterThan(0);
  });
  return server;
}

function typed<R>(client: ProtocolConnection, method: string, params: unknown): Promise<R> {
  return client.sendRequest<R>(method, params);
}

function made(text: string): Completion {
  const chunks = [{ path: "c.ts", startLine: 1, endLine: 2, commit: "", weight: 0.5 }];
  return { text, confidence: 0.9, shown: true, reason: "", chunks, ms: 1 };
}

function evidence(path: string, line: number): Evidence {
  return { path, startLine: line, endLine: line, commit: "", score: 1, reasons: [], bestStart: line, bestEnd: line, text: "", title: "" };
}

function answer(question: string): Omit<LocatedAnswer, "folder" | "evidence"> & { evidence: Evidence[] } {
  return {
    question,
    found: true,
    statements: [{ text: "It is there.", sources: [0] }],
    evidence: [evidence("a b.ts", 1), evidence("../outside.ts", 1), { ...evidence("", 0), commit: "0".repeat(40) }],
    followUps: [],
    prompt: { system: "", user: "" },
    wordedBy: "evidence",
    incomplete: "",
    ms: 1,
  };
}
