/** The JSON documents the commands print (the contract of `--json`), and the same for people. Pure. */
import type { Answer } from "../ask/types.ts";
import type { Completion, CompletionChunk } from "../complete/types.ts";
import type { MemoryStatus, UpdateSummary } from "../memory/types.ts";
import type { Evidence, SearchResult } from "../retrieve/types.ts";

export interface Citation {
  /** With startLine and endLine left out for a commit. */
  path?: string;
  startLine?: number;
  endLine?: number;
  /** Full sha. */
  commit?: string;
  score: number;
  reasons: string[];
}

export function citation(evidence: Evidence): Citation {
  const { path, startLine, endLine, commit, score, reasons } = evidence;
  return { ...(path ? { path, startLine, endLine } : {}), ...(commit ? { commit } : {}), score: rounded(score), reasons };
}

export function summaryJson(summary: UpdateSummary) {
  const { files, skipped, commits, documents, chunks, tokens, backend, indexBytes, cacheBytes } = summary;
  const counts = { files, skipped, commits, documents, chunks, tokens };
  const wordsMs = Math.round(summary.wordsMs);
  const encodeMs = Math.round(summary.encodeMs);
  const tokensPerSecond = Math.round(summary.tokensPerSecond);
  return { ...counts, wordsMs, encodeMs, tokensPerSecond, backend, peakRssMb: Math.round(summary.peakRssMb), indexBytes, cacheBytes };
}

export function answerJson(answer: Answer) {
  return { answer: answerText(answer), found: answer.found, citations: answer.evidence.map(citation), ms: Math.round(answer.ms) };
}

export function searchJson(result: SearchResult) {
  return { results: result.evidence.map(citation) };
}

export function completionJson(completion: Completion) {
  const { text, confidence, shown, ms } = completion;
  return { text, confidence: rounded(confidence), shown, chunks: completion.chunks.map(chunkJson), ms: Math.round(ms) };
}

function chunkJson({ path, startLine, endLine, commit, weight }: CompletionChunk) {
  return { path, startLine, endLine, ...(commit ? { commit } : {}), weight: rounded(weight) };
}

export function statusJson(status: MemoryStatus) {
  const { files, encoded, toEncode, tokens, commits, engine, state } = status;
  return { files, encoded, total: toEncode, tokens, commits, backend: engine ? backendName(engine) : "none", state };
}

/** "cpu avx2" */
export function backendName(engine: { backend: string; detail: string }): string {
  return `${engine.backend} ${engine.detail}`.trim();
}

/** Statements in order, each with the numbers of its sources as the list below it counts them. */
export function answerText(answer: Answer): string {
  return answer.statements.map(({ text, sources }) => [text, ...sources.map((source) => `[${source + 1}]`)].join(" ")).join("\n");
}

export function answerForPeople(answer: Answer): string {
  const sources = answer.evidence.map((evidence, index) => `  [${index + 1}] ${placeForPeople(evidence)}`);
  const heading = answer.found ? "Sources" : "Nearest places";
  return [answerText(answer), ...(sources.length > 0 ? ["", `${heading}:`, ...sources] : []), ...note(answer.incomplete)].join("\n");
}

export function searchForPeople(result: SearchResult): string {
  if (result.evidence.length === 0) return ["Nothing found.", ...note(result.incomplete)].join("\n");
  return [...result.evidence.map(placeForPeople), ...note(result.incomplete)].join("\n");
}

/** "server/a.ts:3-14  function parse  (defines parse; meaning)"; of a commit its subject, and where it changed what fits. */
function placeForPeople(evidence: Evidence): string {
  const { path, startLine, endLine, commit, text, change, title, reasons } = evidence;
  const subject = commit ? `“${oneLine(text.split("\n", 1)[0] ?? "")}”` : "";
  const place = commit ? changeForPeople(change) : `${oneLine(path)}:${startLine}-${endLine}`;
  const why = reasons.length > 0 ? `(${reasons.join("; ")})` : "";
  return (commit ? [oneLine(title), subject, place, why] : [place, oneLine(title), why]).filter(Boolean).join("  ");
}

/** "src/a.ts:3-14", as it was before where lines only went. */
function changeForPeople(change: Evidence["change"]): string {
  if (!change) return "";
  const { path, oldPath, oldStart, oldEnd, newStart, newEnd } = change;
  return newStart > 0 ? `${oneLine(path)}:${newStart}-${newEnd}` : `${oneLine(oldPath)}:${oldStart}-${oldEnd} before`;
}

export function completionForPeople(completion: Completion): string {
  if (completion.text === "") return `No completion: ${completion.reason}.`;
  const shown = completion.shown ? "" : `, not shown in the editor: ${completion.reason}`;
  const chunks = completion.chunks.map(
    (chunk) =>
      `  ${oneLine(chunk.path)}${chunk.commit ? ` at ${chunk.commit.slice(0, 10)}` : ""}:${chunk.startLine}-${chunk.endLine}  ${percent(chunk.weight)}`,
  );
  const attended = chunks.length > 0 ? ["", "Attended:", ...chunks] : [];
  return [completion.text, "", `Confidence ${percent(completion.confidence)}${shown}; ${Math.round(completion.ms)} ms`, ...attended].join(
    "\n",
  );
}

export function summaryForPeople(summary: UpdateSummary): string {
  const seconds = (ms: number) => `${(ms / 1000).toFixed(1)} s`;
  const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(1)} MB`;
  return [
    `${summary.files} files, ${summary.commits} commits; ${skippedText(summary.skipped)}`,
    `${summary.documents} documents, ${summary.chunks} chunks, ${summary.tokens} tokens`,
    `words after ${seconds(summary.wordsMs)}; encoding ${seconds(summary.encodeMs)}, ${Math.round(summary.tokensPerSecond)} tokens/s on ${summary.backend}`,
    `index ${megabytes(summary.indexBytes)}, cache ${megabytes(summary.cacheBytes)}, peak memory ${Math.round(summary.peakRssMb)} MB`,
  ].join("\n");
}

export function statusForPeople(status: MemoryStatus): string {
  const engine = status.engine ? backendName(status.engine) : "no engine";
  return [
    status.message || status.state,
    `${status.files} files (${status.encoded} of ${status.toEncode} encoded), ${status.commits} commits; ${skippedText(status.skipped)}`,
    ...historyText(status),
    `${status.tokens} tokens in ${status.chunks} chunks; ${engine}`,
    ...(status.problem ? [`Problem: ${status.problem}`] : []),
  ].join("\n");
}

function historyText({ commits, history }: MemoryStatus): string[] {
  if (commits === 0) return [];
  const { diffs, passages, leftOut, encoded, toEncode, tokens } = history;
  const words = `changes of ${diffs} commits in ${passages} parts; left out: ${leftOut} changed files (generated, vendored, lock files, binary, secret)`;
  return [words, `${encoded} of ${toEncode} parts of the newest commits encoded, ${tokens} tokens`];
}

/** "left out: 3 binary, 1 secret" */
export function skippedText(skipped: Record<string, number>): string {
  const parts = Object.entries(skipped).filter(([, count]) => count > 0);
  if (parts.length === 0) return "none left out";
  return `left out: ${parts.map(([reason, count]) => `${count} ${reason}`).join(", ")}`;
}

function note(incomplete: string): string[] {
  return incomplete ? ["", `Note: ${incomplete}.`] : [];
}

/** A path or title may hold line ends or escape sequences: a terminal must not see them. */
export function oneLine(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f]/g, "\ufffd");
}

function percent(share: number): string {
  return `${Math.round(100 * share)} %`;
}

function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
