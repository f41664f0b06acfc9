/** What commands print: results on stdout, everything else on stderr. */
import { oneLine } from "./shapes.ts";

/** Text for people with a line end, or one JSON document. */
export function printResult(json: boolean, document: object, people: string): void {
  process.stdout.write(`${json ? JSON.stringify(document, null, 2) : people}\n`);
}

/** One line on stderr. */
export function say(message: string): void {
  process.stderr.write(`everyline: ${oneLine(message)}\n`);
}
