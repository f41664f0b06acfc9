/** A very large folder: asks once, without a dialog, whether the model should read it all. Searching by words works either way. */
import { type Disposable, window, workspace } from "vscode";
import { Requests } from "../server/protocol.ts";
import type { Client } from "./client.ts";

export function askAboutLargeFolders(client: Client): Disposable {
  const asked = new Set<string>();
  return client.onChange(async () => {
    for (const { folder, state, message } of client.status) {
      if (state !== "asking" || asked.has(folder)) continue;
      asked.add(folder);
      const all = "Read It All";
      const words = "Words Only";
      const answer = await window.showInformationMessage(message, all, words);
      if (answer) await client.request(Requests.allowEncoding, { folder: uriOfFolder(folder), allow: answer === all });
    }
  });
}

function uriOfFolder(path: string): string {
  return workspace.workspaceFolders?.find(({ uri }) => uri.fsPath === path)?.uri.toString() ?? "";
}
