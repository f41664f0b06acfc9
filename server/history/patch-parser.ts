/**
 * Hunks out of the text that `git log -p` prints, as it comes.
 *
 * Outside of hunks every line is git's own and its first words say what it is; inside a hunk the numbers of its header say how many
 * lines belong to it. So nothing that a repository holds can pass for a header.
 */
import { fileRole } from "../workspace/role.ts";
import { isSecretPath } from "../workspace/secrets.ts";
import { decodePath } from "./git.ts";

export interface Hunk {
  /** Of the file after the change; where it was deleted, before it. Relative to the top level. */
  path: string;
  /** Before the change; the same as `path` but for renames. */
  oldPath: string;
  /** 1-based first line and number of lines before and after; a side without lines has 0 of them. */
  oldStart: number;
  oldLines: number;
  newStart: number;
  newLines: number;
  /** The enclosing definition's first line, as git sees it; "" where there is none. */
  context: string;
  /** Lines as in a patch: " ", "+" or "-" before each, a line feed after each; between them git's remark on a last line without one. */
  lines: string;
}

export interface Patch {
  sha: string;
  hunks: Hunk[];
  /** Files left out: vendored, generated, lock files, secrets, binary ones. */
  skippedFiles: number;
  /** More was changed than is kept. */
  isCut: boolean;
}

/** Begins a commit's header line; no line of git's own begins so. */
export const patchStart = "\x01";

/** Characters kept of one commit's patch. An import of a whole tree says little. */
export const longestPatch = 1_000_000;
/** Bytes of a line; longer ones are blanked, as nobody wrote them. */
const longestLine = 5_000;

const LF = 10;
const SPACE = 32;
const PLUS = 43;
const MINUS = 45;
const BACKSLASH = 92;

export class PatchParser {
  #rest: Buffer | undefined;
  #patch: Patch | undefined;
  #characters = 0;
  #oldPath: string | undefined;
  #keepsFile = false;
  #hunk: Hunk | undefined;
  #oldLeft = 0;
  #newLeft = 0;

  /** The commit whose patch is being read. */
  get current(): string | undefined {
    return this.#patch?.sha;
  }

