/**
 * The patterns of one .gitignore file, as git reads them.
 *
 * A list judges one entry by its own path relative to the list's folder; that a folder's verdict holds for everything below it is the
 * walk's business (it does not enter ignored folders). Packages that also look at an entry's parents cannot be asked one level at a
 * time: a nested list could then not take back what an outer one says of a folder.
 */

export type Verdict = "ignored" | "wanted" | undefined;

interface Pattern {
  matches: RegExp;
  /** "!": takes back what an earlier pattern ignored. */
  negated: boolean;
  /** Ends in "/": folders only. */
  folderOnly: boolean;
  /** No "/" inside: compared with the name alone. */
  nameOnly: boolean;
}

/** Git compares bytes: "?" is one byte. Text is compared with one character a byte. */
function toBytes(text: string): string {
  return Buffer.from(text, "utf8").toString("latin1");
}

export class IgnoreList {
  readonly #patterns: Pattern[];

  constructor(text: string) {
    this.#patterns = parse(toBytes(text.startsWith("\uFEFF") ? text.slice(1) : text)).reverse();
  }

  get empty(): boolean {
    return this.#patterns.length === 0;
  }

  /** What the last matching pattern says. `path`: relative to the list's folder, "/" between names, none at the end. */
  judge(path: string, isFolder: boolean): Verdict {
    const bytes = toBytes(path);
    const name = bytes.slice(bytes.lastIndexOf("/") + 1);
    for (const pattern of this.#patterns) {
      if (pattern.folderOnly && !isFolder) continue;
      if (pattern.matches.test(pattern.nameOnly ? name : bytes)) return pattern.negated ? "wanted" : "ignored";
    }
    return undefined;
  }
}

function parse(text: string): Pattern[] {
  const patterns: Pattern[] = [];
  for (const line of text.split("\n")) {
    const pattern = parseLine(line.endsWith("\r") ? line.slice(0, -1) : line);
    if (pattern) patterns.push(pattern);
  }
  return patterns;
}

function parseLine(line: string): Pattern | undefined {
  if (line === "" || line.startsWith("#")) return undefined;
  let glob = trimEnd(line);
  const negated = glob.startsWith("!");
  if (negated) glob = glob.slice(1);
  const folderOnly = glob.endsWith("/");
  if (folderOnly) glob = glob.slice(0, -1);
  if (glob === "") return undefined;
  const nameOnly = !glob.includes("/");
  const source = globSource(glob.startsWith("/") ? glob.slice(1) : glob);
  if (source === undefined) return undefined;
  return { matches: new RegExp(`^${source}$`, "s"), negated, folderOnly, nameOnly };
}

/** Blanks at the end do not count, unless a backslash stands before them. */
function trimEnd(line: string): string {
  let end = line.length;
  while (end > 0 && line[end - 1] === " ") end--;
  if (end === line.length) return line;
  let backslashes = 0;
  while (backslashes < end && line[end - 1 - backslashes] === "\\") backslashes++;
  return line.slice(0, backslashes % 2 === 1 ? end + 1 : end);
}

function literal(character: string): string {
  return /[\\^$.*+?()[\]{}|/]/.test(character) ? `\\${character}` : character;
}

/** A glob with git's meaning as the source of a regular expression; undefined when it can never match. */
function globSource(glob: string): string | undefined {
  let source = "";
  let at = 0;
  while (at < glob.length) {
    const character = glob[at]!;
    if (character === "\\") {
      const next = glob[at + 1];
      if (next === undefined) return undefined;
      source += literal(next);
      at += 2;
    } else if (character === "?") {
      source += "[^/]";
      at++;
    } else if (character === "[") {
      const bracket = bracketSource(glob, at);
      if (!bracket) return undefined;
      source += bracket.source;
      at = bracket.end;
    } else if (character === "*") {
      let end = at;
      while (glob[end] === "*") end++;
      const wholeName = (at === 0 || glob[at - 1] === "/") && (end === glob.length || glob[end] === "/");
      if (end - at < 2 || !wholeName) source += "[^/]*";
      else if (end === glob.length) source += ".*";
      else {
        source += "(?:.*/)?";
        end++;
      }
      at = end;
    } else {
      source += literal(character);
      at++;
    }
  }
  return source;
}

const classes: Record<string, string> = {
  alnum: "a-zA-Z0-9",
  alpha: "a-zA-Z",
  blank: " \\t",
  cntrl: "\\x00-\\x1f\\x7f",
  digit: "0-9",
  graph: "\\x21-\\x7e",
  lower: "a-z",
  print: "\\x20-\\x7e",
  punct: "\\x21-\\x2f\\x3a-\\x40\\x5b-\\x60\\x7b-\\x7e",
  space: " \\t\\n\\v\\f\\r",
  upper: "A-Z",
  xdigit: "0-9a-fA-F",
};

function hex(character: string): string {
  return `\\x${character.charCodeAt(0).toString(16).padStart(2, "0")}`;
}

/** The bracket that opens at `start`; undefined when it is never closed or names an unknown class. "/" is never in it. */
function bracketSource(glob: string, start: number): { source: string; end: number } | undefined {
  let at = start + 1;
  const negated = glob[at] === "!" || glob[at] === "^";
  if (negated) at++;
  let members = "";
  let previous: string | undefined;
  for (let first = true; ; first = false) {
    let character = glob[at];
    if (character === undefined) return undefined;
    if (character === "]" && !first) break;
    if (character === "[" && glob[at + 1] === ":") {
      const close = glob.indexOf("]", at + 2);
      if (close < 0) return undefined;
      if (glob[close - 1] === ":" && close - 1 > at + 1) {
        const members_ = classes[glob.slice(at + 2, close - 1)];
        if (members_ === undefined) return undefined;
        members += members_;
        previous = undefined;
        at = close + 1;
        continue;
      }
    }
    const isRange = character === "-" && previous !== undefined && glob[at + 1] !== undefined && glob[at + 1] !== "]";
    if (isRange) at++;
    character = glob[at]!;
    if (character === "\\") {
      at++;
      character = glob[at];
      if (character === undefined) return undefined;
    }
    at++;
    if (!isRange) members += hex(character);
    else if (previous! <= character) members += `${hex(previous!)}-${hex(character)}`;
    previous = isRange ? undefined : character;
  }
  const end = at + 1;
  if (members === "") return { source: negated ? "[^/]" : "(?!)", end };
  return { source: negated ? `[^/${members}]` : `(?!/)[${members}]`, end };
}
