/**
 * Jumping to a source: opens the file, reveals the lines and lights them up for a moment.
 *
 * A commit opens as the diff of what fits (commits.ts), or as its message where nothing of its changes does.
 */
import {
  type Disposable,
  OverviewRulerLane,
  Position,
  Range,
  Selection,
  type TextDocument,
  type TextEditor,
  TextEditorRevealType,
  ThemeColor,
  Uri,
  window,
  workspace,
} from "vscode";
import type { Commits } from "./commits.ts";
import type { Source } from "./source.ts";

/** Milliseconds the lines stay lit. */
const lightMs = 3_000;
/** Lines of a region that may not fit into the window. */
const tallRegion = 25;

export class Jumps implements Disposable {
  readonly #light = window.createTextEditorDecorationType({
    isWholeLine: true,
    backgroundColor: new ThemeColor("editor.rangeHighlightBackground"),
    overviewRulerColor: new ThemeColor("editorOverviewRuler.rangeHighlightForeground"),
    overviewRulerLane: OverviewRulerLane.Full,
  });
  readonly #commits: Commits;
  #timer: NodeJS.Timeout | undefined;

  constructor(commits: Commits) {
    this.#commits = commits;
  }

  /** Shows the source in the editor. `keepFocus`: where the person is stays focused, as when going through a list. */
  async to(source: Source, keepFocus: boolean): Promise<void> {
    const { folder, commit, change } = source;
    if (change) {
      await this.#commits.openChange({ folder, commit, ...change }, keepFocus);
      return;
    }
    const document = await this.#open(source);
    if (!document) return;
    const editor = await window.showTextDocument(document, { preview: true, preserveFocus: keepFocus });
    if (source.startLine > 0) this.#show(editor, source);
  }

  dispose(): void {
    clearTimeout(this.#timer);
    this.#light.dispose();
  }

  async #open(source: Source): Promise<TextDocument | undefined> {
    try {
      return await workspace.openTextDocument(source.uri === "" ? this.#commits.messageOf(source) : Uri.parse(source.uri, true));
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      window.showWarningMessage(`${source.path || source.commit} cannot be opened. It may have moved since Everyline read it. (${reason})`);
      return undefined;
    }
  }

  #show(editor: TextEditor, { startLine, endLine, bestStart }: Source): void {
    const { document } = editor;
    // validateRange: the file may be shorter than when it was read.
    const lines = document.validateRange(new Range(startLine - 1, 0, Math.max(startLine, endLine) - 1, Number.MAX_SAFE_INTEGER));
    const line = document.lineAt(Math.min((bestStart || startLine) - 1, document.lineCount - 1));
    const cursor = new Position(line.lineNumber, line.firstNonWhitespaceCharacterIndex);
    editor.selection = new Selection(cursor, cursor);
    // Of a region taller than the window its best lines are shown.
    const tall = endLine - startLine >= tallRegion;
    editor.revealRange(tall ? line.range : lines, TextEditorRevealType.InCenterIfOutsideViewport);
    editor.setDecorations(this.#light, [lines]);
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      for (const visible of window.visibleTextEditors) visible.setDecorations(this.#light, []);
    }, lightMs);
  }
}
