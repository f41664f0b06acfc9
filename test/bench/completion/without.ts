/** Memories that lack a part, for ablations: the product's own code completes over them. */
import type { CompletionMemory } from "../../../server/complete/complete.ts";
import type { DecodeSession } from "../../../server/complete/token-tree.ts";
import type { Memory } from "../../../server/memory/memory.ts";

export const parts = ["memory", "definitions"] as const;
export type Part = (typeof parts)[number];

/** "memory": no chunk of any document is attended. "definitions": no other file is asked for names. */
export async function without(memory: Memory, missing: readonly Part[]): Promise<CompletionMemory> {
  const hidden = missing.includes("memory") ? Int32Array.from((await memory.index.files()).map(({ id }) => id)) : undefined;
  const { index, engine } = memory;
  const session = (): DecodeSession => {
    const own = (engine as NonNullable<typeof engine>).session();
    return { begin: (ids, some, before) => own.begin(ids, hidden ?? some, before), cancel: () => own.cancel() };
  };
  const alone = missing.includes("definitions");
  return {
    index: {
      documentAt: (path) => index.documentAt(path),
      documents: (ids) => index.documents(ids),
      chunkLines: (chunks) => index.chunkLines(chunks),
      definitions: (documents) => index.definitions(documents),
      files: async () => (alone ? [] : index.files()),
      symbolsNamed: async (names) => (alone ? [] : index.symbolsNamed(names)),
      documentFrequency: (word) => (alone ? 0 : index.documentFrequency(word)),
      searchFiles: async (query, k, weights) => (alone ? [] : index.searchFiles(query, k, weights)),
    },
    engine: engine && { session },
    tokenizer: memory.tokenizer,
    settings: memory.settings,
    problem: memory.problem,
    headerPath: (path) => memory.headerPath(path),
    fileText: (path) => memory.fileText(path),
  };
}
