/**
 * What a question asks for, read from its text alone: what kind of question it is, which identifiers, literals,
 * paths and stack frames it names, and which kinds of files (tests, docs, ...) it wants.
 *
 * Nothing here looks at the repository; `candidates.ts` looks these things up.
 */
import type { FileRole } from "../index/types.ts";

export type QueryKind = "symbol" | "path" | "literal" | "regex" | "history" | "question";

export interface Frame {
  path: string;
  /** 1-based, 0 when the frame has none. */
  line: number;
}

export interface Expression {
  source: string;
  flags: string;
}

export interface Query {
  /** The question, trimmed and cut at `MAXIMUM_QUERY` characters. */
  text: string;
  kind: QueryKind;
  /** Identifiers by their look (camelCase, snake_case, a::b, call(), `quoted`), the last part of a qualified name apart. */
  identifiers: string[];
  /** Other names a definition may have: plain words, and neighbouring words joined ("real ip": realip, real_ip). */
  names: string[];
  /** Texts to be found as they stand: quoted ones, and the fixed parts of a regular expression. */
  literals: string[];
  /** The regular expression asked for; undefined where the question is none. */
  expression: Expression | undefined;
  /** Path-like words: "src/http.ts", "Makefile", "tree.go". */
  paths: string[];
  /** Places a stack trace or compiler error names, innermost first as written. */
  frames: Frame[];
  /** Roles asked for: their penalty is lifted. */
  roles: FileRole[];
  /** For the word index: the text without question words. Never empty unless the text is. */
  words: string;
}

export const MAXIMUM_QUERY = 2000;

/** Understands a question. Any text is fine; an empty one gives an empty query of kind "question". */
export function readQuery(question: string): Query {
  const text = question.trim().slice(0, MAXIMUM_QUERY);
  const expression = regularExpression(text);
  const frames = stackFrames(text);
  const paths = expression ? [] : unique([...frames.map((frame) => frame.path), ...pathWords(text)]);
  const quoted = quotedTexts(text);
  const literals = unique(expression ? fixedParts(expression.source) : quoted.filter((it) => !isName(it)));
  const identifiers = identifiersOf(text, paths);
  const kind = kindOf(text, { frames, paths, expression, literals });
  const words = expression ? fixedParts(expression.source).join(" ") || text : withoutQuestionWords(text);
  return {
    text,
    kind,
    identifiers,
    names: namesOf(words, identifiers),
    literals,
    expression,
    paths,
    frames,
    roles: rolesAskedFor(text),
    words,
  };
}

const NAME = /^[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|#|->)[\p{L}_$][\p{L}\p{N}_$]*)*[!?]?(?:\(\))?$/u;

function isName(text: string): boolean {
  return NAME.test(text);
}

interface Seen {
  frames: Frame[];
  paths: string[];
  expression: Expression | undefined;
  literals: string[];
}

const HISTORY =
  /^\s*(?:when|who|why)\b|\b(?:commits?|committed|changelog|git (?:log|history|blame)|regress(?:ed|ion)|(?:was|were|got|been) (?:\w+ )?(?:added|introduced|removed|deleted|changed|renamed|fixed|replaced|moved|deprecated)|who (?:wrote|added|changed|removed)|which (?:release|version)|what (?:has |have |was |were )?changed|changes (?:between|since))\b/i;
const ERROR =
  /\b[A-Z]\w*(?:Error|Exception|Warning|Panic)\b|\b(?:error|fatal|panic|exception|warning)(?:\[\w+\])?: |\bpanicked at\b|^Traceback\b/;

function kindOf(text: string, seen: Seen): QueryKind {
  if (seen.frames.length > 0) return "literal";
  const single = /^\S+$/.test(text);
  if (single && seen.paths.length > 0 && /[/\\]|\.\w+$/.test(text)) return "path";
  if (single && isName(text)) return "symbol";
  if (seen.expression) return "regex";
  if (single && seen.literals.length === 0 && !text.includes("/")) return "symbol"; // operators, setters, targets of a makefile
  if (ERROR.test(text)) return "literal";
  if (HISTORY.test(text)) return "history";
  if (seen.literals.some((it) => it.length >= text.length / 2)) return "literal";
  return "question";
}

// --- paths and stack frames

const EXTENSION =
  "c|cc|cpp|cs|css|cjs|clj|conf|cxx|dart|ex|exs|erl|fs|go|gradle|h|hh|hpp|hs|html|ini|java|jl|js|json|jsx|kt|kts|lock|lua|m|md|mjs|ml|mm|php|pl|proto|ps1|py|pyi|r|rb|rs|rst|sbt|scala|scss|sh|sql|svelte|swift|tf|toml|ts|tsx|txt|vue|xml|yaml|yml|zig";
const PATH = new RegExp(
  String.raw`(?:[\w.@~+-]*[/\\])+[\w.@+-]*\w|(?<![\w./\\])[\w.@+-]*\w\.(?:${EXTENSION})(?![\w(.])|(?<![\w./])(?:Makefile|Dockerfile|Rakefile|Gemfile|CMakeLists\.txt)(?!\w)`,
  "g",
);

function pathWords(text: string): string[] {
  const found: string[] = [];
  for (const match of text.matchAll(PATH)) {
    const path = cleanPath(match[0]);
    if (path.length > 2 && !/^\d+(?:[./]\d+)*$/.test(path) && !isUrlPart(text, match.index)) found.push(path);
  }
  return unique(found);
}

/** `either/or` in prose has one slash, no extension and no code around it: kept, since path words only lift what matches. */
function cleanPath(path: string): string {
  return path
    .replaceAll("\\", "/")
    .replace(/^(?:[A-Za-z]:)?\/+/, "")
    .replace(/^(?:\.\.?\/)+/, "");
}

function isUrlPart(text: string, at: number): boolean {
  return /https?:\/{0,2}$/.test(text.slice(Math.max(0, at - 8), at + 2)) || /https?:\/\/\S*$/.test(text.slice(Math.max(0, at - 200), at));
}

const FRAMES = [
  /File "([^"\n]+)", line (\d+)/g, // Python
  /\(((?:[A-Za-z]:)?[^()\s:]+\.\w+):(\d+)(?::\d+)?\)/g, // JavaScript, Java
  /((?:[A-Za-z]:)?[\w./\\@+~-]+\.\w+):(\d+)(?::\d+)?/g, // compilers, Go, Ruby, Rust
  /((?:[A-Za-z]:)?[\w./\\@+~-]+\.\w+)\((\d+)(?:,\d+)?\)/g, // C#, TypeScript, MSVC
];

