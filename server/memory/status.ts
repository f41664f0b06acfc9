/** A memory's status in figures and one sentence for people. */
import type { EngineStats } from "../../native/addon.ts";
import type { IndexStatus } from "../index/types.ts";
import type { Rate } from "./progress.ts";
import type { MemoryState, MemoryStatus, UpdateSummary } from "./types.ts";
import type { Upkeep } from "./upkeep.ts";

export interface StatusParts {
  folder: string;
  index: IndexStatus;
  cacheBytes: number;
  engine: EngineStats | null;
  problem: string;
  /** Whether this process keeps the index; else it follows another. */
  writable: boolean;
  started: boolean;
  upkeep: Pick<Upkeep, "phase" | "progress" | "paused" | "asking" | "declined" | "encoding" | "waiting">;
  /** Documents that could not be encoded. */
  left: number;
  rate: Pick<Rate, "tokensPerSecond" | "etaMs">;
  canEncode: boolean;
}

export function describeStatus(parts: StatusParts): MemoryStatus {
  const { index, rate } = parts;
  const state = stateOf(parts);
  return {
    folder: parts.folder,
    state,
    message: messageOf(state, parts),
    files: index.files,
    toEncode: index.toEncode,
    encoded: index.encoded,
    commits: index.commits,
    tokens: index.tokens,
    chunks: index.chunks,
    skipped: index.skipped,
    history: index.history,
    etaMs: state === "encoding" ? Math.round(rate.etaMs(index.pendingBytes)) : 0,
    tokensPerSecond: Math.round(rate.tokensPerSecond),
    engine: parts.engine,
    problem: parts.problem,
    indexBytes: index.databaseBytes + index.wordsBytes,
    cacheBytes: parts.cacheBytes,
    rssBytes: process.memoryUsage.rss(),
  };
}

/** What the command line tells when a folder is up to date. Times in milliseconds. */
export function summarise(status: MemoryStatus, wordsMs: number, encodeMs: number): UpdateSummary {
  const { files, skipped, commits, chunks, tokens, tokensPerSecond, engine, indexBytes, cacheBytes, toEncode } = status;
  return {
    files,
    skipped,
    commits,
    documents: toEncode,
    chunks,
    tokens,
    wordsMs: Math.round(wordsMs),
    encodeMs: Math.round(encodeMs),
    tokensPerSecond,
    backend: engine ? `${engine.backend} ${engine.detail}` : "none",
    peakRssMb: Math.round(process.resourceUsage().maxRSS / 1024),
    indexBytes,
    cacheBytes,
  };
}

function stateOf({ index, writable, started, upkeep, canEncode, left }: StatusParts): MemoryState {
  const pending = canEncode && index.encoded + left < index.toEncode;
  if (!writable) return pending ? "waiting" : "ready";
  if (!started) return pending ? "paused" : "ready";
  if (upkeep.phase === "starting") return "starting";
  if (upkeep.phase === "history" && upkeep.encoding) return "encoding";
  if (upkeep.phase !== "idle") return "words";
  if (upkeep.asking) return "asking";
  if (upkeep.declined) return "ready";
  if (upkeep.paused) return "paused";
  if (upkeep.waiting) return "waiting";
  // Between a reading and the encoding that follows it there is a moment in which nothing runs. History is encoded on the quiet.
  return pending ? "encoding" : "ready";
}

function messageOf(state: MemoryState, { index, writable, started, upkeep, canEncode, left, problem }: StatusParts): string {
  const { done, total, phase } = upkeep.progress;
  switch (state) {
    case "starting":
      return "Starting.";
    case "words":
      if (total === 0) return phase === "history" ? "Reading the history." : "Looking for changed files.";
      return `Reading ${phase === "history" ? "commits" : "files"}: ${done} of ${total}.`;
    case "encoding":
      return `Encoding: ${index.encoded} of ${index.toEncode} files. Search works meanwhile.${besideEncoding(upkeep)}`;
    case "asking":
      return `${index.files} files are searchable by words. The folder is large: allow encoding to search it by meaning, too.`;
    case "paused":
      if (!started)
        return `${index.encoded} of ${index.toEncode} files are encoded. Open the folder in VS Code, or run "everyline index", to go on.`;
      return `Paused: ${index.encoded} of ${index.toEncode} files are encoded; words follow every change.`;
    case "waiting":
      return writable ? upkeep.waiting : "Another window keeps the memory of this folder; this one follows it.";
    case "failed":
      return problem;
    case "ready":
      return readyMessage(index, { canEncode, declined: upkeep.declined, left, problem });
  }
}

/** History is read beside the encoding of files. */
function besideEncoding({ phase, progress }: StatusParts["upkeep"]): string {
  return phase === "history" && progress.total > 0 ? ` Reading commits: ${progress.done} of ${progress.total}.` : "";
}

function readyMessage(
  index: IndexStatus,
  { canEncode, declined, left, problem }: { canEncode: boolean; declined: boolean; left: number; problem: string },
): string {
  const files = `${index.files} files and ${index.commits} commits are in the memory`;
  if (!canEncode) return `${files}, by words only: ${problem}`;
  if (declined) return `${files}, by words only, as you chose for this large folder.`;
  if (left > 0) return `${files}; ${left} files are found by words only.`;
  const { toEncode, encoded } = index.history;
  return encoded < toEncode ? `${files}. The newest commits are being encoded: ${encoded} of ${toEncode} parts.` : `${files}.`;
}
