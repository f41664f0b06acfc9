/**
 * @everyline in the chat: answers from the memory, worded by the model the person has chosen there.
 *
 * The wording is not streamed as it comes: a sentence is shown only once its citations are checked. Each statement is followed by
 * anchors to its places.
 */
import {
  type CancellationToken,
  type ChatRequest,
  type ChatResponseStream,
  type ChatResult,
  chat,
  type Disposable,
  type ExtensionContext,
  Location,
  Position,
  Range,
  Uri,
} from "vscode";
import { type LocatedAnswer, Requests } from "../server/protocol.ts";
import { askedFolder, compose, word } from "./asking.ts";
import type { Client } from "./client.ts";
import { plainMarkdown } from "./plainMarkdown.ts";
import { labelOf, type Source, sourceOf } from "./source.ts";
import type { SourcesTree } from "./sourcesTree.ts";

interface Result extends ChatResult {
  metadata: { followUps: string[] };
}

export function registerParticipant(context: ExtensionContext, client: Client, sources: SourcesTree): Disposable {
  const participant = chat.createChatParticipant("everyline.participant", (request, _context, stream, token) =>
    request.command === "where" ? where(client, sources, request, stream, token) : answer(client, sources, request, stream, token),
  );
  participant.iconPath = Uri.joinPath(context.extensionUri, "media", "icon.png");
  participant.followupProvider = {
    provideFollowups: (result) => ((result as Partial<Result>).metadata?.followUps ?? []).map((prompt) => ({ prompt })),
  };
  return participant;
}

async function answer(
  client: Client,
  sources: SourcesTree,
  request: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<Result> {
  stream.progress("Searching the memory");
  const composed = await compose(client, questionOf(request), token);
  sources.show(composed.evidence.map(sourceOf), request.prompt);
  const said = composed.found ? await worded(client, composed, request, stream, token) : composed;
  for (const { text, sources: cited } of said.statements) {
    stream.markdown(plainMarkdown(text));
    for (const index of cited) anchor(stream, said.evidence[index]);
    stream.markdown("\n\n");
  }
  for (const index of new Set(said.statements.flatMap((statement) => statement.sources))) refer(stream, said.evidence[index]);
  if (said.incomplete) stream.markdown(`*${plainMarkdown(said.incomplete)}*`);
  return { metadata: { followUps: said.followUps } };
}

/** A model that cannot word it leaves the evidence itself. */
async function worded(
  client: Client,
  composed: LocatedAnswer,
  { model }: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<LocatedAnswer> {
  stream.progress(`Wording the answer with ${model.name}`);
  try {
    return await word(client, composed, model, () => {}, token);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    return { ...composed, incomplete: `${model.name} could not word it: ${reason}` };
  }
}

/** /where: the places, in order, without prose. */
async function where(
  client: Client,
  sources: SourcesTree,
  request: ChatRequest,
  stream: ChatResponseStream,
  token: CancellationToken,
): Promise<Result> {
  const params = { folder: askedFolder(undefined), query: request.prompt, k: 8, scope: "files" as const };
  const { results } = await client.request(Requests.search, params, token);
  sources.show(results.map(sourceOf), request.prompt);
  if (results.length === 0) stream.markdown("Not found: nothing in the memory matches these words.");
  for (const evidence of results) {
    stream.markdown("- ");
    anchor(stream, evidence);
    stream.markdown(` ${plainMarkdown([evidence.title, ...evidence.reasons].filter(Boolean).join(" · "))}\n`);
  }
  return { metadata: { followUps: [] } };
}

/** /why and /when put their word before a question that lacks it: "the retry loop" -> "Why the retry loop". */
function questionOf({ command, prompt }: ChatRequest): string {
  if (!command || prompt.toLowerCase().startsWith(command)) return prompt;
  return `${command === "when" ? "When was this changed:" : "Why:"} ${prompt}`;
}

function anchor(stream: ChatResponseStream, evidence: LocatedAnswer["evidence"][number] | undefined): void {
  if (!evidence) return;
  const source = sourceOf(evidence);
  stream.markdown(" ");
  if (source.uri) stream.anchor(locationOf(source), labelOf(source));
  else stream.markdown(`\`${labelOf(source)}\``);
}

function refer(stream: ChatResponseStream, evidence: LocatedAnswer["evidence"][number] | undefined): void {
  if (evidence?.uri) stream.reference(locationOf(sourceOf(evidence)));
}

function locationOf(source: Source): Location {
  const start = new Position(Math.max(0, source.startLine - 1), 0);
  return new Location(Uri.parse(source.uri), new Range(start, new Position(Math.max(start.line, source.endLine - 1), 0)));
}
