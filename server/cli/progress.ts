/** A progress line on stderr, rewritten in place; only where stderr is a terminal. */
import type { WriteStream } from "node:tty";
import type { Progress as ProgressState } from "../memory/upkeep.ts";

const barWidth = 24;
const redrawMs = 100;

export class Progress {
  readonly #stream: Pick<WriteStream, "isTTY" | "columns" | "write">;
  #drawn = 0;
  #shown = false;

  constructor(stream: Pick<WriteStream, "isTTY" | "columns" | "write"> = process.stderr) {
    this.#stream = stream;
  }

  update(state: ProgressState, now: number = performance.now()): void {
    if (!this.#stream.isTTY || (this.#shown && now - this.#drawn < redrawMs)) return;
    this.#drawn = now;
    this.#shown = true;
    this.#stream.write(`\r\u001b[K${progressLine(state).slice(0, Math.max(20, (this.#stream.columns || 80) - 1))}`);
  }

  /** Takes the line away. */
  clear(): void {
    if (this.#shown) this.#stream.write("\r\u001b[K");
    this.#shown = false;
  }
}

/** "encoding [######------------------] 120/480, 35 s left" */
export function progressLine({ phase, done, total, etaMs }: ProgressState): string {
  const share = total > 0 ? Math.min(1, done / total) : 0;
  const full = Math.round(share * barWidth);
  const left = etaMs > 0 ? `, ${timeText(etaMs)} left` : "";
  return `${phase} [${"#".repeat(full)}${"-".repeat(barWidth - full)}] ${done}/${total}${left}`;
}

function timeText(ms: number): string {
  const seconds = Math.ceil(ms / 1000);
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  return minutes < 90 ? `${minutes} min` : `${(minutes / 60).toFixed(1)} h`;
}
