/** Completion in the editor: VS Code's inline suggestions come from the server; here are its switch, and what follows an accepted one. */
import { ConfigurationTarget, commands, type Disposable, languages, Uri, window, workspace } from "vscode";
import { type CursorParams, Notifications, Requests } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import type { SourcesTree } from "./sourcesTree.ts";

const setting = "completion.enabled";
/** Milliseconds until a cursor rests. */
const restMs = 300;

export function registerCompletion(client: Client, sources: SourcesTree): Disposable[] {
  const item = languages.createLanguageStatusItem("everyline.completion", [
    { scheme: "file" },
    { scheme: "untitled" },
    { scheme: "vscode-notebook-cell" },
  ]);
  item.name = "Everyline Completion";
  const update = () => {
    const on = enabled();
    item.text = on ? "Completion on" : "Completion on request";
    item.command = { command: "everyline.toggleCompletion", title: on ? "Turn Off" : "Turn On" };
  };
  update();
  /** Shows the chunks behind the last suggestion in a document; false where there are none. */
  const show = async (uri: string): Promise<boolean> => {
    const chunks = await client.request(Requests.completionSources, { uri });
    const unknown = { title: "", text: "", bestStart: 0, bestEnd: 0, folder: "" };
    const places = chunks.map((chunk) => ({ ...chunk, ...unknown, reasons: [share(chunk.weight)] }));
    if (places.length > 0) sources.show(places, `Suggestion in ${nameOf(uri)}`);
    return places.length > 0;
  };
  return [
    item,
    workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration(`everyline.${setting}`)) update();
    }),
    commands.registerCommand("everyline.toggleCompletion", async () => {
      await workspace.getConfiguration("everyline").update(setting, !enabled(), ConfigurationTarget.Global);
      window.setStatusBarMessage(enabled() ? "Everyline suggests while you type." : "Everyline suggests on request.", 3_000);
    }),
    whereCursorRests((params) => client.notify(Notifications.cursorRests, params).catch(() => undefined)), // the server may not run
    // Run by the editor after an item of the server was inserted.
    commands.registerCommand("everyline.completionAccepted", async (uri: string, characters: number) => {
      await client.notify(Notifications.completionAccepted, { uri, characters });
      await show(uri);
    }),
    commands.registerCommand("everyline.explainCompletion", async () => {
      const uri = window.activeTextEditor?.document.uri.toString();
      if (uri !== undefined && (await show(uri))) await commands.executeCommand("everyline.sourcesView.focus");
      else window.showInformationMessage("Everyline has suggested nothing in this file yet.");
    }),
  ];
}

/** Tells where a cursor that was moved stays for a moment: a key may come there. The server knows where one was pressed. */
function whereCursorRests(tell: (params: CursorParams) => unknown): Disposable {
  let timer: NodeJS.Timeout | undefined;
  const listening = window.onDidChangeTextEditorSelection(({ textEditor, selections }) => {
    clearTimeout(timer);
    const [selection] = selections;
    if (!selection?.isEmpty || selections.length > 1) return;
    const { line, character } = selection.active;
    timer = setTimeout(() => tell({ uri: textEditor.document.uri.toString(), position: { line, character } }), restMs);
  });
  return {
    dispose() {
      clearTimeout(timer);
      listening.dispose();
    },
  };
}

function enabled(): boolean {
  return workspace.getConfiguration("everyline").get<boolean>(setting) !== false;
}

function share(weight: number): string {
  return `${Math.round(weight * 100)} % of the attention`;
}

function nameOf(uri: string): string {
  return Uri.parse(uri).path.split("/").at(-1) ?? uri;
}
