/**
 * The custom part of the language server protocol: every request and notification under everyline/, typed once.
 * Standard parts used beside it: textDocument/inlineCompletion, text synchronisation, window/workDoneProgress.
 */
import type { Answer } from "./ask/types.ts";
import type { CompletionChunk, OfferedMember } from "./complete/types.ts";
import type { ChangedFile } from "./history/commit-files.ts";
import type { LineOrigin } from "./history/line-origin.ts";
import type { MemoryStatus } from "./memory/types.ts";
import type { Evidence } from "./retrieve/types.ts";

/** Initialization options the client sends. */
export interface InitializeOptions {
  /** Whether the user's machine runs on battery, where known. */
  onBattery: boolean;
  /** Whether the client answers EditorRequests. */
  editorRequests?: boolean;
}

/** A request name with its parameter and result types. */
export interface Request<P, R> {
  method: string;
  params?: P;
  result?: R;
}

function request<P, R>(method: string): Request<P, R> {
  return { method };
}

export interface FolderParams {
  /** URI of the workspace folder; "" = the first, or all where that makes sense. */
  folder: string;
}

export interface AskParams extends FolderParams {
  question: string;
  k: number;
}

export interface SearchParams extends FolderParams {
  query: string;
  k: number;
  scope: "files" | "commits" | "all";
}

/** Evidence with the URI of its file, to jump to, and of its folder. */
export interface LocatedEvidence extends Evidence {
  uri: string;
  folder: string;
}

/** A file as it was: after a commit, or before it (in its first parent). */
export interface FileAtParams extends FolderParams {
  commit: string;
  /** Relative to the git top level. */
  path: string;
  side: "before" | "after";
}

export interface LocatedAnswer extends Omit<Answer, "evidence"> {
  folder: string;
  evidence: LocatedEvidence[];
}

export const Requests = {
  /** Question -> composed answer, evidence and the prompt for a chat model. */
  ask: request<AskParams, LocatedAnswer>("everyline/ask"),
  /** A chat model's wording -> statements with checked citations (uncited sentences are dropped). */
  word: request<{ answer: LocatedAnswer; text: string; model: string }, LocatedAnswer>("everyline/word"),
  /** The answer worded by the endpoint the user has set, checked alike; the answer itself where none is set. */
  wordByEndpoint: request<{ answer: LocatedAnswer }, LocatedAnswer>("everyline/wordByEndpoint"),
  /** `stages`: milliseconds by stage (retrieve/types.ts) of the folder that took longest. */
  search: request<SearchParams, { results: LocatedEvidence[]; ms: number; stages: Record<string, number> }>("everyline/search"),
  /** `text`: null where the file was not there or is no text. */
  fileAt: request<FileAtParams, { text: string | null }>("everyline/fileAt"),
  commitFiles: request<FolderParams & { commit: string }, ChangedFile[]>("everyline/commitFiles"),
  /** The commits that shaped lines (1-based, inclusive) of a file, the one with most of them first; `folder` is the file's. */
  lineOrigin: request<{ uri: string; startLine: number; endLine: number }, { folder: string; origins: LineOrigin[] }>(
    "everyline/lineOrigin",
  ),
  status: request<FolderParams, MemoryStatus[]>("everyline/status"),
  pause: request<FolderParams, null>("everyline/pause"),
  resume: request<FolderParams, null>("everyline/resume"),
  rebuild: request<FolderParams, null>("everyline/rebuild"),
  clearCache: request<Record<string, never>, { freedBytes: number }>("everyline/clearCache"),
  /** The user's answer to "this folder is large: encode it?". */
  allowEncoding: request<FolderParams & { allow: boolean }, null>("everyline/allowEncoding"),
  /** Chunks behind the last completion offered in a document. */
  completionSources: request<{ uri: string }, (CompletionChunk & { uri: string })[]>("everyline/completionSources"),
} as const;

/** A place in a document, lines and UTF-16 characters from 0. */
export interface MembersParams {
  uri: string;
  line: number;
  character: number;
}

/** Server -> client. */
export const EditorRequests = {
  /** What the language's own extension offers behind the receiver that ends at a place; none where there is no such extension. */
  members: request<MembersParams, OfferedMember[]>("everyline/members"),
} as const;

/** A place in a document: line and character as the protocol counts them. */
export interface CursorParams {
  uri: string;
  position: { line: number; character: number };
}

export const Notifications = {
  /** Server -> client, on change and at most twice a second: { folders: MemoryStatus[] }. */
  statusChanged: "everyline/statusChanged",
  /** Client -> server: a completion item's command ran. */
  completionAccepted: "everyline/completionAccepted",
  /** Client -> server: the cursor was moved there and rests (CursorParams). */
  cursorRests: "everyline/cursorRests",
  /** Client -> server: battery state changed. */
  battery: "everyline/battery",
} as const;

/** The LSP error code for "not ready yet": its message says what is missing. */
export const notReadyCode = -32002;
