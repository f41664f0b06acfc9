/** What retrieval needs of a memory: an object of class Memory has exactly these. */
import type { SearchScores } from "../../native/addon.ts";
import type { Past } from "../history/past.ts";
import type { IndexReader } from "../index/api.ts";

export interface SearchSources {
  index: IndexReader;
  /** Null where the engine cannot run: retrieval then works by words, symbols and paths alone. */
  engine: { search(ids: Int32Array, layers: 1 | 2): Promise<SearchScores> } | null;
  tokenizer: { frameQuestion(text: string): Int32Array } | null;
  /** Full sha of the commit that a document of the engine is part of; undefined for files. */
  commitOf(document: number): string | undefined;
  /** The path as commits have it: relative to the git top level. */
  headerPath(path: string): string;
  /** What git says of the past. */
  past: Pick<Past, "tags" | "patches" | "containing">;
  /** The text of a file, unsaved text first; undefined when it cannot be read (vanished, left out). */
  fileText(path: string): Promise<string | undefined>;
}
