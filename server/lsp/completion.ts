/**
 * textDocument/inlineCompletion: waits as the typing's rhythm asks for (typing.ts), asks the completer, and offers one item.
 *
 * Everything ends early when the client cancels: the wait, the computation, and the offer of what the document has outgrown.
 */
import { setTimeout as wait } from "node:timers/promises";
import {
  type CancellationToken,
  type InlineCompletionItem,
  type InlineCompletionParams,
  InlineCompletionTriggerKind,
  type Range,
} from "vscode-languageserver/node";
import type { TextDocument } from "vscode-languageserver-textdocument";
import { receiverOf } from "../complete/surroundings.ts";
import type { Completion, CompletionChunk, CompletionRequest, OfferedMember } from "../complete/types.ts";
import type { SuggestionCounts } from "../memory/types.ts";
import type { CursorParams, MembersParams } from "../protocol.ts";
import type { Settings } from "../settings.ts";
import { signalOf } from "./errors.ts";
import type { Folder, Folders } from "./folders.ts";
import type { Log } from "./opened.ts";
import { TypingRhythm } from "./typing.ts";
import { uriInFolder } from "./uris.ts";

export type LocatedChunk = CompletionChunk & { uri: string };

export interface InlineCompletionsOptions {
  folders: Folders;
  document: (uri: string) => TextDocument | undefined;
  /** What is open of a folder, and where the user has just written in it. */
  nearby: (folder: Folder) => Pick<CompletionRequest, "open" | "edited">;
  /** What the language's own server offers behind `head`, a line up to a receiver's dot. */
  membersBehind: (head: string, place: MembersParams) => Promise<readonly OfferedMember[] | undefined>;
  settings: () => Settings;
  log: Log;
}

export class InlineCompletions {
  readonly #options: InlineCompletionsOptions;
  /** By document URI: the chunks behind the last completion offered there. */
  readonly #sources = new Map<string, LocatedChunk[]>();
  #problem = "";
  readonly #rhythm = new TypingRhythm();
  readonly #counts: SuggestionCounts = { offered: 0, accepted: 0 };

  constructor(options: InlineCompletionsOptions) {
    this.#options = options;
  }

  sources(uri: string): LocatedChunk[] {
    return this.#sources.get(uri) ?? [];
  }

