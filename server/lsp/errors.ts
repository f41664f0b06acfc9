/** Errors as the protocol knows them, with messages for people; and what keeps the process alive when one slips through. */
import { type CancellationToken, ErrorCodes, LSPErrorCodes, ResponseError } from "vscode-languageserver/node";

export function message(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** An error as the answer to a request. */
export function responseError(error: unknown): ResponseError<void> {
  if (error instanceof ResponseError) return error;
  if (error instanceof Error && error.name === "AbortError") return new ResponseError(LSPErrorCodes.RequestCancelled, "Cancelled.");
  return new ResponseError(LSPErrorCodes.RequestFailed, message(error));
}

export function badRequest(text: string): ResponseError<void> {
  return new ResponseError(ErrorCodes.InvalidParams, text);
}

/** An AbortSignal that fires when the client cancels the request. */
export function signalOf(token: CancellationToken): AbortSignal {
  const controller = new AbortController();
  if (token.isCancellationRequested) controller.abort();
  else token.onCancellationRequested(() => controller.abort());
  return controller.signal;
}

/**
 * Logs what nobody caught and goes on: one broken request must not take the memory with it. Ten in a minute are more than a
 * broken request: the process exits, and the client starts a fresh one.
 */
export function surviveErrors(log: (message: string) => void): void {
  let recent: number[] = [];
  const caught = (error: unknown) => {
    log(`Unexpected error: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}`);
    const now = Date.now();
    recent = [...recent.filter((at) => now - at < 60_000), now];
    if (recent.length >= 10) process.exit(1);
  };
  process.on("uncaughtException", caught);
  process.on("unhandledRejection", caught);
}
