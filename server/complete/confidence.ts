/**
 * How likely a completion is right to its first stop: the end of the first name or number in it, with what leads there.
 *
 * A logistic of two figures of the decoding. Its slopes were fitted on 105 lines before names were copied (copy.ts), its height anew with
 * them on 53 completions of repositories the model was not trained on; docs/completion.md says how far that carries.
 */
import type { Decoded } from "./decode.ts";

const weights = { bias: 1.7, sum: 0.75, least: 1.46 };

/** End of the text that must be right: after its first name, up to a bracket, comma, semicolon or blank that follows; else all of it. */
export function firstStop(text: string): number {
  const stop = /[\p{L}\p{N}_$][\s()[\]{},;]/u.exec(text);
  return stop ? stop.index + stop[0].length - 1 : text.length;
}

/** 0..1. */
export function confidence(decoded: Decoded): number {
  const { sum, least } = figures(decoded);
  return 1 / (1 + Math.exp(-(weights.bias + weights.sum * sum + weights.least * least)));
}

/** Log probability of the tokens to the first stop together, and of the least likely of them. */
export function figures(decoded: Decoded): { sum: number; least: number } {
  const stop = firstStop(decoded.text);
  const needed: number[] = [];
  for (const token of decoded.tokens) {
    needed.push(token.logProb);
    if (token.end >= stop) break;
  }
  if (stop >= decoded.text.length) needed.push(Math.max(decoded.stopLogProb, -20));
  return { sum: needed.reduce((a, b) => a + b, 0), least: Math.min(0, ...needed) };
}
