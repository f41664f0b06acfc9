/** `everyline complete`: the rest of the line at FILE:LINE:COL, as the file is on disk. */
import { isAbsolute, relative, sep } from "node:path";
import { Completer } from "../complete/complete.ts";
import type { CompletionRequest } from "../complete/types.ts";
import { readInside } from "../workspace/paths.ts";
import { withMemory } from "./folder.ts";
import { printResult } from "./output.ts";
import { completionForPeople, completionJson } from "./shapes.ts";

interface CompleteCommand {
  folder: string;
  file: string;
  line: number;
  column: number;
  json: boolean;
}

export async function runComplete({ folder, file, line, column, json }: CompleteCommand, signal: AbortSignal): Promise<number> {
  return withMemory(folder, { refresh: signal }, async (memory) => {
    const request = await requestAt(memory.root, file, line, column);
    const completion = await new Completer(memory).complete({ ...request, signal });
    printResult(json, completionJson(completion), completionForPeople(completion));
    return 0;
  });
}

/** The place does not exist in the file. */
export class PlaceError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "PlaceError";
  }
}

/** `root`: real path of the opened folder; `file` relative to it, or absolute inside of it. */
export async function requestAt(root: string, file: string, line: number, column: number): Promise<CompletionRequest> {
  const path = isAbsolute(file) ? relative(root, file).split(sep).join("/") : file;
  const bytes = await readInside(root, path, Number.MAX_SAFE_INTEGER);
  const cursor = offsetOf(new TextDecoder().decode(bytes), path, line, column);
  return { path, language: "", prefix: cursor.before, suffix: cursor.after };
}

/** `line` and `column` count from 1, the column in UTF-16 units; it may stand after the line's last character. */
export function offsetOf(text: string, path: string, line: number, column: number): { before: string; after: string } {
  let start = 0;
  for (let passed = 1; passed < line; passed++) {
    start = text.indexOf("\n", start) + 1;
    if (start === 0) throw new PlaceError(`${path} has ${passed} ${passed === 1 ? "line" : "lines"}: there is no line ${line}`);
  }
  const end = /\r?(?:\n|$)/g;
  end.lastIndex = start;
  const length = (end.exec(text)?.index ?? text.length) - start;
  if (column > length + 1) throw new PlaceError(`line ${line} of ${path} has ${length} characters: there is no column ${column}`);
  const at = start + column - 1;
  return { before: text.slice(0, at), after: text.slice(at) };
}