function stackFrames(text: string): Frame[] {
  const found = new Map<string, { at: number; frame: Frame }>();
  for (const pattern of FRAMES)
    for (const match of text.matchAll(pattern)) {
      const frame = { path: cleanPath(match[1] ?? ""), line: Number(match[2]) };
      const key = `${frame.path}:${frame.line}`;
      if (/\.\w*[A-Za-z]\w*$/.test(frame.path) && !isUrlPart(text, match.index) && !found.has(key))
        found.set(key, { at: match.index, frame });
    }
  return [...found.values()].sort((a, b) => a.at - b.at).map((it) => it.frame);
}

// --- literals and regular expressions

const QUOTED = /`([^`\n]{2,200})`|"([^"\n]{2,200})"|“([^”\n]{2,200})”|(?<![\w'])'([^'\n]{2,200})'(?!\w)/g;

function quotedTexts(text: string): string[] {
  return [...text.matchAll(QUOTED)]
    .map((match) => (match[1] ?? match[2] ?? match[3] ?? match[4] ?? "").trim())
    .filter((it) => it.length > 1);
}

/** The expression inside `/…/flags`, or the text itself when it has what only regular expressions have. */
function regularExpression(text: string): Expression | undefined {
  const [, source = "", flags = ""] = /^\/(.+)\/([a-z]*)$/.exec(text) ?? [];
  if (/[\\[\](){}*+?|^$]/.test(source)) return { source, flags };
  if (/\s\w+\s\w+\s/.test(text)) return undefined; // prose that quotes one
  const looks = /\\[wWdDsSbB](?![\w\\/]{2})|\.[*+](?!\w)|\[\^?[^\]\s]+\][*+?{]|\(\?[:=!<]/.test(text);
  return looks ? { source: text, flags: "" } : undefined;
}

/** What a match must hold as it stands: runs of plain characters, 3 or more. */
function fixedParts(expression: string): string[] {
  const plain = expression
    .replace(/\[\^?(?:\\.|[^\]\\])*\](?:[*+?]|\{[\d,]*\})?/g, "\0")
    .replace(/\\[wWdDsSbBnrtfv0-9](?:[*+?]|\{[\d,]*\})?/g, "\0")
    .replace(/\\(.)/g, "$1\u0001")
    .replace(/(?<!\u0001)(?:.[*?]|\{[\d,]*\})|(?<!\u0001)[.+^$|()]|\(\?[:=!<]?/g, "\0")
    .replaceAll("\u0001", "");
  return plain
    .split("\0")
    .map((it) => it.trim())
    .filter((it) => it.length >= 3);
}

// --- identifiers and names

const WORD = /[\p{L}_$][\p{L}\p{N}_$]*(?:(?:\.|::|#|->)[\p{L}_$][\p{L}\p{N}_$]*)*[!?]?(?:\(\))?/gu;

function identifiersOf(text: string, paths: readonly string[]): string[] {
  const inPaths = new Set(paths.flatMap((path) => path.split("/")));
  const single = isName(text);
  const quoted = new Set(quotedTexts(text).filter(isName));
  const found: string[] = [];
  for (const match of text.matchAll(WORD)) {
    const word = match[0].replace(/\(\)$/, "").replace(/[!?]$/, (mark) => (single ? mark : ""));
    if (inPaths.has(word)) continue;
    const parts = word.split(/\.|::|#|->/);
    const last = parts.at(-1) ?? word;
    const sure = single || quoted.has(match[0]) || quoted.has(word) || match[0].endsWith("()") || looksLikeCode(word) || isQualified(parts);
    if (!sure) continue;
    found.push(last);
    if (parts.length > 1) found.push(parts.at(-2) ?? "", word);
  }
  return unique(found.filter((it) => it.length > 1 || single));
}

/** Humps, an underscore inside, digits inside: words that prose does not have. All capitals alone may be an acronym. */
function looksLikeCode(word: string): boolean {
  if (/[a-z\d][A-Z]/.test(word) || /[A-Z][A-Z]+[a-z]{2}/.test(word) || /[^_]_[^_]/.test(word)) return true;
  return /^[_$]+\p{L}/u.test(word);
}

function isQualified(parts: readonly string[]): boolean {
  return parts.length > 1 && parts.every((part) => part.length > 1) && !/^(?:com|org|net|io)$/.test(parts.at(-1) ?? "");
}

function namesOf(words: string, identifiers: readonly string[]): string[] {
  const plain = words.split(/[^\p{L}\p{N}_$]+/u).filter((word) => word.length > 0);
  const known = new Set(identifiers);
  const found: string[] = plain.filter((word) => word.length >= 3 && !known.has(word));
  for (let at = 0; at + 1 < plain.length; at++) {
    const pair = plain.slice(at, at + 2);
    found.push(pair.join(""), pair.join("_"));
    const three = plain.slice(at, at + 3);
    if (three.length === 3) found.push(three.join(""), three.join("_"));
  }
  return unique(found).slice(0, 80);
}

// --- words and roles

const QUESTION_WORDS = new Set(
  "a an and are as at be been being but by can could did do does done explain find for from get give had has have here how i if in into is it its itself let like list locate look made me my of on one or our out please should show so some something such tell that the their them then there these they this those to us use used uses using via was way we were what when where which while who whom whose why will with would work works you your code codebase repo repository project implemented implementation implements handled happens happen".split(
    " ",
  ),
);

/** The same in other languages; they are dropped from questions that read as that language. */
const FOREIGN_WORDS = [
  "aber als am an auf aus bei bitte das dass dem den der des die dies diese dieser durch ein eine einem einen einer es für gibt hat hier ich im in ist kann man mir mit nach oder sich sind so und uns unter vom von wann warum was welche welcher welches wenn wer werden wie wieso wird wo wofür woher wurde wurden zeige zeig zu zum zur über",
  "à au aux avec ce ces cette comment dans de des du elle en est et être fait il ils je la le les leur lui mais où ou par pas pour pourquoi qu quand que quel quelle quelles quels qui sa sans se ses son sont sur un une y",
  "a al como con cómo cual cuando cuándo cuál de del donde dónde el en es esta este está están hace la las lo los más para pero por porque qué que quien quién se sin sobre son su sus un una y",
  "a ao as com como da das de do dos e em esta este está faz já mais mas na nas no nos o onde os ou para pela pelo por porque qual quando que quem se sem seu sua são um uma é",
  "a al alla anche che chi come con cosa da dal dalla dei del della delle di dove e fa gli i il in la le lo ma nel nella o per perché quale quali quando questa questo se si sono su un una viene vengono è",
].map((words) => new Set(words.split(" ")));
/** Words of a language from which a question reads as that language, where it has more of them than of English. */
const READS_AS = 2;

function withoutQuestionWords(text: string): string {
  const words = text.split(/\s+/);
  const plain = words.map((word) => word.toLowerCase().replace(/[^\p{L}\p{N}_]+/gu, ""));
  const count = (of: ReadonlySet<string>) => plain.filter((word) => of.has(word)).length;
  const foreign = FOREIGN_WORDS.toSorted((a, b) => count(b) - count(a))[0];
  const reads = foreign && count(foreign) >= Math.max(READS_AS, count(QUESTION_WORDS) + 1) ? foreign : undefined;
  const kept = words.filter((_, at) => !(reads ?? QUESTION_WORDS).has(plain[at] ?? ""));
  return kept.length > 0 ? kept.join(" ") : text;
}

const ROLES: [FileRole, RegExp][] = [
  ["test", /\b(?:tests?|tested|testing|specs?|fixtures?|assertions?|benchmarks?)\b/i],
  ["example", /\b(?:examples?|demos?|samples?|tutorials?|usage)\b/i],
  ["documentation", /\b(?:docs?|documentation|documented|readme|guides?|changelog|release notes|installation|contributing)\b/i],
  [
    "configuration",
    /\b(?:configs?|configured|ci|workflows?|pipelines?|dockerfile|makefile|package\.json|dependenc(?:y|ies)|lint(?:er|ing)?)\b/i,
  ],
  ["generated", /\bgenerated\b/i],
  ["vendored", /\b(?:vendor(?:ed)?|third[- ]party|bundled)\b/i],
];

function rolesAskedFor(text: string): FileRole[] {
  return ROLES.filter(([, pattern]) => pattern.test(text)).map(([role]) => role);
}

function unique<T>(items: readonly T[]): T[] {
  return [...new Set(items)];
}
