/** Evidence: what retrieval gives to answers, lists and citations. */

import type { Change } from "./changes.ts";

export interface Evidence {
  /** Relative to the opened folder; "" for a commit. */
  path: string;
  /** 1-based, inclusive; 0 for a commit. */
  startLine: number;
  endLine: number;
  /** Full sha for a commit, else "". */
  commit: string;
  score: number;
  /** Why it was chosen, in words for people: "defines Router", "words: parse, header", "meaning". */
  reasons: string[];
  /** The best lines inside the region, where known. */
  bestStart: number;
  bestEnd: number;
  /** The region's text as the file is on disk (at most 80 lines), or the commit's message and its change as a patch. */
  text: string;
  /** What the region is: "function parseHeaders", "class Router", "section Install"; "" when unknown. */
  title: string;
  /** How many near-identical regions of other files it stands for; left out when none. */
  copies?: number;
  /** Of a commit: what of its changes fits the question, where any does. */
  change?: Change;
  /** Of a commit: the oldest tag that reaches it. */
  release?: string;
}

export interface SearchOptions {
  k: number;
  /** What may be returned. */
  scope: "files" | "commits" | "all";
  signal?: AbortSignal;
}

export interface SearchResult {
  evidence: Evidence[];
  /** 0..1: how sure retrieval is that the question has an answer here at all. */
  confidence: number;
  ms: number;
  /** Milliseconds by stage, for the benchmark: "read", "words", "meaning", "symbols", "commits" (at the same time), "rank", "show". */
  stages: Record<string, number>;
  /** What was missing when it ran, for people: "31 of 220 files not encoded yet", or "". */
  incomplete: string;
}
