/** What the language-model tools answer, in the words and amounts a model can use: about ten lines a place, then where to read on. */
import type { MemoryStatus } from "../server/memory/types.ts";
import { linesOf, type Source, snippetOf } from "./source.ts";

/** Lines of each place. */
const shownLines = 10;

export function placesText(sources: readonly Source[], pathOf: (source: Source) => string): string {
  if (sources.length === 0) return "Nothing was found. Try other words, or names that the code may use.";
  return sources.map((source, at) => `${at + 1}. ${placeText(source, pathOf)}`).join("\n\n");
}

function placeText(source: Source, pathOf: (source: Source) => string): string {
  const parts = [source.path ? `${pathOf(source)}:${linesOf(source)}` : "", source.commit ? `commit ${source.commit}` : "", source.title];
  if (source.change) parts.push(source.text.split("\n", 1)[0] ?? "");
  const { text, firstLine } = snippetOf(source, shownLines);
  const numbered = text.split("\n").map((line, at) => (firstLine > 0 ? `${firstLine + at}\t${line}` : `\t${line}`));
  return [parts.filter(Boolean).join("  "), ...(text ? numbered : [])].join("\n");
}

export function statusText(folders: readonly MemoryStatus[]): string {
  if (folders.length === 0) return "No folder is open, so there is no memory.";
  return folders
    .map(
      (status) =>
        `${status.folder}: ${status.state}. ${status.message} ${status.files} files (${status.encoded} of ${status.toEncode} read by the model), ` +
        `${status.commits} commits, ${status.tokens} tokens.${status.problem ? ` Problem: ${status.problem}` : ""}`,
    )
    .join("\n");
}