  get counts(): SuggestionCounts {
    return { ...this.#counts };
  }

  /** The command of an item ran: the user took it. */
  accepted(): void {
    this.#counts.accepted++;
  }

  async provide(params: InlineCompletionParams, token: CancellationToken): Promise<InlineCompletionItem[]> {
    const { settings } = this.#options;
    const found = this.#placeOf(params.textDocument.uri);
    if (!found) return [];
    const { document, place, opened } = found;
    const { completion } = settings();
    const signal = signalOf(token);
    if (params.context.triggerKind === InlineCompletionTriggerKind.Automatic) {
      if (!completion.enabled) return [];
      if (!(await paused(this.#rhythm.wait(performance.now(), completion.delayMs), signal))) return [];
    }
    const { version } = document;
    const cursor = cursorOf(document, params);
    const about = { ...this.#options.nearby(place.folder), members: this.#membersAt(params, cursor) };
    const made = await opened.complete({ path: place.path, language: document.languageId, ...cursor.text, ...about, signal });
    if (signal.aborted || document.version !== version) return [];
    this.#options.log(`Completion in ${place.path}:${params.position.line + 1}: ${outcome(made)}`, "debug");
    this.#warn(made);
    if (!made.shown || made.text === "") return [];
    const root = place.folder.path;
    const chunks = made.chunks.map((chunk) => ({ ...chunk, uri: uriInFolder(root, chunk.path) ?? "" }));
    this.#sources.set(document.uri, chunks);
    this.#counts.offered++;
    return [
      {
        insertText: cursor.kept + made.text,
        range: cursor.range,
        command: { title: "", command: "everyline.completionAccepted", arguments: [document.uri, made.text.length] },
      },
    ];
  }

  /** The cursor rests where no key was pressed yet. */
  rests({ uri, position }: CursorParams): void {
    const found = this.#options.settings().completion.enabled ? this.#placeOf(uri) : undefined;
    if (!found) return;
    const { document, place, opened } = found;
    const text = document.getText();
    const offset = document.offsetAt(position);
    const around = { prefix: text.slice(0, offset), suffix: text.slice(offset) };
    opened.readAhead({ path: place.path, language: document.languageId, ...around, ...this.#options.nearby(place.folder) });
  }

  /** Where a document that is completed belongs. */
  #placeOf(uri: string) {
    const { folders, settings } = this.#options;
    const document = this.#options.document(uri);
    if (!document || settings().completion.disabledLanguages.includes(document.languageId)) return undefined;
    const place = folders.ofDocument(document.uri) ?? cellOf(folders, document) ?? elsewhere(folders, document);
    const opened = place?.folder.opened;
    return place && opened && { document, place, opened };
  }

  /** For the cursor alone: not where a part of the text is not in the document yet. */
  #membersAt({ textDocument, position, context }: InlineCompletionParams, cursor: Cursor): CompletionRequest["members"] {
    const { prefix } = cursor.text;
    const line = prefix.slice(prefix.lastIndexOf("\n") + 1);
    const { receiver, partial } = receiverOf(line);
    if (!receiver || context.selectedCompletionInfo) return undefined;
    const head = line.slice(0, line.length - partial.length);
    const place = { uri: textDocument.uri, line: position.line, character: position.character - partial.length };
    return async (asked) => (asked === prefix ? this.#options.membersBehind(head, place) : undefined);
  }

  /** Once for each problem: a server that is down would fill the log with every key. */
  #warn({ shown, problem }: Completion): void {
    if (shown) this.#problem = "";
    if (problem === undefined || problem === this.#problem) return;
    this.#problem = problem;
    this.#options.log(`No completion: ${problem}`, "warning");
  }
}

function outcome({ shown, reason, confidence, text, ms }: Completion): string {
  const figures = `${text.length} characters, confidence ${confidence.toFixed(2)}, ${Math.round(ms)} ms`;
  return shown ? `offered (${figures})` : `not offered: ${reason} (${figures})`;
}

/** Resolves to false when the wait was cut short. */
async function paused(ms: number, signal: AbortSignal): Promise<boolean> {
  return wait(ms, !signal.aborted, { signal }).catch(() => false);
}

/** A cell of a notebook in a folder: as if the notebook were a file of the cell's language. */
function cellOf(folders: Folders, { uri, languageId }: TextDocument) {
  const notebook = /^vscode-notebook-cell:(?:\/\/)?(.*?)\.ipynb(?:#|$)/.exec(uri)?.[1];
  if (notebook === undefined) return undefined;
  return folders.ofDocument(`file://${notebook}.${extensions[languageId] ?? languageId}`);
}

/** A document outside all folders, or without a file, is completed from the first folder's memory under a made-up path. */
function elsewhere(folders: Folders, document: TextDocument) {
  const folder = folders.all()[0];
  return folder && { folder, path: madeUpPath(document.uri, document.languageId) };
}

/** "untitled:Untitled-1" of TypeScript -> "Untitled-1.typescript": the model sees the language where it looks for it. */
export function madeUpPath(uri: string, language: string): string {
  const name = uri.split(/[:/\\]/).at(-1) || "untitled";
  if (/\.\w+$/.test(name)) return name;
  return `${name}.${extensions[language] ?? language}`;
}

const extensions: Record<string, string> = {
  c: "c",
  cpp: "cpp",
  csharp: "cs",
  go: "go",
  java: "java",
  javascript: "js",
  javascriptreact: "jsx",
  markdown: "md",
  php: "php",
  plaintext: "txt",
  python: "py",
  ruby: "rb",
  rust: "rs",
  shellscript: "sh",
  typescript: "ts",
  typescriptreact: "tsx",
  yaml: "yml",
};

interface Cursor {
  text: Pick<CompletionRequest, "prefix" | "suffix">;
  /** What the suggest widget has selected: the offered text begins with it, and replaces its range. */
  kept: string;
  range: Range;
}

/** The text around the cursor, as it will be once the item selected in the suggest widget is accepted. */
export function cursorOf(document: TextDocument, { position, context }: Pick<InlineCompletionParams, "position" | "context">): Cursor {
  const text = document.getText();
  const selected = context.selectedCompletionInfo;
  if (!selected) {
    const offset = document.offsetAt(position);
    return { text: { prefix: text.slice(0, offset), suffix: text.slice(offset) }, kept: "", range: { start: position, end: position } };
  }
  const prefix = text.slice(0, document.offsetAt(selected.range.start)) + selected.text;
  return { text: { prefix, suffix: text.slice(document.offsetAt(selected.range.end)) }, kept: selected.text, range: selected.range };
}
