/**
 * Definitions by line patterns, for languages without a grammar and for files that a grammar cannot take: one row a language.
 *
 * A definition ends where its block does: at the closing brace, before the next line that is indented no deeper, or before the
 * next heading of its level or above.
 */
import { indentation } from "./passages.ts";
import type { SymbolDefinition } from "./types.ts";

/** How a definition's last line is found. */
type Ending = "braces" | "indentation" | "end" | "heading" | "paragraph" | "line";

interface Row {
  ending: Ending;
  /** Kind and pattern; the pattern's group "name" (or its first) is the name. The first that matches a line counts. */
  patterns: readonly [kind: string, pattern: RegExp][];
}

const modifiers =
  '(?:(?:public|private|protected|internal|static|final|open|override|abstract|sealed|async|export|default|inline|pub|extern|virtual|suspend|fileprivate|mutating|implicit|lazy|case|data|inner|value|companion|external|late|const|tailrec|operator|infix|actual|expect|unsafe|noinline|partial|readonly|@[\\w.()"]+)\\s+)*';
const at = (rest: string, flags = "") => new RegExp(`^\\s*${modifiers}${rest}`, flags);

const cLike: Row = {
  ending: "braces",
  patterns: [
    ["class", at("(?:class|struct|union|enum(?: class)?|interface|namespace|@interface|@implementation|@protocol)\\s+(\\w+)(?!.*;\\s*$)")],
    ["macro", /^#\s*define\s+(\w+)/],
    ["type", /^typedef\b.*\b(\w+)\s*;/],
    ["method", /^[-+]\s*\([^)]*\)\s*(\w+)/],
    [
      "function",
      /^(?!\s*(?:if|for|while|switch|return|else|do|case|typedef|using|goto)\b)[A-Za-z_][\w\s*&:<>,~]*?[\s*&](~?\w+)\s*\([^;]*$/,
    ],
  ],
};

const script: Row = {
  ending: "braces",
  patterns: [
    ["class", at("class\\s+([\\w$]+)")],
    ["interface", at("interface\\s+([\\w$]+)")],
    ["type", at("type\\s+([\\w$]+)\\b.*=")],
    ["enum", at("enum\\s+([\\w$]+)")],
    ["function", at("function\\s*\\*?\\s*([\\w$]+)")],
    ["function", at("(?:const|let|var)\\s+([\\w$]+)\\s*(?::[^=]*)?=\\s*(?:async\\s*)?(?:function\\b|\\([^)]*\\)[^=]*=>|[\\w$]+\\s*=>)")],
    ["function", /^\s*[\w$.]+\.([\w$]+)\s*=\s*(?:async\s*)?(?:function\b|\([^)]*\)\s*=>)/],
    ["constant", /^(?:export\s+)?const\s+([\w$]+)/],
    [
      "method",
      /^\s+(?:(?:async|static|get|set|public|private|protected|readonly)\s+)*(?!(?:if|for|while|switch|catch|function|return)\b)([\w$#]+)\s*\([^)]*\)[^;=]*\{\s*$/,
    ],
  ],
};

const pythonRow: Row = {
  ending: "indentation",
  patterns: [
    ["class", /^\s*class\s+(\w+)/],
    ["function", /^\s*(?:async\s+)?def\s+(\w+)/],
    ["variable", /^([A-Za-z_]\w*)\s*(?::[^=]+)?=(?!=)/],
  ],
};

const rubyRow: Row = {
  ending: "end",
  patterns: [
    ["class", /^\s*class\s+([\w:]+)/],
    ["module", /^\s*module\s+([\w:]+)/],
    ["method", /^\s*def\s+(?:self\.)?([\w?!=]+)/],
  ],
};

const javaRow: Row = {
  ending: "braces",
  patterns: [
    ["class", at("(?:class|interface|enum|record|struct|@interface|trait|namespace)\\s+([\\w.]+)")],
    ["method", at("(?:<[^>]+>\\s*)?[\\w.<>\\[\\],? ]+\\s+(\\w+)\\s*\\([^;]*$")],
  ],
};

const css: Row = {
  ending: "braces",
  patterns: [
    ["rule", /^\s*([@.#&:\w[*][^{};]{0,120}?)\s*\{/],
    ["variable", /^\s*([$@]?-?-?[\w-]+)\s*:.*;\s*$/],
  ],
};

/** One row a language. */
const rows: Readonly<Record<string, Row>> = {
  bat: { ending: "paragraph", patterns: [["function", /^:(\w[\w-]*)/]] },
  c: cLike,
  clojure: {
    ending: "indentation",
    patterns: [
      ["module", /^\(ns\s+([\w.-]+)/],
      ["type", /^\((?:defrecord|deftype|defprotocol|defmulti)\s+([^\s()[\]{}]+)/],
      ["function", /^\((?:defn-?|defmacro|defmethod|deftest)\s+(?:\^\S+\s+)*([^\s()[\]{}]+)/],
      ["variable", /^\(def(?:once)?\s+(?:\^\S+\s+)*([^\s()[\]{}]+)/],
    ],
  },
  cmake: {
    ending: "paragraph",
    patterns: [
      ["function", /^\s*(?:function|macro)\s*\(\s*(\w+)/i],
      ["target", /^\s*add_(?:library|executable|custom_target)\s*\(\s*([\w-]+)/i],
    ],
  },
  coffeescript: {
    ending: "indentation",
    patterns: [
      ["class", /^\s*class\s+(\w+)/],
      ["function", /^\s*@?([\w$.]+)\s*[:=]\s*(?:\([^)]*\)\s*)?[-=]>/],
    ],
  },
  cpp: cLike,
  csharp: javaRow,
  css,
  "cuda-cpp": cLike,
  d: cLike,
  dart: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|mixin|enum|extension|typedef)\\s+(\\w+)")],
      [
        "function",
        /^\s*(?:@override\s+)?(?:static\s+|external\s+)?(?!(?:if|for|while|switch|return|else|catch|await|assert|throw)\b)(?:[\w<>?,[\] ]+\s+)?(\w+)\s*\([^;]*\)\s*(?:async\*?\s*)?(?:\{|=>)/,
      ],
    ],
  },
  dockerfile: { ending: "paragraph", patterns: [["section", /^FROM\s+\S+(?:\s+AS\s+(\S+))/i]] },
  elixir: {
    ending: "end",
    patterns: [
      ["module", /^\s*def(?:module|protocol|impl)\s+([\w.]+)/],
      ["macro", /^\s*defmacrop?\s+([\w?!]+)/],
      ["function", /^\s*def(?:p|guard|delegate)?\s+([\w?!]+)/],
      ["type", /^\s*@(?:type|typep|opaque|callback)\s+(\w+)/],
      ["test", /^\s*(?:test|describe)\s+"([^"]+)"/],
    ],
  },
  elm: {
    ending: "indentation",
    patterns: [
      ["type", /^type\s+(?:alias\s+)?(\w+)/],
      ["function", /^(?!(?:type|import|module|port)\b)([a-z]\w*)\s*(?:[\w\s({},_)]*)=\s*$/],
      ["module", /^(?:port\s+)?module\s+([\w.]+)/],
    ],
  },
  erlang: {
    ending: "paragraph",
    patterns: [
      ["module", /^-module\((\w+)\)/],
      ["type", /^-(?:record|type|opaque|define)\(?\s*(\w+)/],
      ["function", /^([a-z]\w*)\s*\([^)]*\)?.*(?:->|\bwhen\b|,)\s*/],
    ],
  },
  "fortran-modern": {
    ending: "end",
    patterns: [
      ["module", /^\s*module\s+(\w+)/i],
      ["function", /^\s*(?:[\w()*= ]+\s)?(?:subroutine|function)\s+(\w+)/i],
    ],
  },
  fsharp: {
    ending: "indentation",
    patterns: [
      ["module", /^\s*(?:module|namespace)\s+(?:rec\s+)?([\w.]+)/],
      ["type", /^\s*(?:type|and)\s+(?:private\s+|internal\s+)?(\w+)/],
      ["method", /^\s*(?:static\s+|abstract\s+|override\s+)*member\s+(?:inline\s+)?(?:\w+\.)?(\w+)/],
      ["function", /^\s{0,4}let\s+(?:inline\s+|rec\s+|private\s+)*(\w+)/],
    ],
  },
  gleam: {
    ending: "braces",
    patterns: [
      ["function", /^(?:pub\s+)?fn\s+(\w+)/],
      ["type", /^(?:pub\s+)?(?:opaque\s+)?type\s+(\w+)/],
      ["constant", /^(?:pub\s+)?const\s+(\w+)/],
    ],
  },
  go: {
    ending: "braces",
    patterns: [
      ["method", /^func\s+\([^)]*\)\s*(\w+)/],
      ["function", /^func\s+(\w+)/],
      ["type", /^type\s+(\w+)/],
      ["variable", /^(?:var|const)\s+(\w+)/],
    ],
  },
  graphql: {
    ending: "braces",
    patterns: [
      ["type", /^\s*(?:extend\s+)?(?:type|interface|input|enum|union|scalar|directive)\s+@?(\w+)/],
      ["function", /^\s*(?:query|mutation|subscription|fragment)\s+(\w+)/],
    ],
  },
  groovy: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|interface|trait|enum)\\s+(\\w+)")],
      ["function", at("(?:def|void|[A-Z]\\w*)\\s+(\\w+)\\s*\\([^;]*\\{")],
      ["task", /^\s*task\s+(\w+)/],
    ],
  },
  haskell: {
    ending: "indentation",
    patterns: [
      ["type", /^(?:data|newtype|type)\s+(?:family\s+|instance\s+)?(?:[^=]*=>\s*)?(\w[\w']*)/],
      ["class", /^class\s+(?:[^=]*=>\s*)?(\w+)/],
      ["implementation", /^instance\s+(?:[^=]*=>\s*)?(\w+)/],
      ["module", /^module\s+([\w.]+)/],
      ["function", /^([a-z_][\w']*|\([^)\s]+\))\s*(?:,\s*[a-z_][\w']*\s*)*::/],
      [
        "function",
        /^(?!(?:import|module|data|type|newtype|class|instance|infix[lr]?|deriving|where|let|in|if|case|do|foreign|default|pattern)\b)([a-z_][\w']*)\b[^=|:]*(?:=|\|)/,
      ],
    ],
  },
  html: {
    ending: "line",
    patterns: [
      ["section", /<h[1-4][^>]*>([^<]{1,120})</i],
      ["section", /\bid="([\w-]+)"/],
    ],
  },
  java: javaRow,
  javascript: script,
  javascriptreact: script,
  julia: {
    ending: "end",
    patterns: [
      ["module", /^\s*(?:bare)?module\s+(\w+)/],
      ["struct", /^\s*(?:mutable\s+)?struct\s+(\w+)/],
      ["type", /^\s*(?:abstract|primitive)\s+type\s+(\w+)/],
      ["macro", /^\s*macro\s+(\w+)/],
      ["function", /^\s*(?:@\w+\s+)*function\s+([\w.!]+)/],
      ["function", /^([\w.!]+)\([^=]*\)(?:\s*where\s*[^=]+|::[\w{}., ]+)?\s*=(?!=)/],
      ["constant", /^\s*const\s+(\w+)/],
    ],
  },
  kotlin: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|interface|object|enum class|annotation class|fun interface)\\s+(\\w+)")],
      ["function", at("fun\\s+(?:<[^>]+>\\s*)?(?:[\\w.<>?, *]+\\.)?[`]?([\\w ]+?)[`]?\\s*\\(")],
      ["type", at("typealias\\s+(\\w+)")],
      [
        "property",
        /^\s{0,4}(?:(?:public|private|internal|protected|override|const|lateinit|open|abstract)\s+)*va[lr]\s+(?:<[^>]+>\s*)?(?:[\w<>?]+\.)?(\w+)/,
      ],
    ],
  },
  latex: {
    ending: "heading",
    patterns: [
      ["section", /^\s*\\(?:part|chapter|(?:sub)*section)\*?\{([^}]+)\}/],
      ["macro", /^\s*\\(?:re)?newcommand\*?\{?\\(\w+)/],
    ],
  },
  less: css,
  lua: {
    ending: "end",
    patterns: [
      ["function", /^\s*(?:local\s+)?function\s+([\w.:]+)/],
      ["function", /^\s*(?:local\s+)?([\w.]+)\s*=\s*function\b/],
      ["variable", /^local\s+([A-Za-z_]\w*)\s*=\s*\{/],
    ],
  },
  makefile: {
    ending: "paragraph",
    patterns: [
      ["target", /^([\w./%$()-]+(?:\s+[\w./%$()-]+)*)\s*::?(?!=)/],
      ["variable", /^([A-Za-z_]\w*)\s*[:?+]?=/],
    ],
  },
  markdown: { ending: "heading", patterns: [["section", /^#{1,6}\s+(.+?)\s*#*\s*$/]] },
  nim: {
    ending: "indentation",
    patterns: [
      ["function", /^\s*(?:proc|func|method|iterator|template|macro|converter)\s+`?(\w+)/],
      ["type", /^\s+(\w+)\*?\s*(?:\[[^\]]*\])?\s*=\s*(?:ref\s+|ptr\s+)?(?:object|enum|tuple|distinct)/],
    ],
  },
  nix: { ending: "paragraph", patterns: [["variable", /^\s{0,4}([\w.-]+)\s*=/]] },
  "objective-c": cLike,
  "objective-cpp": cLike,
  ocaml: {
    ending: "indentation",
    patterns: [
      ["module", /^\s*module\s+(?:type\s+|rec\s+)?(\w+)/],
      ["type", /^\s*type\s+(?:nonrec\s+)?(?:\([^)]*\)\s*|'\w+\s+)?(\w+)/],
      ["class", /^\s*class\s+(?:virtual\s+)?(\w+)/],
      ["function", /^\s{0,4}(?:let|and|val|external)\s+(?:rec\s+|inline\s+)?([a-z_][\w']*)/],
    ],
  },
  pascal: {
    ending: "end",
    patterns: [
      ["function", /^\s*(?:class\s+)?(?:procedure|function|constructor|destructor)\s+([\w.]+)/i],
      ["class", /^\s*(\w+)\s*=\s*(?:class|record|interface)\b/i],
    ],
  },
  perl: {
    ending: "braces",
    patterns: [
      ["module", /^\s*package\s+([\w:]+)/],
      ["function", /^\s*sub\s+(\w+)/],
    ],
  },
  php: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|interface|trait|enum)\\s+(\\w+)")],
      ["function", at("function\\s+&?(\\w+)")],
    ],
  },
  powershell: {
    ending: "braces",
    patterns: [
      ["function", /^\s*function\s+(?:\w+:)?([\w-]+)/i],
      ["class", /^\s*class\s+(\w+)/i],
    ],
  },
  proto3: {
    ending: "braces",
    patterns: [
      ["type", /^\s*(?:message|enum|service|extend)\s+(\w+)/],
      ["method", /^\s*rpc\s+(\w+)/],
    ],
  },
  python: pythonRow,
  r: {
    ending: "braces",
    patterns: [
      ["function", /^\s*[`"]?([\w.%+<-]+?)[`"]?\s*(?:<-|=)\s*function\b/],
      ["class", /^\s*set(?:Class|RefClass|Generic|Method)\(\s*["']([\w.]+)/],
    ],
  },
  restructuredtext: { ending: "heading", patterns: [["section", /^(\S.{0,118})$/]] },
  ruby: rubyRow,
  rust: {
    ending: "braces",
    patterns: [
      ["function", /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:(?:const|async|unsafe|extern(?:\s+"[^"]*")?)\s+)*fn\s+(\w+)/],
      ["struct", /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:struct|union)\s+(\w+)/],
      ["enum", /^\s*(?:pub(?:\([^)]*\))?\s+)?enum\s+(\w+)/],
      ["trait", /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:unsafe\s+)?trait\s+(\w+)/],
      ["implementation", /^\s*(?:unsafe\s+)?impl\b(?:<[^>]*>)?\s+(?:.*\bfor\s+)?(\w+)/],
      ["macro", /^\s*macro_rules!\s+(\w+)/],
      ["constant", /^\s*(?:pub(?:\([^)]*\))?\s+)?(?:const|static|type)\s+(?:mut\s+)?(\w+)/],
    ],
  },
  sass: { ending: "indentation", patterns: [["rule", /^([.#&@:\w[][^:]{0,120})$/]] },
  scala: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|trait|object|enum|case class|case object|package object)\\s+(\\w+)")],
      ["function", at("def\\s+([\\w$]+|`[^`]+`|[^\\s\\w(:\\[=]+)")],
      ["type", at("(?:opaque\\s+)?type\\s+(\\w+)")],
      ["variable", /^\s{0,2}(?:(?:private|protected|implicit|lazy|final|override|given|inline)(?:\[\w+\])?\s+)*va[lr]\s+(\w+)/],
    ],
  },
  scss: css,
  shellscript: {
    ending: "braces",
    patterns: [
      ["function", /^\s*(?:function\s+)?([\w:.-]+)\s*\(\)/],
      ["function", /^\s*function\s+([\w:.-]+)/],
    ],
  },
  solidity: {
    ending: "braces",
    patterns: [
      ["class", /^\s*(?:abstract\s+)?(?:contract|interface|library|struct|enum)\s+(\w+)/],
      ["function", /^\s*(?:function|modifier|event|error)\s+(\w+)/],
    ],
  },
  sql: {
    ending: "paragraph",
    patterns: [
      [
        "type",
        /^\s*create\s+(?:or\s+replace\s+)?(?:temp(?:orary)?\s+|unique\s+|materialized\s+)*(?:table|view|index|type|function|procedure|trigger|schema|sequence)\s+(?:if\s+not\s+exists\s+)?["`[]?([\w.]+)/i,
      ],
    ],
  },
  svelte: script,
  swift: {
    ending: "braces",
    patterns: [
      ["class", at("(?:class|struct|enum|protocol|actor)\\s+(?!func\\b|var\\b|let\\b)(\\w+)")],
      ["extension", at("extension\\s+([\\w.]+)")],
      ["function", at("(?:class\\s+)?func\\s+([\\w]+|[^\\s\\w(]+)")],
      ["method", at("(?:convenience\\s+|required\\s+)*(init)\\b\\s*[?(<]")],
      ["type", at("(?:typealias|associatedtype)\\s+(\\w+)")],
      [
        "property",
        /^\s{0,4}(?:(?:public|private|internal|fileprivate|open|static|final|lazy|weak|override|class|@\w+|private\(set\))\s+)*(?:var|let)\s+(\w+)/,
      ],
    ],
  },
  terraform: {
    ending: "braces",
    patterns: [
      ["section", /^(?:resource|data)\s+"[^"]+"\s+"([^"]+)"/],
      ["section", /^(?:module|variable|output|provider)\s+"([^"]+)"/],
    ],
  },
  toml: {
    ending: "heading",
    patterns: [
      ["section", /^\s*\[\[?\s*([^\]]+?)\s*\]\]?/],
      ["key", /^([\w."-]+)\s*=/],
    ],
  },
  typescript: script,
  typescriptreact: script,
  v: {
    ending: "braces",
    patterns: [
      ["function", /^\s*(?:pub\s+)?fn\s+(?:\([^)]*\)\s*)?(\w+)/],
      ["struct", /^\s*(?:pub\s+)?(?:struct|enum|interface)\s+(\w+)/],
    ],
  },
  vb: {
    ending: "end",
    patterns: [
      ["class", /^\s*(?:(?:Public|Private|Friend|Partial)\s+)*(?:Class|Module|Structure|Interface|Enum)\s+(\w+)/i],
      ["function", /^\s*(?:(?:Public|Private|Protected|Friend|Shared|Overrides|Overridable)\s+)*(?:Sub|Function|Property)\s+(\w+)/i],
    ],
  },
  vue: script,
  yaml: { ending: "indentation", patterns: [["key", /^([\w."'/-]+)\s*:(?:\s|$)/]] },
  zig: {
    ending: "braces",
    patterns: [
      ["struct", /^\s*(?:pub\s+)?const\s+(\w+)\s*=\s*(?:extern\s+|packed\s+)?(?:struct|union|enum|opaque|error)\b/],
      ["function", /^\s*(?:pub\s+|export\s+|inline\s+|extern\s+(?:"[^"]*"\s+)?)*fn\s+(\w+)/],
      ["constant", /^(?:pub\s+)?(?:const|var)\s+(\w+)/],
      ["test", /^test\s+"([^"]+)"/],
    ],
  },
};

/** Definitions found line by line. Empty for a language without a row. */
export function outlineByPatterns(language: string, lines: readonly string[]): SymbolDefinition[] {
  const row = rows[language];
  if (!row) return [];
  const found = headings(language, lines, row);
  const open: SymbolDefinition[] = [];
  for (const symbol of found) {
    while (open.length && open.at(-1)!.endLine < symbol.startLine) open.pop();
    symbol.container = open.at(-1)?.name ?? "";
    open.push(symbol);
  }
  return found;
}

function headings(language: string, lines: readonly string[], row: Row): SymbolDefinition[] {
  const found: SymbolDefinition[] = [];
  let fenced = false;
  for (const [i, line] of lines.entries()) {
    if (language === "markdown" && /^\s*(```|~~~)/.test(line)) fenced = !fenced;
    if (fenced || line.length > 500) continue;
    if (language === "restructuredtext" && !/^([=\-~^"'#*+])\1{2,}\s*$/.test(lines[i + 1] ?? "")) continue;
    const match = firstMatch(row.patterns, line);
    if (!match) continue;
    const startLine = i + 1;
    const endLine = endOf(lines, startLine, row.ending, language);
    found.push({ ...match, startLine, endLine, container: "", signature: line.trim().slice(0, 200) });
  }
  return found;
}

function firstMatch(patterns: Row["patterns"], line: string): { name: string; kind: string } | undefined {
  for (const [kind, pattern] of patterns) {
    const name = pattern.exec(line)?.[1]?.trim();
    if (name) return { name: name.slice(0, 120), kind };
  }
  return undefined;
}

/** Longest definition that is looked for, in lines. */
const farthest = 5000;

function endOf(lines: readonly string[], start: number, ending: Ending, language: string): number {
  const last = Math.min(lines.length, start + farthest);
  if (ending === "line") return start;
  if (ending === "heading") return beforeHeading(lines, start, last, language);
  if (ending === "paragraph")
    return trimBlank(
      lines,
      start,
      beforeFirst(lines, start, last, (line) => /^\s*$/.test(line)),
    );
  if (ending === "braces") return closingBrace(lines, start, last) ?? start;
  const depth = indentation(lines[start - 1]!);
  const end = beforeFirst(lines, start, last, (line) => /\S/.test(line) && indentation(line) <= depth && !/^\s*[)\]}]/.test(line));
  if (ending === "end" && indentation(lines[end] ?? "") === depth && /^\s*end\b/i.test(lines[end] ?? "")) return end + 1;
  return trimBlank(lines, start, end);
}

/** The line before the first one after `start` that `stops`; else `last`. */
function beforeFirst(lines: readonly string[], start: number, last: number, stops: (line: string) => boolean): number {
  for (let line = start + 1; line <= last; line++) if (stops(lines[line - 1]!)) return line - 1;
  return last;
}

function trimBlank(lines: readonly string[], start: number, end: number): number {
  while (end > start && /^\s*$/.test(lines[end - 1]!)) end--;
  return end;
}

/** The line of the brace that closes the first one opened within 12 lines; undefined without one. Strings and comments are not told apart. */
function closingBrace(lines: readonly string[], start: number, last: number): number | undefined {
  let depth = 0;
  let opened = false;
  for (let line = start; line <= last; line++) {
    const text = lines[line - 1]!;
    for (const char of text) {
      if (char === "{") {
        depth++;
        opened = true;
      } else if (char === "}" && opened) depth--;
    }
    if (opened && depth <= 0) return line;
    if (!opened && (/[;]\s*$/.test(text) || line - start >= 12 || (line > start && /^\s*$/.test(text)))) return undefined;
  }
  return last;
}

function beforeHeading(lines: readonly string[], start: number, last: number, language: string): number {
  const level = headingLevel(lines, start, language);
  let fenced = false;
  for (let line = start + 1; line <= last; line++) {
    if (/^\s*(```|~~~)/.test(lines[line - 1]!)) fenced = !fenced;
    const other = fenced ? 0 : headingLevel(lines, line, language);
    if (other && other <= level) return trimBlank(lines, start, line - 1);
  }
  return trimBlank(lines, start, last);
}

/** 1 for the highest level; 0 where the line is no heading. */
function headingLevel(lines: readonly string[], line: number, language: string): number {
  const text = lines[line - 1]!;
  if (language === "markdown") return /^(#{1,6})\s/.exec(text)?.[1]?.length ?? 0;
  if (language === "toml") return /^\s*\[/.test(text) ? 1 : /^[\w."-]+\s*=/.test(text) ? 2 : 0;
  if (language === "latex") return latexLevels.findIndex((name) => new RegExp(`^\\s*\\\\${name}\\*?\\{`).test(text)) + 1;
  const underline = /^([=\-~^"'#*+])\1{2,}\s*$/.exec(lines[line] ?? "")?.[1];
  return underline && /^\S/.test(text) ? "=-~^\"'#*+".indexOf(underline) + 1 : 0;
}

const latexLevels = ["part", "chapter", "section", "subsection", "subsubsection"];
