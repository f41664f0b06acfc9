/**
 * The workspace folders: one memory each, opened when a folder is added and closed when it goes.
 *
 * A folder that cannot be opened stays in the list with its error, so that status surfaces show why.
 */
import { basename } from "node:path";
import { LSPErrorCodes, ResponseError } from "vscode-languageserver/node";
import type { MemoryStatus } from "../memory/types.ts";
import { notReadyCode } from "../protocol.ts";
import type { Settings } from "../settings.ts";
import { message } from "./errors.ts";
import type { Log, OpenedFolder, OpenFolder } from "./opened.ts";
import { pathInFolder, pathOfUri } from "./uris.ts";

export interface Folder {
  /** As the client names it. */
  uri: string;
  path: string;
  opening: Promise<OpenedFolder>;
  /** Set once opened. */
  opened?: OpenedFolder;
  /** Set when it could not be opened. */
  failure?: string;
}

export interface FoldersOptions {
  open: OpenFolder;
  settingsOf: (uri: string) => Promise<Settings>;
  /** A status may have changed. */
  changed: () => void;
  /** A folder has just been opened. */
  opened: (folder: Folder) => void;
  log: Log;
}

export class Folders {
  readonly #options: FoldersOptions;
  readonly #folders = new Map<string, Folder>();

  constructor(options: FoldersOptions) {
    this.#options = options;
  }

  all(): Folder[] {
    return [...this.#folders.values()];
  }

  add(uri: string): void {
    if (this.#folders.has(uri)) return;
    const path = pathOfUri(uri);
    if (path === undefined) {
      this.#options.log(`${uri} is not a folder on this machine's disk: Everyline leaves it out.`, "warning");
      return;
    }
    const folder: Folder = { uri, path, opening: this.#open(uri, path) };
    this.#folders.set(uri, folder);
    folder.opening.then(
      (opened) => {
        if (this.#folders.get(uri) !== folder) return; // removed meanwhile; remove() closes it
        folder.opened = opened;
        this.#options.opened(folder);
        this.#options.changed();
      },
      (error) => {
        folder.failure = message(error);
        this.#options.log(`${path} could not be opened: ${folder.failure}`, "error");
        this.#options.changed();
      },
    );
  }

  async remove(uri: string): Promise<void> {
    const folder = this.#folders.get(uri);
    if (!folder) return;
    this.#folders.delete(uri);
    this.#options.changed();
    const opened = await folder.opening.catch(() => undefined);
    await opened?.close();
  }

  async close(): Promise<void> {
    await Promise.allSettled(this.all().map((folder) => this.remove(folder.uri)));
  }

  /** The folder a request names; "" and no folder open is an error for people. */
  find(uri: string): Folder {
    const folder = uri === "" ? this.all()[0] : (this.#folders.get(uri) ?? this.#samePath(uri));
    if (folder) return folder;
    if (uri === "") throw new ResponseError(notReadyCode, "No folder is open. Open a folder, and Everyline reads it.");
    throw new ResponseError(LSPErrorCodes.RequestFailed, `${uri} is not an open folder.`);
  }

  /** The folders a request names: one, or all for "". */
  findAll(uri: string): Folder[] {
    return uri === "" && this.#folders.size > 0 ? this.all() : [this.find(uri)];
  }

  /** The innermost folder that holds a document, with the document's path in it. */
  ofDocument(uri: string): { folder: Folder; path: string } | undefined {
    let best: { folder: Folder; path: string } | undefined;
    for (const folder of this.#folders.values()) {
      const path = pathInFolder(folder.path, uri);
      if (path !== undefined && (!best || path.length < best.path.length)) best = { folder, path };
    }
    return best;
  }

  async statuses(uri: string): Promise<MemoryStatus[]> {
    if (this.#folders.size === 0) return [];
    return Promise.all(this.findAll(uri).map(statusOf));
  }

  async #open(uri: string, path: string): Promise<OpenedFolder> {
    const settings = await this.#options.settingsOf(uri);
    return this.#options.open({ path, settings, changed: this.#options.changed, log: this.#options.log });
  }

  /** Clients differ in how they escape: the same path is the same folder. */
  #samePath(uri: string): Folder | undefined {
    const path = pathOfUri(uri);
    return path === undefined ? undefined : this.all().find((folder) => folder.path === path);
  }
}

async function statusOf(folder: Folder): Promise<MemoryStatus> {
  if (folder.failure !== undefined) {
    return { ...blank(folder.path), state: "failed", message: `${basename(folder.path)}: ${folder.failure}`, problem: folder.failure };
  }
  if (!folder.opened) return { ...blank(folder.path), state: "starting", message: "Starting." };
  return folder.opened.status();
}

function blank(folder: string): Omit<MemoryStatus, "state" | "message"> {
  return {
    folder,
    files: 0,
    toEncode: 0,
    encoded: 0,
    commits: 0,
    tokens: 0,
    chunks: 0,
    skipped: {},
    history: { diffs: 0, passages: 0, leftOut: 0, toEncode: 0, encoded: 0, tokens: 0 },
    etaMs: 0,
    tokensPerSecond: 0,
    engine: null,
    problem: "",
    indexBytes: 0,
    cacheBytes: 0,
    rssBytes: process.memoryUsage.rss(),
  };
}
