/**
 * Tells the client how the memories are: everyline/statusChanged at most twice a second, and a work-done progress for each
 * folder while it reads or encodes.
 */
import type { Connection, WorkDoneProgressServerReporter } from "vscode-languageserver/node";
import type { MemoryStatus } from "../memory/types.ts";
import { Notifications } from "../protocol.ts";
import type { Log } from "./opened.ts";

/** Milliseconds between two notifications. */
const intervalMs = 500;

export interface StatusReporterOptions {
  connection: Connection;
  statuses: () => Promise<MemoryStatus[]>;
  /** Whether the client shows work-done progress. */
  progress: boolean;
  log: Log;
}

export class StatusReporter {
  readonly #options: StatusReporterOptions;
  readonly #progress = new Map<string, FolderProgress>();
  #timer: NodeJS.Timeout | undefined;
  #again = false;
  #closed = false;
  #lastSent = "";
  /** By folder: the state written to the log last. */
  readonly #logged = new Map<string, string>();

  constructor(options: StatusReporterOptions) {
    this.#options = options;
  }

  /** Something may have changed: the client hears of it now, or when half a second since the last time has passed. */
  changed(): void {
    if (this.#closed) return;
    if (this.#timer) {
      this.#again = true;
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      if (!this.#again) return;
      this.#again = false;
      this.changed();
    }, intervalMs).unref();
    void this.#send();
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#timer);
    for (const progress of this.#progress.values()) progress.end();
    this.#progress.clear();
  }

  async #send(): Promise<void> {
    const folders = await this.#options.statuses().catch(() => undefined); // a memory that is closing has no status
    if (!folders || this.#closed) return;
    const text = JSON.stringify(folders);
    if (text === this.#lastSent) return;
    this.#lastSent = text;
    await this.#options.connection.sendNotification(Notifications.statusChanged, { folders });
    if (this.#options.progress) this.#showProgress(folders);
    for (const status of folders) this.#logState(status);
  }

  #logState({ folder, state, message, engine }: MemoryStatus): void {
    if (this.#logged.get(folder) === state) return;
    this.#logged.set(folder, state);
    const computed = engine ? ` (${engine.backend} ${engine.detail}, ${engine.threads} threads)` : "";
    this.#options.log(`${folder}: ${message}${computed}`);
  }

  #showProgress(folders: MemoryStatus[]): void {
    for (const status of folders) {
      const known = this.#progress.get(status.folder);
      if (busy(status)) {
        const progress = known ?? new FolderProgress(this.#options.connection);
        this.#progress.set(status.folder, progress);
        progress.report(status);
      } else if (known) {
        known.end();
        this.#progress.delete(status.folder);
      }
    }
    for (const [folder, progress] of this.#progress) {
      if (folders.some((status) => status.folder === folder)) continue;
      progress.end();
      this.#progress.delete(folder);
    }
  }
}

export function busy(status: MemoryStatus): boolean {
  return status.state === "words" || status.state === "encoding";
}

/** Share of the work in hand that is done, in percent, or undefined while it is unknown. */
export function percentage(status: MemoryStatus): number | undefined {
  return status.state === "encoding" && status.toEncode > 0 ? Math.min(100, (100 * status.encoded) / status.toEncode) : undefined;
}

/** One work-done progress: begun by the server, which the client must allow first. */
class FolderProgress {
  #reporter: WorkDoneProgressServerReporter | undefined;
  #ended = false;
  #latest: MemoryStatus | undefined;

  constructor(connection: Connection) {
    connection.window.createWorkDoneProgress().then(
      (reporter) => {
        if (this.#ended) return reporter.done();
        this.#reporter = reporter;
        reporter.begin("Everyline", 0, firstSentence(this.#latest?.message ?? ""), false);
        if (this.#latest) this.report(this.#latest);
      },
      () => undefined, // a client that refuses shows the status bar item alone
    );
  }

  report(status: MemoryStatus): void {
    this.#latest = status;
    const percent = percentage(status);
    if (percent === undefined) this.#reporter?.report(firstSentence(status.message));
    else this.#reporter?.report(percent, firstSentence(status.message));
  }

  end(): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#reporter?.done();
  }
}

/** Progress stands in a narrow place: the rest is for the hover and the Ask view. */
function firstSentence(text: string): string {
  return text.split(/\.(?:\s|$)/)[0] ?? text;
}
