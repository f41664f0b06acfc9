/** Opens a folder for the language server: its memory, and answering and completing from it. */
import { ask } from "../ask/ask.ts";
import { wordByEndpoint } from "../ask/endpoint.ts";
import { checkWording } from "../ask/word.ts";
import { Completer } from "../complete/complete.ts";
import { Memory } from "../memory/memory.ts";
import { search } from "../retrieve/search.ts";
import type { OpenedFolder, OpenOptions } from "./opened.ts";

/** Milliseconds after a folder was opened until what the first completion needs is made: a question may be waiting. */
const prepareMs = 2000;

/** Throws FolderError when the folder cannot be read, and an error for people when its index cannot be used. */
export async function openFolder({ path, settings, changed, log }: OpenOptions): Promise<OpenedFolder> {
  const memory = await Memory.open({
    folder: path,
    settings,
    watch: true,
    onStatus: changed,
    onMessage: (level, text) => log(text, level),
  });
  const completer = new Completer(memory);
  memory.start();
  const preparing = setTimeout(() => completer.prepare(), prepareMs).unref();
  return {
    status: () => memory.status(),
    isReading: () => memory.isReading,
    ask: (question, k, signal) => ask(memory, question, { k, signal }),
    word: (answer, text, model) => checkWording(answer, text, model),
    wordByEndpoint: (answer, signal) => wordByEndpoint(answer, memory.settings, { signal }),
    search: (query, options) => search(memory, query, options),
    fileAt: (commit, file, side) => memory.past.fileAt(commit, file, side),
    commitFiles: (commit) => memory.past.filesOf(commit),
    lineOrigin: async (file, startLine, endLine) => {
      const text = await memory.fileText(file);
      return text === undefined ? [] : memory.past.lineOrigin({ path: memory.headerPath(file), startLine, endLine, text });
    },
    complete: (request) => completer.complete(request),
    readAhead: (request) => completer.readAhead(request),
    pause: () => memory.pause(),
    resume: () => memory.resume(),
    rebuild: () => memory.rebuild(),
    clearCache: () => memory.clearCache(),
    allowEncoding: (allow) => memory.allowEncoding(allow),
    setUnsaved: (file, text) => memory.setUnsaved(file, text),
    setOpenFiles: (paths) => memory.setOpenFiles(paths),
    setBattery: (battery) => memory.setBattery(battery),
    setSettings: (changedSettings) => memory.setSettings(changedSettings),
    close: () => {
      clearTimeout(preparing);
      return memory.close();
    },
  };
}
