/** A memory's figures in words. */
import type { MemoryStatus } from "../server/memory/types.ts";
import { count, type Strip } from "./askMessages.ts";

/** Two words at most. */
export function shortOf({ tone, percent }: Pick<Strip, "tone" | "percent">): string {
  if (tone === "busy") return percent >= 0 ? `${Math.floor(percent)}%` : "reading";
  return tone === "problem" ? "problem" : tone === "ready" ? "ready" : "waiting";
}

/** Lines for the hover: what is in the memory, how it is computed, what it takes. */
export function detailsOf(status: MemoryStatus): string[] {
  const lines = [`${count(status.files, "file")}, ${count(status.commits, "commit")}, ${count(status.tokens, "token")}`];
  if (status.toEncode > 0) lines.push(`Read by the model: ${count(status.encoded, "file")} of ${status.toEncode.toLocaleString("en-US")}`);
  if (status.etaMs > 0) {
    const speed = status.tokensPerSecond > 0 ? `, ${Math.round(status.tokensPerSecond).toLocaleString("en-US")} tokens/s` : "";
    lines.push(`About ${duration(status.etaMs)} left${speed}`);
  }
  const skipped = Object.entries(status.skipped).filter(([, files]) => files > 0);
  if (skipped.length > 0)
    lines.push(`Left out: ${skipped.map(([reason, files]) => `${files.toLocaleString("en-US")} ${reason}`).join(", ")}`);
  const { diffs, leftOut, toEncode, encoded } = status.history;
  if (diffs > 0) lines.push(`Changes of ${count(diffs, "commit")}; ${count(leftOut, "changed file")} left out`);
  if (toEncode > 0)
    lines.push(`Read by the model: ${count(encoded, "part")} of commits of ${toEncode.toLocaleString("en-US")}, newest first`);
  if (status.engine) {
    lines.push(`Engine: ${status.engine.backend} (${status.engine.detail}), ${count(status.engine.threads, "thread")}`);
    if (status.engine.withoutGpu) lines.push(status.engine.withoutGpu);
  }
  const { suggestions } = status;
  if (suggestions && suggestions.offered > 0)
    lines.push(`Suggestions since the window opened: ${suggestions.offered} offered, ${suggestions.accepted} accepted`);
  lines.push(`Memory ${size(status.rssBytes)}, index ${size(status.indexBytes)}, cache ${size(status.cacheBytes)}`);
  if (status.problem) lines.push(status.problem);
  return lines;
}

/** "45 s", "3 min", "2 h 10 min" */
export function duration(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 90) return `${minutes} min`;
  return minutes % 60 === 0 ? `${minutes / 60} h` : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}

/** "512 kB", "1.2 GB": powers of ten. */
export function size(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let at = 0;
  let value = bytes;
  while (value >= 999.5 && at < units.length - 1) {
    value /= 1000;
    at++;
  }
  return `${value >= 9.95 || at === 0 ? Math.round(value) : value.toFixed(1)} ${units[at]}`;
}
