/**
 * A question's way: the server composes an answer from the evidence, which is shown at once; then a chat model, where there is one,
 * words it, and the server keeps of its wording only what cites a source.
 */
import { type CancellationToken, type LanguageModelChat, type TextEditor, window, workspace } from "vscode";
import { type LocatedAnswer, notReadyCode, Requests } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import { wordingOf } from "./wording.ts";

/** How many places are asked for. */
const places = 10;
/** Milliseconds a question waits for the first files to be read. */
const firstFilesMs = 60_000;

/** The answer composed of its evidence; waits for a memory that has read nothing yet. Rejects with a message for people. */
export async function compose(client: Client, question: string, token: CancellationToken): Promise<LocatedAnswer> {
  const params = { folder: askedFolder(window.activeTextEditor), question, k: places };
  const end = Date.now() + firstFilesMs;
  for (;;) {
    try {
      return await client.request(Requests.ask, params, token);
    } catch (error) {
      const notYet = (error as { code?: unknown }).code === notReadyCode;
      if (!notYet || token.isCancellationRequested || Date.now() > end) throw error;
    }
    await client.nextChange(token);
  }
}

/** The answer as the model words it; the same answer when it said nothing that cites a source. `said` hears the raw text so far. */
export async function word(
  client: Client,
  answer: LocatedAnswer,
  model: LanguageModelChat,
  said: (text: string) => void,
  token: CancellationToken,
): Promise<LocatedAnswer> {
  let text = "";
  for await (const piece of wordingOf(model, answer.prompt, token)) {
    text += piece;
    said(text);
  }
  if (token.isCancellationRequested) return answer;
  return client.request(Requests.word, { answer, text, model: model.name }, token);
}

/** With several folders open: the one of the file in front, else all ("" = all). */
export function askedFolder(editor: TextEditor | undefined): string {
  if ((workspace.workspaceFolders?.length ?? 0) < 2 || !editor) return "";
  return workspace.getWorkspaceFolder(editor.document.uri)?.uri.toString() ?? "";
}
