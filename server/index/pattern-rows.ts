/** Line patterns of definitions, one row a language: for languages without a grammar and files that a grammar cannot take. */

/** How a definition's last line is found. */
export type Ending = "braces" | "indentation" | "end" | "heading" | "paragraph" | "line";

export interface Row {
  ending: Ending;
  /** Kind and pattern, and another ending where it differs; the pattern's first group is the name. The first that matches a line counts. */
  patterns: readonly [kind: string, pattern: RegExp, ending?: Ending][];
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

const haskell: Row = {
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
};

const markdown: Row = { ending: "heading", patterns: [["section", /^#{1,6}\s+(.+?)\s*#*\s*$/]] };

const make: Row = {
  ending: "paragraph",
  patterns: [
    ["target", /^([\w./%$()-]+(?:\s+[\w./%$()-]+)*)\s*::?(?!=)/],
    ["variable", /^([A-Za-z_]\w*)\s*[:?+]?=/],
  ],
};

const terraform: Row = {
  ending: "braces",
  patterns: [
    ["section", /^(?:resource|data)\s+"[^"]+"\s+"([^"]+)"/],
    ["section", /^(?:module|variable|output|provider)\s+"([^"]+)"/],
  ],
};

const lisp: Row = {
  ending: "indentation",
  patterns: [
    ["function", /^\((?:cl-)?(?:defun|defmacro|defgeneric|defmethod|defsubst|define(?:-syntax)?|define-syntax-rule)\s+\(?([^\s()]+)/],
    ["variable", /^\((?:defvar|defconst|defcustom|defparameter|defgroup)\s+([^\s()]+)/],
    ["class", /^\((?:defclass|defstruct|struct|define-struct)\s+\(?([^\s()]+)/],
  ],
};

const properties: Row = { ending: "heading", patterns: [["section", /^\s*\[\s*([^\]]+?)\s*\]/]] };

/** By language id. */
export const rows: Readonly<Record<string, Row>> = {
  ada: {
    ending: "end",
    patterns: [
      ["function", /^\s*(?:procedure|function|entry)\s+(\w+)/i],
      ["module", /^\s*package\s+(?:body\s+)?([\w.]+)/i],
      ["type", /^\s*(?:sub)?type\s+(\w+)/i],
    ],
  },
  asciidoc: { ending: "heading", patterns: [["section", /^={1,6}\s+(.+?)\s*$/]] },
  astro: script,
  crystal: rubyRow,
  cython: pythonRow,
  fish: { ending: "end", patterns: [["function", /^\s*function\s+([\w-]+)/]] },
  glsl: cLike,
  hcl: terraform,
  hlsl: cLike,
  just: make,
  lisp,
  mdx: markdown,
  properties,
  puppet: { ending: "braces", patterns: [["class", /^\s*(?:class|define|node)\s+([\w:]+)/]] },
  purescript: haskell,
  racket: lisp,
  scheme: lisp,
  starlark: pythonRow,
  tcl: { ending: "braces", patterns: [["function", /^\s*proc\s+([\w:]+)/]] },
  thrift: { ending: "braces", patterns: [["type", /^\s*(?:struct|enum|service|exception|union|typedef)\s+(\w+)/]] },
  verilog: {
    ending: "end",
    patterns: [
      ["module", /^\s*module\s+(\w+)/],
      ["function", /^\s*(?:function|task)\b.*?(\w+)\s*[(;]/],
    ],
  },
  vhdl: {
    ending: "end",
    patterns: [
      ["module", /^\s*(?:entity|architecture|package|component)\s+(?:body\s+)?(\w+)/i],
      ["function", /^\s*(?:procedure|function)\s+(\w+)/i],
    ],
  },
  viml: { ending: "end", patterns: [["function", /^\s*(?:fu(?:nction)?|def)!?\s+([\w:#.<>]+)/]] },
  wgsl: {
    ending: "braces",
    patterns: [
      ["function", /^\s*fn\s+(\w+)/],
      ["struct", /^\s*struct\s+(\w+)/],
    ],
  },
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
  fortran: {
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
  haskell,
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
      ["function", /^([\w.!]+)\([^=]*\)(?:\s*where\s*[^=]+|::[\w{}., ]+)?\s*=(?!=)/, "indentation"],
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
  makefile: make,
  markdown,
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
  terraform,
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
