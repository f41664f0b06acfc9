import type { EditedRegion } from "./recent-edits.ts";

export interface CompletionRequest {
  /** Relative to the opened folder; an untitled document has a made-up name. */
  path: string;
  language: string;
  /** The whole text before and after the cursor. */
  prefix: string;
  suffix: string;
  /** Files open in the editor, relative to the folder. */
  open?: readonly string[];
  /** Where the user has just written, newest first. */
  edited?: readonly EditedRegion[];
  /** What a language's own server offers behind the receiver that `prefix` ends with; undefined where none answers in time. Never rejects. */
  members?: (prefix: string) => Promise<readonly OfferedMember[] | undefined>;
  signal?: AbortSignal;
}

export interface OfferedMember {
  name: string;
  kind: string;
}

export interface CompletionChunk {
  path: string;
  startLine: number;
  endLine: number;
  commit: string;
  /** Share of attention, 0..1. */
  weight: number;
}

export interface Completion {
  /** To insert at the cursor; "" when there is nothing to offer. */
  text: string;
  /** 0..1, calibrated: probability that the text is right to its first stop; 1 for a model of the user's own, which tells none. */
  confidence: number;
  /** Whether it passes the threshold and the manners. */
  shown: boolean;
  /** Why not shown, for the log: "low confidence", "repeats the suffix", "secret", ... or "". */
  reason: string;
  /** What failed, for people, where something did. */
  problem?: string;
  chunks: CompletionChunk[];
  ms: number;
}

/** As it is computed, whoever asked for it. */
export type Unmeasured = Omit<Completion, "ms">;
