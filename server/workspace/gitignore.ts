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

/** The part of a glob between two slashes: "**", or the sources between its stars (at least one). */
type Segment = "**" | string[];

/** Splits a glob at its slashes and stars; undefined when it can never match. */
function parseGlob(glob: string): Segment[] | undefined {
  const segments: Segment[] = [];
  let chunks = [""];
  let at = 0;
  const add = (source: string, length: number): void => {
    chunks[chunks.length - 1] += source;
    at += length;
  };
  while (at <= glob.length) {
    const character = glob[at];
    if (character === undefined || character === "/") {
      segments.push(chunks.length > 2 && chunks.every((chunk) => chunk === "") ? "**" : chunks);
      chunks = [""];
      at++;
    } else if (character === "*") {
      chunks.push("");
      at++;
    } else if (character === "?") {
      add("[^/]", 1);
    } else if (character === "[") {
      const bracket = bracketSource(glob, at);
      if (!bracket) return undefined;
      add(bracket.source, bracket.end - at);
    } else {
      const escaped = character === "\\" ? glob[at + 1] : character;
      if (escaped === undefined) return undefined;
      add(literal(escaped), character === "\\" ? 2 : 1);
    }
  }
  return segments;
}

/**
 * A glob with git's meaning as the source of a regular expression; undefined when it can never match.
 *
 * Lists are hostile input, so no pattern may take exponential time: what follows a star is taken where it first fits and never tried
 * again (for globs that loses no match), except for the last star, which the end pins down. `(?=(x))\1` is JavaScript's way to say so.
 */
function globSource(glob: string): string | undefined {
  const segments = parseGlob(glob);
  if (!segments) return undefined;
  let groups = 0;
  const firstFit = (source: () => string): string => {
    const number = ++groups; // its parenthesis opens before those inside
    return `(?=(${source()}))\\${number}`;
  };
  const segmentSource = (chunks: string[]): string => {
    const first = chunks[0]!;
    if (chunks.length === 1) return first;
    const middle = chunks.slice(1, -1).filter((chunk) => chunk !== "");
    return `${first}${middle.map((chunk) => firstFit(() => `[^/]*?${chunk}`)).join("")}[^/]*${chunks.at(-1)}`;
  };
  const parts = splitAtDoubleStars(segments);
  const join = (part: string[][]): string => part.map(segmentSource).join("/");
  if (parts.length === 1) return join(parts[0]!);
  const head = parts[0]!.length === 0 ? "" : `${join(parts[0]!)}/`;
  const middle = parts.slice(1, -1).map((part) => firstFit(() => `(?:[^/]*/)*?${join(part)}/`));
  const tail = parts.at(-1)!;
  return `${head}${middle.join("")}${tail.length === 0 ? ".*" : `(?:[^/]*/)*${join(tail)}`}`;
}

/** The runs of segments around each "**"; the first and the last may be empty, "**" beside "**" counts once. */
function splitAtDoubleStars(segments: readonly Segment[]): string[][][] {
  const parts: string[][][] = [[]];
  for (const [index, segment] of segments.entries()) {
    if (segment !== "**") parts.at(-1)!.push(segment);
    else if (index === 0 || segments[index - 1] !== "**") parts.push([]);
  }
  return parts;
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
