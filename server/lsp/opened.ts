/** What the language server needs of one opened folder: the memory and all that works on it, behind one interface. */
import type { Answer } from "../ask/types.ts";
import type { Completion, CompletionRequest } from "../complete/types.ts";
import type { ChangedFile } from "../history/commit-files.ts";
import type { LineOrigin } from "../history/line-origin.ts";
import type { MemoryStatus } from "../memory/types.ts";
import type { SearchOptions, SearchResult } from "../retrieve/types.ts";
import type { Settings } from "../settings.ts";

export interface OpenedFolder {
  status(): Promise<MemoryStatus>;
  /** Whether files or commits are still being read. */
  isReading(): boolean;
  ask(question: string, k: number, signal: AbortSignal): Promise<Answer>;
  /** A chat model's wording of an answer: statements whose citations were checked. */
  word(answer: Answer, text: string, model: string): Answer;
  /** The wording of the endpoint the user has set; the answer itself where none is set. Never rejects. */
  wordByEndpoint(answer: Answer, signal: AbortSignal): Promise<Answer>;
  /** A file after a commit, or before it; undefined where it was not there or is no text. */
  fileAt(commit: string, path: string, side: "before" | "after"): Promise<string | undefined>;
  /** What a commit changed. */
  commitFiles(commit: string): Promise<ChangedFile[]>;
  /** The commits that shaped lines of a file as it is now, unsaved text first. */
  lineOrigin(path: string, startLine: number, endLine: number): Promise<LineOrigin[]>;
  search(query: string, options: SearchOptions): Promise<SearchResult>;
  complete(request: CompletionRequest): Promise<Completion>;
  /** Reads a place where a key may come. */
  readAhead(request: CompletionRequest): void;
  pause(): Promise<void>;
  resume(): Promise<void>;
  rebuild(): Promise<void>;
  /** Empties the user's cache. Resolves to the bytes freed. */
  clearCache(): Promise<number>;
  allowEncoding(allow: boolean): Promise<void>;
  /** The unsaved text of an open file; undefined once it is saved or closed. */
  setUnsaved(path: string, text: string | undefined): Promise<void>;
  /** Files open in the editor: they are encoded first. */
  setOpenFiles(paths: string[]): void;
  setBattery(battery: boolean): void;
  setSettings(settings: Settings): void;
  close(): Promise<void>;
}

export interface OpenOptions {
  /** Absolute, as the client names it. */
  path: string;
  settings: Settings;
  /** Call when the status may have changed; as often as it likes. */
  changed: () => void;
  log: Log;
}

export type LogLevel = "debug" | "info" | "warning" | "error";
export type Log = (message: string, level?: LogLevel) => void;

export type OpenFolder = (options: OpenOptions) => Promise<OpenedFolder>;
