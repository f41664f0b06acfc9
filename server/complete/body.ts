/**
 * From one line to several: where a line opens a block, or stands first in one, and the block's body is still to be written, the lines
 * that follow are completed one by one. They are offered only where the block comes to its own end with every line sure; else the line alone.
 */
import { bodyIsMissing, needsEnd, opensBlock, placeInBlock } from "./block.ts";
import type { CompletionRequest, Unmeasured } from "./types.ts";

const mostLines = 6;
/** Milliseconds that the lines after the first may take together, and with the first: in a file that is new to the engine it takes most. */
const budgetMs = 400;
const wholeMs = 600;

/** `first`: the completion of the request's line, begun at `started` (performance.now()). `complete`: of one line; it may reject once its signal is aborted. */
export async function withBlock(
  request: CompletionRequest,
  first: Unmeasured,
  complete: (request: CompletionRequest, signal: AbortSignal) => Promise<Unmeasured>,
  started: number,
): Promise<Unmeasured> {
  const opener = openerOf(request, first.text);
  const left = Math.min(budgetMs, started + wholeMs - performance.now());
  if (opener === undefined || left <= 0) return first;
  const late = new AbortController();
  const timer = setTimeout(() => late.abort(), left);
  try {
    return await blockFrom(request, first, opener, (next) => complete(next, late.signal));
  } catch (error) {
    if (late.signal.aborted) return first;
    throw error;
  } finally {
    clearTimeout(timer);
  }
}

async function blockFrom(
  request: CompletionRequest,
  first: Unmeasured,
  opener: string,
  complete: (request: CompletionRequest) => Promise<Unmeasured>,
): Promise<Unmeasured> {
  const eol = request.prefix.includes("\r\n") ? "\r\n" : "\n";
  const closer = request.suffix.split(/\r?\n/).find((line) => line.trim() !== "");
  const closed = closer !== undefined && placeInBlock(opener, closer) === "end";
  const lines = [first.text];
  let confidence = first.confidence;
  const whole = (): Unmeasured => (lines.length === 1 ? first : { ...first, text: lines.join(eol), confidence });
  while (lines.length < mostLines) {
    const next = await complete({ ...request, prefix: request.prefix + lines.join(eol) + eol });
    if (next.reason === "repeats the line below") return closed || !needsEnd(opener) ? whole() : first;
    if (!next.shown) return first;
    const place = placeInBlock(opener, next.text);
    if (place === "after") return closed || !needsEnd(opener) ? whole() : first;
    if (place === "end" && closed) return whole();
    lines.push(next.text);
    confidence = Math.min(confidence, next.confidence);
    if (place === "end") return whole();
  }
  return first;
}

/** The line whose block the completion begins: its own, or the one above where it is the first of a body. Undefined where no body is missing. */
function openerOf({ prefix, suffix }: CompletionRequest, text: string): string | undefined {
  const lines = prefix.split(/\r?\n/);
  const line = lines.pop() ?? "";
  const [rest = ""] = suffix.split(/\r?\n/, 1);
  if (rest.trim() !== "") return undefined;
  const below = suffix.slice(rest.length);
  const above = line.trim() === "" ? lines.at(-1) : undefined;
  return [line + text, above].find((one) => one !== undefined && opensBlock(one) && bodyIsMissing(one, below));
}
