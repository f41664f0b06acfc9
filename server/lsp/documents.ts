/**
 * The documents open in the editor: which are open, which hold text that is not on disk, and where the user has just written.
 *
 * The protocol does not say whether a document is dirty. A document is unsaved when its text differs from the last text known to be
 * on disk: what it was opened with (checked against the file, for editors restore unsaved text), and what it was when saved.
 */
import { readFile } from "node:fs/promises";
import { type Connection, TextDocuments } from "vscode-languageserver/node";
import { TextDocument } from "vscode-languageserver-textdocument";
import { type EditedRegion, RecentEdits } from "../complete/recent-edits.ts";
import { message } from "./errors.ts";
import type { Folder, Folders } from "./folders.ts";
import type { Log } from "./opened.ts";

/** Milliseconds between a key and its text being searchable. */
const delayMs = 100;

export class OpenDocuments {
  readonly #documents = new TextDocuments(TextDocument);
  readonly #folders: Folders;
  readonly #log: Log;
  /** By URI: the text on disk, as far as known. */
  readonly #saved = new Map<string, string>();
  /** By URI: the text as it was last looked at for what the user writes. */
  readonly #seen = new Map<string, string>();
  readonly #edits = new WeakMap<Folder, RecentEdits>();
  /** URIs whose unsaved text a memory holds. */
  readonly #unsaved = new Set<string>();
  readonly #timers = new Map<string, NodeJS.Timeout>();

  constructor(folders: Folders, log: Log) {
    this.#folders = folders;
    this.#log = log;
  }

  listen(connection: Connection): void {
    const documents = this.#documents;
    documents.onDidOpen(({ document }) => void this.#open(document));
    documents.onDidChangeContent(({ document }) => {
      // The event fires on opening, too: that is #open's part.
      if (this.#saved.has(document.uri)) this.#later(document.uri);
    });
    documents.onDidSave(({ document }) => {
      this.#saved.set(document.uri, document.getText());
      void this.#sync(document.uri);
    });
    documents.onDidClose(({ document }) => {
      this.#saved.delete(document.uri);
      this.#seen.delete(document.uri);
      void this.#sync(document.uri);
      this.#tellOpenFiles();
    });
    documents.listen(connection);
  }

  get(uri: string): TextDocument | undefined {
    return this.#documents.get(uri);
  }

  /** Tells a folder that has just been opened what is open in it. */
  async tell(folder: Folder): Promise<void> {
    this.#tellOpenFiles();
    for (const document of this.#documents.all()) {
      if (this.#folders.ofDocument(document.uri)?.folder === folder) await this.#sync(document.uri);
    }
  }

  /** What is open of a folder, and where the user has just written in it. */
  nearby(folder: Folder): { open: readonly string[]; edited: readonly EditedRegion[] } {
    return { open: this.#openIn().get(folder) ?? [], edited: this.#edits.get(folder)?.regions() ?? [] };
  }

  close(): void {
    for (const timer of this.#timers.values()) clearTimeout(timer);
    this.#timers.clear();
  }

  async #open(document: TextDocument): Promise<void> {
    this.#tellOpenFiles();
    const place = this.#folders.ofDocument(document.uri);
    if (!place) return;
    this.#saved.set(document.uri, document.getText());
    this.#seen.set(document.uri, document.getText());
    const onDisk = await readFile(`${place.folder.path}/${place.path}`, "utf8").catch(() => undefined);
    if (onDisk === undefined || !this.#saved.has(document.uri)) return; // new, unreadable, or closed meanwhile
    // The editor drops a byte order mark; so does the comparison.
    this.#saved.set(document.uri, onDisk.replace(/^\uFEFF/, ""));
    await this.#sync(document.uri);
  }

  #later(uri: string): void {
    clearTimeout(this.#timers.get(uri));
    this.#timers.set(
      uri,
      setTimeout(() => void this.#sync(uri), delayMs),
    );
  }

  /** Brings the folder's memory in step with the document's text. */
  async #sync(uri: string): Promise<void> {
    clearTimeout(this.#timers.get(uri));
    this.#timers.delete(uri);
    const place = this.#folders.ofDocument(uri);
    if (!place?.folder.opened) return;
    const text = this.#documents.get(uri)?.getText();
    if (text !== undefined) this.#noteEdit(uri, place, text);
    const saved = this.#saved.get(uri);
    const unsaved = text !== undefined && saved !== undefined && text !== saved;
    if (!unsaved && !this.#unsaved.has(uri)) return;
    if (unsaved) this.#unsaved.add(uri);
    else this.#unsaved.delete(uri);
    try {
      await place.folder.opened.setUnsaved(place.path, unsaved ? text : undefined);
    } catch (error) {
      this.#log(`The unsaved text of ${place.path} is not searchable: ${message(error)}`, "warning");
    }
  }

  #noteEdit(uri: string, { folder, path }: { folder: Folder; path: string }, text: string): void {
    const before = this.#seen.get(uri);
    this.#seen.set(uri, text);
    if (before === undefined || before === text) return;
    const edits = this.#edits.get(folder) ?? new RecentEdits();
    this.#edits.set(folder, edits);
    edits.note(path, before, text);
  }

  #openIn(): Map<Folder, string[]> {
    const open = new Map<Folder, string[]>();
    for (const uri of this.#documents.keys()) {
      const place = this.#folders.ofDocument(uri);
      if (place) open.set(place.folder, [...(open.get(place.folder) ?? []), place.path]);
    }
    return open;
  }

  #tellOpenFiles(): void {
    const open = this.#openIn();
    for (const folder of this.#folders.all()) folder.opened?.setOpenFiles(open.get(folder) ?? []);
  }
}
