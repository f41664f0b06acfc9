/** Opens the memory of the folder a command names, and closes it when the command is done. */
import { realpath, stat } from "node:fs/promises";
import { Memory, type UpdateOptions } from "../memory/memory.ts";
import type { UpdateSummary } from "../memory/types.ts";
import { defaultSettings } from "../settings.ts";
import type { History } from "./args.ts";
import { say } from "./output.ts";
import { Progress } from "./progress.ts";

/** A command cannot do what it was asked: exit 1, with this message. */
export class CommandError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "CommandError";
  }
}

export interface OpenChoice {
  history?: History;
  /** Whether changes of the folder are followed after `start`. */
  watch?: boolean;
  /**
   * Brings words and symbols up to date first, and the commits that the memory has (milliseconds where little has changed); aborting ends
   * that. Encodings stay as they are.
   */
  refresh?: AbortSignal;
}

export async function withMemory<T>(path: string, choice: OpenChoice, use: (memory: Memory) => Promise<T>): Promise<T> {
  const { history = "all", watch = false, refresh } = choice;
  const memory = await Memory.open({
    folder: await folderAt(path),
    settings: { ...defaultSettings, history: { ...defaultSettings.history, commits: history }, encodeLargeFolders: true },
    watch,
    onMessage: (level, text) => level !== "info" && say(text),
  });
  try {
    if (refresh) await bringUpToDate(memory, { history: "as before", encodings: false, signal: refresh });
    return await use(memory);
  } finally {
    await memory.close();
  }
}

export interface UpdateChoice {
  history: UpdateOptions["history"];
  encodings: boolean;
  signal: AbortSignal;
}

/** With a progress line on a terminal. */
export async function bringUpToDate(memory: Memory, choice: UpdateChoice): Promise<UpdateSummary> {
  const progress = new Progress();
  try {
    return await memory.bringUpToDate({ words: true, ...choice, onProgress: (state) => progress.update(state) });
  } finally {
    progress.clear();
  }
}

/** The folder's real path. Throws CommandError where there is none. */
async function folderAt(path: string): Promise<string> {
  const found = await stat(path).catch((error: NodeJS.ErrnoException) => {
    throw new CommandError(
      error.code === "ENOENT" ? `there is no folder ${path}` : `${path} cannot be opened (${error.code ?? error.message})`,
    );
  });
  if (!found.isDirectory()) throw new CommandError(`${path} is a file: name the folder it lies in`);
  return realpath(path);
}
