/**
 * The language server: folders, documents, completion, requests and status on one connection.
 *
 * Nothing is read before the client has said "initialized": only then are its settings known.
 */
import {
  type Connection,
  DidChangeConfigurationNotification,
  type InitializeParams,
  type InitializeResult,
  Position,
  TextDocumentSyncKind,
} from "vscode-languageserver/node";
import type { OfferedMember } from "../complete/types.ts";
import type { MemoryStatus } from "../memory/types.ts";
import { type CursorParams, EditorRequests, type InitializeOptions, Notifications } from "../protocol.ts";
import { defaultSettings, type Settings } from "../settings.ts";
import { InlineCompletions } from "./completion.ts";
import { OpenDocuments } from "./documents.ts";
import { message, responseError } from "./errors.ts";
import { Folders } from "./folders.ts";
import { OfferedMembers } from "./members.ts";
import type { Log, OpenFolder } from "./opened.ts";
import { watchPower } from "./power.ts";
import { answerRequests } from "./requests.ts";
import { readSettings } from "./settings.ts";
import { StatusReporter } from "./status.ts";

/** Milliseconds for closing all memories: the client waits two seconds for the answer to shutdown. */
const closingMs = 1_500;

export function serve(connection: Connection, open: OpenFolder): void {
  const log: Log = (text, level = "info") => connection.console[level === "warning" ? "warn" : level](text);
  let can = { configuration: false, watchConfiguration: false, folders: false, progress: false, members: false };
  let settings: Settings = defaultSettings;
  let battery = false;
  let initialFolders: string[] = [];
  let status: StatusReporter | undefined;
  let stopPower = () => {};

  const folders = new Folders({
    open,
    settingsOf,
    changed: () => status?.changed(),
    opened: (folder) => {
      folder.opened?.setBattery(battery);
      documents.tell(folder).catch((error) => log(message(error), "warning"));
    },
    log,
  });
  const documents = new OpenDocuments(folders, log);
  const members = new OfferedMembers((place) => connection.sendRequest<OfferedMember[]>(EditorRequests.members.method, place));
  const completions = new InlineCompletions({
    folders,
    document: (uri) => documents.get(uri),
    nearby: (folder) => documents.nearby(folder),
    membersBehind: async (head, place) => (can.members && settings.completion.languageServers ? members.behind(head, place) : undefined),
    settings: () => settings,
    log,
  });

  connection.onInitialize((params): InitializeResult => {
    can = capabilitiesOf(params);
    initialFolders = foldersOf(params);
    battery = (params.initializationOptions as Partial<InitializeOptions> | undefined)?.onBattery === true;
    return {
      serverInfo: { name: "everyline" },
      capabilities: {
        textDocumentSync: { openClose: true, change: TextDocumentSyncKind.Incremental, save: { includeText: false } },
        inlineCompletionProvider: true,
        workspace: { workspaceFolders: { supported: true, changeNotifications: true } },
      },
    };
  });

  connection.onInitialized(async () => {
    status = new StatusReporter({ connection, statuses: () => statusesOf(""), progress: can.progress, log });
    if (can.watchConfiguration) {
      await connection.client.register(DidChangeConfigurationNotification.type, { section: "everyline" });
    }
    settings = await settingsOf(undefined);
    for (const uri of initialFolders) folders.add(uri);
    stopPower = watchPower(setBattery);
    if (can.folders) {
      connection.workspace.onDidChangeWorkspaceFolders(({ added, removed }) => {
        for (const { uri } of removed) folders.remove(uri).catch((error) => log(message(error), "warning"));
        for (const { uri } of added) folders.add(uri);
      });
    }
    status.changed();
  });

  connection.onDidChangeConfiguration(async () => {
    settings = await settingsOf(undefined);
    for (const folder of folders.all()) folder.opened?.setSettings(await settingsOf(folder.uri));
  });

  documents.listen(connection);
  answerRequests(connection, { folders, completions, statusesOf });
  connection.languages.inlineCompletion.on(async (params, token) => {
    try {
      return await completions.provide(params, token);
    } catch (error) {
      if (token.isCancellationRequested) return [];
      log(`No completion: ${message(error)}`, "warning");
      return responseError(error);
    }
  });
  connection.onNotification(Notifications.completionAccepted, () => {
    completions.accepted();
    status?.changed();
  });
  connection.onNotification(Notifications.cursorRests, (params: Partial<CursorParams> | undefined) => {
    if (!battery && typeof params?.uri === "string" && Position.is(params.position))
      completions.rests({ uri: params.uri, position: params.position });
  });
  connection.onNotification(Notifications.battery, (params: { onBattery?: unknown }) => setBattery(params?.onBattery === true));

  connection.onShutdown(async () => {
    stopPower();
    documents.close();
    status?.close();
    await within(closingMs, folders.close());
  });

  async function statusesOf(folder: string): Promise<MemoryStatus[]> {
    return (await folders.statuses(folder)).map((one) => ({ ...one, suggestions: completions.counts }));
  }

  function setBattery(on: boolean): void {
    battery = on;
    for (const folder of folders.all()) folder.opened?.setBattery(on);
  }

  async function settingsOf(uri: string | undefined): Promise<Settings> {
    if (!can.configuration) return defaultSettings;
    try {
      const read = readSettings(await connection.workspace.getConfiguration({ scopeUri: uri, section: "everyline" }));
      for (const problem of read.problems) log(problem, "warning");
      return read.settings;
    } catch (error) {
      log(`The settings could not be read; the defaults are used. ${message(error)}`, "warning");
      return defaultSettings;
    }
  }
}

function capabilitiesOf({ capabilities, initializationOptions }: InitializeParams) {
  return {
    members: (initializationOptions as Partial<InitializeOptions> | undefined)?.editorRequests === true,
    configuration: capabilities.workspace?.configuration === true,
    watchConfiguration: capabilities.workspace?.didChangeConfiguration?.dynamicRegistration === true,
    folders: capabilities.workspace?.workspaceFolders === true,
    progress: capabilities.window?.workDoneProgress === true,
  };
}

/** Clients without workspace folders name one root. */
function foldersOf({ workspaceFolders, rootUri }: InitializeParams): string[] {
  if (workspaceFolders) return workspaceFolders.map((folder) => folder.uri);
  return rootUri ? [rootUri] : [];
}

/** Waits for `work`, but no longer than `ms`: the next start recovers what a cut left behind. */
async function within(ms: number, work: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => undefined), late]);
  clearTimeout(timer);
}
