import type { EngineStats } from "../../native/addon.ts";
import type { HistoryStatus } from "../index/types.ts";

export type MemoryState = "starting" | "words" | "encoding" | "ready" | "paused" | "asking" | "waiting" | "failed";

/** What status surfaces show; figures come from the database, never kept beside it. */
export interface MemoryStatus {
  /** The folder, as opened. */
  folder: string;
  state: MemoryState;
  /** A sentence for people about the state: what is going on, or what to do. */
  message: string;
  files: number;
  toEncode: number;
  encoded: number;
  commits: number;
  tokens: number;
  chunks: number;
  skipped: Record<string, number>;
  history: HistoryStatus;
  /** Estimated milliseconds to the end of the work in hand, 0 when idle or unknown. */
  etaMs: number;
  tokensPerSecond: number;
  engine: EngineStats | null;
  /** Why there is no engine, or which problem was met last; "" when none. */
  problem: string;
  indexBytes: number;
  cacheBytes: number;
  rssBytes: number;
  /** Suggestions since the server started: returned and not cancelled, and inserted by the user. Counted on this machine, told to nobody. */
  suggestions?: SuggestionCounts;
}

export interface SuggestionCounts {
  offered: number;
  accepted: number;
}

/** Summary of bringing a folder up to date (CLI index). */
export interface UpdateSummary {
  files: number;
  skipped: Record<string, number>;
  commits: number;
  documents: number;
  chunks: number;
  tokens: number;
  wordsMs: number;
  encodeMs: number;
  tokensPerSecond: number;
  backend: string;
  peakRssMb: number;
  indexBytes: number;
  cacheBytes: number;
}
