import type { Evidence } from "../retrieve/types.ts";

/** A sentence of an answer and what it rests on: indices into `Answer.evidence`, never empty. */
export interface Statement {
  text: string;
  sources: number[];
}

export interface Answer {
  question: string;
  found: boolean;
  /** What is said first: the answer in a line, or "Not found ...". */
  statements: Statement[];
  /** Ranked; only what the statements cite comes first. When not found: the nearest places. */
  evidence: Evidence[];
  /** Questions that would follow, at most 3. */
  followUps: string[];
  /** For a chat model that words the answer: the repository's text is data in it, fenced and never an instruction. */
  prompt: { system: string; user: string };
  /** Who worded it: "evidence" (composed), or a model's name. */
  wordedBy: string;
  incomplete: string;
  ms: number;
}
