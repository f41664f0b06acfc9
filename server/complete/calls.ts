/** Calls in a text, read by brackets and quotes and not by a grammar: what was passed to a function, and what followed its bracket. */

export interface CallSite {
  /** Of a declaration or definition: its parameters. */
  arguments: string[];
  /** Whether it is one. */
  defines: boolean;
  /** What follows the closing bracket on its line. */
  tail: string;
  /** What stands before the name on its line. */
  head: string;
}

/** Characters of one list of arguments at most. */
const listLength = 600;
const mostCalls = 40;

/** Calls of `name`, and lists of parameters where it is declared. */
export function callsIn(text: string, name: string): CallSite[] {
  const found: CallSite[] = [];
  for (let at = text.indexOf(name); at >= 0 && found.length < mostCalls; at = text.indexOf(name, at + name.length)) {
    if (at > 0 && isNamePart(text[at - 1] as string)) continue;
    const between = /^(?:<[^<>()\n]*>)?!?\(/.exec(text.slice(at + name.length, at + name.length + 80));
    const call = between ? listFrom(text, at + name.length + between[0].length) : undefined;
    if (call)
      found.push({
        ...call,
        head: lineStart(text, at),
        defines: keyword.test(text.slice(Math.max(0, at - 60), at)) || call.arguments.some(isParameter),
      });
  }
  return found;
}

const keyword = /\b(?:def|func|fn|fun|function)\s+(?:\([^()]*\)\s*)?$/;

/** The list that begins at `start`, behind its bracket; undefined where it does not end in time. */
function listFrom(text: string, start: number): Omit<CallSite, "defines" | "head"> | undefined {
  const items: string[] = [];
  let depth = 0;
  let from = start;
  const end = Math.min(text.length, start + listLength);
  for (let at = start; at < end; at++) {
    const character = text[at] as string;
    if (character === '"' || character === "`" || character === "'") at = pastQuote(text, at, end);
    else if ("([{".includes(character)) depth++;
    else if (depth > 0 && ")]}".includes(character)) depth--;
    else if (")]}".includes(character)) {
      const last = text.slice(from, at).trim();
      if (last !== "") items.push(last);
      return character === ")" ? { arguments: items, tail: lineRest(text, at + 1) } : undefined;
    } else if (character === "," && depth === 0) {
      items.push(text.slice(from, at).trim());
      from = at + 1;
    }
  }
  return undefined;
}

/** Place of the quote that closes the one at `start`, or `start` where none does on its line. */
/** The place of the quote that ends the one at `start`, before `end` and on its line; `start` where there is none. */
export function pastQuote(text: string, start: number, end: number): number {
  for (let at = start + 1; at < end && text[at] !== "\n"; at++) {
    if (text[at] === "\\") at++;
    else if (text[at] === text[start]) return at;
  }
  return start;
}

function lineStart(text: string, to: number): string {
  return text.slice(text.lastIndexOf("\n", to - 1) + 1, to);
}

function lineRest(text: string, from: number): string {
  const end = text.indexOf("\n", from);
  return text.slice(from, end < 0 ? text.length : end).trimEnd();
}

/** `Type name`, `name: Type`: the list belongs to a definition. */
function isParameter(item: string): boolean {
  return /^(?!(?:new|await|not|try|move|lambda|yield|in|typeof)\b)(?:const\s+|final\s+)?[\w.:<>,[\]]+(?:\s+(?:const\b)?\s*[*&]*\s*|\s*[*&]+\s*)[A-Za-z_]\w*(?:\s*=.*)?$/.test(
    item,
  );
}

function isNamePart(character: string): boolean {
  return /[\p{L}\p{N}_$]/u.test(character);
}
