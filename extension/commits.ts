/**
 * Commits in the editor: a change opens as VS Code's diff of the file before and after, on the hunk; "open commit" lists the files; and any
 * of them opens as it was. Documents of the past come from the server, under the scheme everyline-commit.
 */
import { commands, type Disposable, Position, type QuickPickItem, Range, ThemeIcon, Uri, window, workspace } from "vscode";
import type { ChangedFile } from "../server/history/commit-files.ts";
import type { LineOrigin } from "../server/history/line-origin.ts";
import { Requests } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import { changeTitle, linesText } from "./pastText.ts";
import type { Source } from "./source.ts";

export const commitScheme = "everyline-commit";

/** Where a document of the past comes from; in its URI's query. */
interface Past {
  folder: string;
  commit: string;
  path: string;
  side: "before" | "after";
}

/** A file's change, and the lines to show of it (1-based; 0 where that side has none). */
export interface Place {
  folder: string;
  commit: string;
  path: string;
  oldPath: string;
  oldStart: number;
  newStart: number;
  newEnd: number;
}

export class Commits implements Disposable {
  readonly #client: Client;
  readonly #messages = new Map<string, string>();
  readonly #provider: Disposable;

  constructor(client: Client) {
    this.#client = client;
    this.#provider = workspace.registerTextDocumentContentProvider(commitScheme, { provideTextDocumentContent: (uri) => this.#text(uri) });
  }

  dispose(): void {
    this.#provider.dispose();
  }

  /** The document of a commit's message. */
  messageOf(source: Source): Uri {
    const uri = Uri.from({ scheme: commitScheme, path: `/${source.commit.slice(0, 12)}.txt` });
    this.#messages.set(uri.toString(), `commit ${source.commit}\n\n${source.text}\n`);
    return uri;
  }

  /** Opens a file's change in the diff editor, on its lines. */
  async openChange(place: Place, keepFocus: boolean): Promise<void> {
    const { folder, commit, path, oldPath, newStart, newEnd, oldStart } = place;
    const before = pastUri({ folder, commit, path: oldPath, side: "before" });
    const after = pastUri({ folder, commit, path, side: "after" });
    // where lines only went, the diff shows them above the line that follows
    const line = Math.max(0, (newStart || oldStart) - 1);
    const selection = new Range(new Position(line, 0), new Position(Math.max(line, newEnd - 1), 0));
    await commands.executeCommand("vscode.diff", before, after, changeTitle(place), { selection, preview: true, preserveFocus: keepFocus });
  }

  /** Lists a commit's files; choosing one opens its change, its button the file as it was. */
  async openCommit(folder: string, commit: string): Promise<void> {
    const files = await this.#client.request(Requests.commitFiles, { folder, commit });
    if (files.length === 0) {
      window.showInformationMessage(`Commit ${commit.slice(0, 10)} changed no files, or is not there any more.`);
      return;
    }
    const asItWas = { iconPath: new ThemeIcon("history"), tooltip: "Show File at That Time" };
    const pick = window.createQuickPick<QuickPickItem & { file: ChangedFile }>();
    pick.title = `Commit ${commit.slice(0, 10)}`;
    pick.placeholder = "Choose a file to see what the commit changed in it";
    pick.matchOnDescription = true;
    pick.items = files.map((file) => {
      const from = file.oldPath === file.path ? "" : ` from ${file.oldPath}`;
      return { file, label: file.path, description: `${file.change}${from}`, buttons: [asItWas] };
    });
    pick.onDidAccept(() => {
      const [chosen] = pick.selectedItems;
      pick.hide();
      if (chosen) told(this.openChange({ folder, commit, ...chosen.file, oldStart: 0, newStart: 0, newEnd: 0 }, false));
    });
    pick.onDidTriggerItemButton(({ item }) => {
      pick.hide();
      told(this.showAt({ folder, commit, path: item.file.path, oldPath: item.file.oldPath, oldStart: 0, newStart: 0 }));
    });
    pick.onDidHide(() => pick.dispose());
    pick.show();
  }

  /** Opens a file as it was after a commit, on the lines of the change; one that the commit deleted, as it was before. */
  async showAt({ folder, commit, path, oldPath, oldStart, newStart }: Omit<Place, "newEnd">): Promise<void> {
    const after: Past = { folder, commit, path, side: "after" };
    const isThere = (await this.#textAt(after)) !== null;
    const past: Past = isThere ? after : { folder, commit, path: oldPath, side: "before" };
    const line = Math.max(0, (isThere ? newStart : oldStart) - 1);
    const document = await workspace.openTextDocument(pastUri(past));
    await window.showTextDocument(document, { preview: true, selection: new Range(line, 0, line, 0) });
  }

  /** Lists the commits that shaped the lines selected in the editor in front; choosing one opens its change. */
  async explainLines(): Promise<void> {
    const editor = window.activeTextEditor;
    if (editor?.document.uri.scheme !== "file") {
      window.showInformationMessage("Open a file and select lines: Everyline then lists the commits that shaped them.");
      return;
    }
    const { start, end } = editor.selection;
    const lastLine = end.character === 0 && end.line > start.line ? end.line : end.line + 1;
    const asked = { uri: editor.document.uri.toString(), startLine: start.line + 1, endLine: lastLine };
    const { folder, origins } = await this.#client.request(Requests.lineOrigin, asked);
    if (origins.length === 0) {
      window.showInformationMessage("These lines are not committed yet.");
      return;
    }
    const items = origins.map((origin) => ({
      origin,
      label: origin.subject,
      description: `${origin.author}, ${new Date(origin.date * 1000).toISOString().slice(0, 10)}`,
      detail: `${linesText(origin.lines)} · ${origin.commit.slice(0, 10)}`,
    }));
    const chosen = await window.showQuickPick(items, { title: "Commits that shaped these lines", matchOnDescription: true });
    if (chosen) await this.#openOrigin(folder, chosen.origin);
  }

  async #openOrigin(folder: string, { commit, path, line }: LineOrigin): Promise<void> {
    const files = await this.#client.request(Requests.commitFiles, { folder, commit });
    const oldPath = files.find((file) => file.path === path)?.oldPath ?? path;
    await this.openChange({ folder, commit, path, oldPath, oldStart: 0, newStart: line, newEnd: line }, false);
  }

  /** What was not there is empty, as a diff shows it. */
  async #text(uri: Uri): Promise<string> {
    if (uri.query === "") return this.#messages.get(uri.toString()) ?? "";
    return (await this.#textAt(JSON.parse(uri.query) as Past)) ?? "";
  }

  /** Null where the file was not there or is no text. */
  async #textAt({ folder, commit, path, side }: Past): Promise<string | null> {
    return (await this.#client.request(Requests.fileAt, { folder, commit, path, side })).text;
  }
}

/** The path ends as the file's, so that the editor knows its language. */
function pastUri(past: Past): Uri {
  const { commit, path, side } = past;
  const moment = side === "before" ? `${commit.slice(0, 10)}^` : commit.slice(0, 10);
  return Uri.from({ scheme: commitScheme, path: `/${moment}/${path}`, query: JSON.stringify(past) });
}

function told(work: Promise<void>): void {
  work.catch((error) => window.showErrorMessage(`Everyline: ${error instanceof Error ? error.message : String(error)}`));
}
