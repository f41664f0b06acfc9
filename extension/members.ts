/** Answers the server's question which members there are behind a receiver, from what the language's own extension offers there. */
import {
  type CompletionItem,
  CompletionItemKind,
  type CompletionList,
  commands,
  type Disposable,
  Position,
  Range,
  Uri,
  workspace,
} from "vscode";
import type { OfferedMember } from "../server/complete/types.ts";
import { EditorRequests, type MembersParams } from "../server/protocol.ts";
import type { Client } from "./client.ts";
import { offeredName } from "./offeredName.ts";

const kinds = new Map<CompletionItemKind, string>([
  [CompletionItemKind.Method, "method"],
  [CompletionItemKind.Function, "function"],
  [CompletionItemKind.Constructor, "constructor"],
  [CompletionItemKind.Field, "field"],
  [CompletionItemKind.Variable, "field"],
  [CompletionItemKind.Property, "field"],
  [CompletionItemKind.Constant, "field"],
  [CompletionItemKind.Value, "field"],
  [CompletionItemKind.EnumMember, "field"],
  [CompletionItemKind.Event, "field"],
  [CompletionItemKind.Class, "class"],
  [CompletionItemKind.Interface, "interface"],
  [CompletionItemKind.Struct, "struct"],
  [CompletionItemKind.Enum, "enum"],
  [CompletionItemKind.Module, "module"],
]);
/** More are no receiver's members. */
const most = 2000;

export function answerMembers(client: Client): Disposable {
  return client.answer(EditorRequests.members, membersAt);
}

/** None where the document is gone, has changed before the place, or no extension knows its language. */
export async function membersAt({ uri, line, character }: MembersParams): Promise<OfferedMember[]> {
  const wanted = Uri.parse(uri).toString();
  const document = workspace.textDocuments.find((one) => one.uri.toString() === wanted);
  if (!document || line >= document.lineCount) return [];
  const trigger = /[.>:\\]$/.exec(document.getText(new Range(line, 0, line, character)))?.[0];
  if (trigger === undefined) return [];
  const list = await commands.executeCommand<CompletionList | undefined>(
    "vscode.executeCompletionItemProvider",
    document.uri,
    new Position(line, character),
    trigger, // asks no provider that knows words only
  );
  return (list?.items ?? []).slice(0, most).flatMap(memberOf);
}

function memberOf({ label, filterText, kind }: CompletionItem): OfferedMember[] {
  const known = kind === undefined ? undefined : kinds.get(kind);
  const name = offeredName(typeof label === "string" ? label : label.label, filterText);
  return known === undefined || name === undefined ? [] : [{ name, kind: known }];
}