  /** Takes in the next bytes; returns the patches that are complete now. */
  push(piece: Buffer): Patch[] {
    const bytes = this.#rest ? Buffer.concat([this.#rest, piece]) : piece;
    const done: Patch[] = [];
    let at = 0;
    let kept = 0; // lines from here to `at` belong to the hunk
    for (let end = bytes.indexOf(LF); end >= 0; end = bytes.indexOf(LF, at)) {
      if (this.#oldLeft + this.#newLeft > 0) {
        if (end - at > longestLine) {
          this.#keep(bytes, kept, at);
          this.#add(`${String.fromCharCode(bytes[at]!)}\n`);
          kept = end + 1;
        }
        this.#countLine(bytes[at]!);
        at = end + 1;
        if (this.#oldLeft + this.#newLeft <= 0) this.#keep(bytes, kept, at);
      } else {
        this.#header(bytes.subarray(at, end), done);
        at = kept = end + 1;
      }
    }
    if (this.#oldLeft + this.#newLeft > 0) this.#keep(bytes, kept, at);
    this.#rest = at < bytes.length ? bytes.subarray(at) : undefined;
    return done;
  }

  /** The last patch, once git has ended well. */
  end(): Patch[] {
    return this.#patch ? [this.#patch] : [];
  }

  #countLine(first: number): void {
    if (first === PLUS) this.#newLeft--;
    else if (first === MINUS) this.#oldLeft--;
    else if (first === SPACE || first === LF) {
      this.#oldLeft--;
      this.#newLeft--;
    } else if (first !== BACKSLASH) this.#oldLeft = this.#newLeft = 0; // not a patch: look for the next header
  }

  #keep(bytes: Buffer, from: number, to: number): void {
    if (this.#hunk && to > from) this.#add(bytes.toString("utf8", from, to));
  }

  #add(text: string): void {
    if (!this.#hunk || !this.#patch) return;
    this.#characters += text.length;
    if (this.#characters > longestPatch) this.#patch.isCut = true;
    else this.#hunk.lines += text;
  }

  #header(line: Buffer, done: Patch[]): void {
    const first = line[0];
    if (first === 1) {
      if (this.#patch) done.push(this.#patch);
      this.#patch = { sha: line.toString("latin1", 1), hunks: [], skippedFiles: 0, isCut: false };
      this.#characters = 0;
      this.#keepsFile = false;
    } else if (first === 64 && line[1] === 64) this.#hunkHeader(line);
    else if (startsWith(line, "--- ")) this.#oldPath = pathOf(line);
    else if (startsWith(line, "+++ ")) this.#file(pathOf(line));
    else if (startsWith(line, "Binary files ") && this.#patch) this.#patch.skippedFiles++;
  }

  #path = "";

  #file(newPath: string | undefined): void {
    const path = newPath || this.#oldPath; // "" for /dev/null
    this.#path = path ?? "";
    this.#keepsFile = path !== undefined && path !== "" && belongs(path);
    if (!this.#keepsFile && this.#patch) this.#patch.skippedFiles++;
  }

  #hunkHeader(line: Buffer): void {
    const match = /^@@ -(\d+)(?:,(\d+))? \+(\d+)(?:,(\d+))? @@ ?(.*)$/.exec(line.toString("utf8", 0, Math.min(line.length, 400)));
    if (!match) return;
    this.#oldLeft = Number(match[2] ?? 1);
    this.#newLeft = Number(match[4] ?? 1);
    this.#hunk = undefined;
    if (!this.#keepsFile || !this.#patch || this.#characters > longestPatch) return;
    this.#hunk = {
      path: this.#path,
      oldPath: this.#oldPath || this.#path,
      oldStart: Number(match[1]),
      oldLines: this.#oldLeft,
      newStart: Number(match[3]),
      newLines: this.#newLeft,
      context: match[5]!.trim(),
      lines: "",
    };
    this.#patch.hunks.push(this.#hunk);
  }
}

/** Whether words of the file's changes belong to the memory. */
const belongs = remembered((path) => {
  if (isSecretPath(path)) return false;
  const role = fileRole(path, "");
  return role !== "vendored" && role !== "generated";
});

/** The same few thousand paths come again and again. */
function remembered(judge: (path: string) => boolean): (path: string) => boolean {
  const known = new Map<string, boolean>();
  return (path) => {
    let answer = known.get(path);
    if (answer === undefined) {
      answer = judge(path);
      if (known.size > 50_000) known.clear();
      known.set(path, answer);
    }
    return answer;
  };
}

function startsWith(line: Buffer, word: string): boolean {
  return line.length >= word.length && line.toString("latin1", 0, word.length) === word;
}

/** The path of a "--- " or "+++ " line: "" for /dev/null, undefined where it is not UTF-8. */
function pathOf(line: Buffer): string | undefined {
  let bytes: Buffer = line.subarray(4);
  if (bytes[0] === 34) bytes = unquote(bytes);
  else if (bytes.at(-1) === 9) bytes = bytes.subarray(0, -1); // git ends a name with blanks in a tab
  const path = decodePath(bytes);
  if (path === undefined || path === "/dev/null") return path && "";
  return path.slice(2); // "a/" or "b/"
}

const escapes: Record<string, number> = { a: 7, b: 8, t: 9, n: 10, v: 11, f: 12, r: 13, '"': 34, "\\": 92 };

/** Git's C-style quoting undone. */
function unquote(bytes: Buffer): Buffer {
  const text = bytes.toString("latin1").replace(/^"|"\t?$/g, "");
  const plain = text.replace(/\\(?:([0-7]{3})|(.))/g, (_, octal?: string, letter?: string) =>
    String.fromCharCode(octal ? Number.parseInt(octal, 8) : (escapes[letter!] ?? letter!.charCodeAt(0))),
  );
  return Buffer.from(plain, "latin1");
}
