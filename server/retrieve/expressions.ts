/**
 * Lines that a regular expression matches. An expression may take time without end on a line that does not fit it, so that all of it runs
 * under a limit that V8 keeps, and is given up with what was found until then.
 */
import { createContext, Script } from "node:vm";
import type { Expression } from "./query.ts";

/** Milliseconds for all texts of a question. */
const LIMIT = 150;
/** Characters of a line that are looked at. */
const LONGEST_LINE = 2000;

const script = new Script(`
  const pattern = new RegExp(source, flags);
  texts.forEach((text, at) => {
    let line = 0;
    for (let start = 0; start <= text.length; ) {
      const next = text.indexOf("\\n", start);
      const end = next < 0 ? text.length : next;
      line++;
      if (pattern.test(text.slice(start, Math.min(end, start + ${LONGEST_LINE})))) {
        found[at] = line;
        return;
      }
      start = end + 1;
    }
  });`);

/** The first matching line of each text, 1-based, 0 where none is. Undefined where it is no expression that JavaScript reads. */
export function matchingLines({ source, flags }: Expression, texts: readonly string[]): number[] | undefined {
  const found = texts.map(() => 0);
  const context = createContext({ source, flags: flags.replace(/[gy]/g, ""), texts, found }, { microtaskMode: "afterEvaluate" });
  try {
    script.runInContext(context, { timeout: LIMIT });
  } catch (error) {
    // errors of another context are of another class
    if ((error as { name?: string }).name === "SyntaxError") return undefined;
    if ((error as { code?: string }).code !== "ERR_SCRIPT_EXECUTION_TIMEOUT") throw error;
  }
  return found;
}
