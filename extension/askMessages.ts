/** What the Ask view and its page (media/ask.js) say to each other. The page gets texts and numbers, never URIs or HTML. */
import type { MemoryStatus } from "../server/memory/types.ts";
import type { LocatedAnswer } from "../server/protocol.ts";
import { labelOf, type Snippet, snippetOf, sourceOf } from "./source.ts";

/** A question with its answer, as far as it has got. */
export interface Turn {
  id: number;
  question: string;
  state: "asking" | "answered" | "wording" | "failed" | "stopped";
  found: boolean;
  statements: { text: string; sources: number[] }[];
  sources: TurnSource[];
  followUps: string[];
  /** "evidence", or the model that worded the answer. */
  wordedBy: string;
  /** Raw text of the model so far, while it words. */
  saying: string;
  /** A model that could word the answer if the user allows it; "" when there is none. */
  couldWord: string;
  /** What was missing or went wrong beside the answer; "" when nothing. */
  note: string;
  /** Why there is no answer. */
  error: string;
}

export interface TurnSource {
  label: string;
  path: string;
  title: string;
  why: string;
  snippet: Snippet;
  commit: boolean;
  cited: boolean;
}

/** The strip above the question box. */
export interface Strip {
  tone: "busy" | "ready" | "quiet" | "problem";
  line: string;
  /** 0..100, or -1 when unknown or idle. */
  percent: number;
  /** A button: its command's name in `viewCommands`, and its label. */
  action: { command: string; label: string } | null;
}

export type ToPage =
  | { type: "all"; turns: Turn[]; strip: Strip; draft: string }
  | { type: "turn"; turn: Turn }
  | { type: "saying"; id: number; text: string }
  | { type: "strip"; strip: Strip }
  | { type: "focus" };

export type FromPage =
  | { type: "ready" }
  | { type: "ask"; question: string }
  | { type: "stop"; id: number }
  | { type: "word"; id: number }
  | { type: "jump"; id: number; source: number; keepFocus: boolean }
  | { type: "draft"; text: string }
  | { type: "clear" }
  | { type: "command"; command: string };

/** Commands a button of the page may run; anything else is ignored. */
export const viewCommands: readonly string[] = [
  "everyline.resumeMemory",
  "everyline.allowEncoding",
  "everyline.showLog",
  "everyline.restart",
  "workbench.action.files.openFolder",
];

export function newTurn(id: number, question: string): Turn {
  return {
    id,
    question,
    state: "asking",
    found: false,
    statements: [],
    sources: [],
    followUps: [],
    wordedBy: "",
    saying: "",
    couldWord: "",
    note: "",
    error: "",
  };
}

/** The turn once an answer is there. */
export function answered(turn: Turn, answer: LocatedAnswer): Turn {
  const cited = new Set(answer.statements.flatMap((statement) => statement.sources));
  return {
    ...turn,
    state: "answered",
    found: answer.found,
    statements: answer.statements.map(({ text, sources }) => ({ text, sources: sources.filter((index) => index in answer.evidence) })),
    sources: answer.evidence.map((evidence, index) => {
      const source = sourceOf(evidence);
      const commit = source.commit !== "";
      return {
        label: labelOf(source),
        path: source.path,
        title: commit ? (source.text.split("\n")[0] ?? "") : source.title,
        why: source.reasons.join(" · "),
        snippet: snippetOf(source, commit && source.path === "" ? 4 : 6),
        commit,
        cited: cited.has(index),
      };
    }),
    followUps: answer.followUps,
    wordedBy: answer.wordedBy,
    saying: "",
    note: answer.incomplete,
  };
}

/** Reads a message of the page; undefined for what is none. */
export function readMessage(value: unknown): FromPage | undefined {
  if (typeof value !== "object" || value === null) return undefined;
  const { type, question, id, source, text, command, keepFocus } = value as Record<string, unknown>;
  switch (type) {
    case "ready":
    case "clear":
      return { type };
    case "ask":
      return typeof question === "string" && question.trim() !== "" ? { type, question: question.trim().slice(0, 2_000) } : undefined;
    case "stop":
    case "word":
      return typeof id === "number" ? { type, id } : undefined;
    case "jump":
      return typeof id === "number" && typeof source === "number" ? { type, id, source, keepFocus: keepFocus === true } : undefined;
    case "draft":
      return typeof text === "string" ? { type, text: text.slice(0, 2_000) } : undefined;
    case "command":
      return typeof command === "string" && viewCommands.includes(command) ? { type, command } : undefined;
    default:
      return undefined;
  }
}

/** What the strip says of all memories together. */
export function stripOf(state: "starting" | "running" | "failed", folders: readonly MemoryStatus[], anyFolder: boolean): Strip {
  if (!anyFolder) {
    return {
      tone: "quiet",
      line: "No folder is open.",
      percent: -1,
      action: { command: "workbench.action.files.openFolder", label: "Open Folder" },
    };
  }
  if (state === "failed") {
    return problem("The server of Everyline has stopped.", { command: "everyline.restart", label: "Restart" });
  }
  if (state === "starting" || folders.length === 0) return { tone: "busy", line: "Starting …", percent: -1, action: null };
  const failed = folders.find((folder) => folder.state === "failed");
  if (failed) return problem(failed.message, { command: "everyline.showLog", label: "Show Log" });
  const asking = folders.find((folder) => folder.state === "asking");
  if (asking) {
    return { tone: "quiet", line: asking.message, percent: -1, action: { command: "everyline.allowEncoding", label: "Read It All" } };
  }
  const sum = (figure: (folder: MemoryStatus) => number) => folders.reduce((total, folder) => total + figure(folder), 0);
  const busy = folders.find((folder) => folder.state === "words" || folder.state === "encoding" || folder.state === "starting");
  if (busy) {
    const toEncode = sum((folder) => folder.toEncode);
    const percent = busy.state === "encoding" && toEncode > 0 ? (100 * sum((folder) => folder.encoded)) / toEncode : -1;
    return { tone: "busy", line: busy.message, percent, action: null };
  }
  const paused = folders.find((folder) => folder.state === "paused");
  if (paused) return { tone: "quiet", line: paused.message, percent: -1, action: { command: "everyline.resumeMemory", label: "Resume" } };
  const waiting = folders.find((folder) => folder.state === "waiting");
  if (waiting) return { tone: "quiet", line: waiting.message, percent: -1, action: null };
  const troubled = folders.find((folder) => folder.problem !== "");
  if (troubled) return problem(troubled.problem, { command: "everyline.showLog", label: "Show Log" });
  const commits = sum((folder) => folder.commits);
  const line = `${count(
    sum((folder) => folder.files),
    "file",
  )}${commits > 0 ? ` and ${count(commits, "commit")}` : ""} in memory`;
  return { tone: "ready", line, percent: -1, action: null };
}

function problem(line: string, action: Strip["action"]): Strip {
  return { tone: "problem", line, percent: -1, action };
}

/** "1,234 files" */
export function count(number: number, noun: string): string {
  return `${number.toLocaleString("en-US")} ${noun}${number === 1 ? "" : "s"}`;
}
