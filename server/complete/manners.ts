/**
 * What of a decoded line may be offered at a cursor. Pure: text in, text or a reason out.
 *
 * A completion never repeats what follows the cursor, closes no bracket that is closed already, holds no secret, and says something.
 */
import type { Settings } from "../settings.ts";
import { lexicalPlace } from "./lexical.ts";

export interface Offer {
  /** Decoded text, one line. */
  text: string;
  prefix: string;
  suffix: string;
  /** Whether the decoder ended the text itself without a line end: only such a text may stand before more code. */
  complete: boolean;
  /** Blanks secret-looking parts. */
  redact: (text: string) => string;
}

/** `reason` is "" when the text may be shown. */
export interface Verdict {
  text: string;
  reason: string;
}

const pairs: Record<string, string> = { ")": "(", "]": "[", "}": "{" };
/** Characters of a line that a person may have written; longer ones are made by programs. */
const longestLine = 2000;
/** Characters before the cursor that are searched for open brackets. */
const bracketWindow = 4000;

export function polish(offer: Offer): Verdict {
  const line = offer.prefix.slice(offer.prefix.lastIndexOf("\n") + 1);
  const rest = firstLine(offer.suffix);
  let text = firstLine(cutUnprintable(offer.text)).trimEnd();
  text = withoutOverlap(text, rest);
  text = closeOnlyWhatIsOpen(text, rest, offer.prefix);
  if (line.trim() !== "" && /\s$/.test(line)) text = text.trimStart();
  if (text.trim() === "") return { text: "", reason: "nothing to add" };
  if (rest.trim() !== "" && !onlyClosers(rest) && !offer.complete) return { text: "", reason: "inside a line" };
  const made = (line + text + rest).trim();
  if (repeats(made, text, offer.suffix)) return { text: "", reason: "repeats the line below" };
  if (offer.redact(line + text) !== line + text) return { text: "", reason: "secret" };
  return { text, reason: "" };
}

/** Why no completion is computed at this place at all, or "". */
export function declines(
  place: { prefix: string; suffix: string; language: string },
  { disabledLanguages, inComments, inStrings }: Pick<Settings["completion"], "disabledLanguages" | "inComments" | "inStrings">,
): string {
  if (disabledLanguages.includes(place.language)) return "language is off";
  const line = place.prefix.length - place.prefix.lastIndexOf("\n") + firstLine(place.suffix.slice(0, longestLine)).length;
  if (line > longestLine) return "the line is too long";
  if (/^[\p{L}\p{N}_]/u.test(place.suffix) && /[\p{L}\p{N}_]$/u.test(place.prefix)) return "inside a word";
  if (inComments && inStrings) return "";
  const lexical = lexicalPlace(place.prefix, place.language);
  if (lexical === "comment" && !inComments) return "comments are off";
  return lexical === "string" && !inStrings ? "strings are off" : "";
}

function firstLine(text: string): string {
  const end = text.search(/[\r\n]/);
  return end < 0 ? text : text.slice(0, end);
}

/** Up to the first control character or piece of a character. */
function cutUnprintable(text: string): string {
  const bad = text.search(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\ufffd]/);
  return bad < 0 ? text : text.slice(0, bad);
}

/** Nothing but closing brackets, quotes and separators: what editors put behind the cursor by themselves. */
function onlyClosers(rest: string): boolean {
  return /^[\s)\]}>"'`;,:]*$/.test(rest);
}

/** Drops the longest end of `text` that the rest of the line begins with, unless it closes a bracket of `text` itself. */
function withoutOverlap(text: string, rest: string): string {
  const follows = rest.trimEnd();
  for (let length = Math.min(text.length, follows.length); length > 0; length--) {
    const kept = text.slice(0, -length);
    if (text.endsWith(follows.slice(0, length)) && openBrackets(kept).length <= openBrackets(text).length) return kept;
  }
  return text;
}

/** Cuts before the first bracket that closes nothing, or what the rest of the line closes already. */
function closeOnlyWhatIsOpen(text: string, rest: string, prefix: string): string {
  const outer = openBrackets(prefix.slice(-bracketWindow));
  const unknown = prefix.length > bracketWindow; // what was opened before the window
  const behind = /^[)\]}]*/.exec(rest.trim())?.[0] ?? "";
  const fitted = closes(behind, outer);
  const inner: string[] = [];
  for (const [index, character] of unquoted(text)) {
    if ("([{".includes(character)) inner.push(character);
    const opener = pairs[character];
    if (!opener || inner.pop() === opener) continue;
    const opened = outer.lastIndexOf(opener);
    outer.length = Math.max(0, opened);
    if ((opened < 0 && !unknown) || (fitted && !closes(behind, outer))) return text.slice(0, index).trimEnd();
  }
  return text;
}

/** Whether the closing brackets match the innermost open ones. */
function closes(closers: string, open: readonly string[]): boolean {
  return [...closers].every((closer, index) => open.at(-1 - index) === pairs[closer]);
}

/** Brackets opened and not closed, outermost first. */
function openBrackets(text: string): string[] {
  const open: string[] = [];
  for (const [, character] of unquoted(text)) {
    if ("([{".includes(character)) open.push(character);
    else if (pairs[character] && open.at(-1) === pairs[character]) open.pop();
  }
  return open;
}

/** Characters outside of quotes, with their place. A quote that does not end on its line is an apostrophe or a lifetime. */
function* unquoted(text: string): Generator<[number, string]> {
  for (let index = 0; index < text.length; index++) {
    const character = text[index] as string;
    if (character === '"' || character === "'" || character === "`") {
      const end = closingQuote(text, index);
      if (end > 0) {
        index = end;
        continue;
      }
    }
    yield [index, character];
  }
}

function closingQuote(text: string, start: number): number {
  for (let index = start + 1; index < text.length; index++) {
    if (text[index] === "\n") return 0;
    if (text[index] === "\\") index++;
    else if (text[index] === text[start]) return text[start] === "'" && !isLiteral(text.slice(start + 1, index)) ? 0 : index;
  }
  return 0;
}

/** Two lifetimes (`&'a (&'a`) look like a quote: then there are usually brackets open between them. */
function isLiteral(content: string): boolean {
  return content.length <= 2 || content.split(/[([{]/).length === content.split(/[)\]}]/).length;
}

/** Whether the line made, or the text by itself, is the next line that is not blank. */
function repeats(made: string, text: string, suffix: string): boolean {
  const below = suffix.slice(firstLine(suffix).length).trimStart();
  const next = firstLine(below).trim();
  if (!/[\p{L}\p{N}_]/u.test(next)) return false;
  return made === next || text.trim() === next;
}
