/** How right a completion is, for the benches of places whose text is known. */
import { firstStop } from "../../../server/complete/confidence.ts";

export interface Verdict {
  /** The whole text. */
  right: boolean;
  /** Its beginning, up to its first stop. */
  begins: boolean;
}

export function verdictOf(gold: string, text: string): Verdict {
  const right = text.trim() === gold.trim();
  const stop = firstStop(text);
  return { right, begins: text !== "" && gold.startsWith(text.slice(0, stop)) && (stop < text.length || right) };
}
