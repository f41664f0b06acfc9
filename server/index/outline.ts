/**
 * The definitions in a file: by tree-sitter where there is a grammar (grammars.ts), else by line patterns (patterns.ts).
 *
 * One parse a file, with a limit on size and time; what exceeds it, or breaks the parser, is outlined by patterns. Lines end in "\n".
 */
import { join } from "node:path";
import { setFlagsFromString } from "node:v8";
import { Language, type Node, Parser, Query } from "web-tree-sitter";
import { programFolder } from "../home.ts";
import { type Grammar, grammars } from "./grammars.ts";
import { linesOf } from "./passages.ts";
import { outlineByPatterns } from "./patterns.ts";
import type { SymbolDefinition } from "./types.ts";

/** Characters; longer texts are outlined by patterns. */
const longestParsed = 400_000;
/** Milliseconds for one parse. */
const longestParse = 3000;
/** Definitions kept of one file. */
const mostSymbols = 5000;

/** From sources the grammars lie in their packages, in the product beside the bundles. */
const fromSource = import.meta.url.endsWith(".ts");
const runtimeFile = fromSource
  ? join(programFolder, "node_modules/web-tree-sitter/web-tree-sitter.wasm")
  : join(programFolder, "dist/grammars/web-tree-sitter.wasm");
const grammarFolder = join(programFolder, fromSource ? "node_modules/@vscode/tree-sitter-wasm/wasm" : "dist/grammars");

interface Loaded {
  parser: Parser;
  query: Query;
}

let runtime: Promise<void> | undefined;
/** By grammar name, loaded on first use. */
const loaded = new Map<string, Promise<Loaded>>();

/** The definitions of a text, by line. Never throws: a parser that fails is replaced by patterns. */
export async function outline(language: string, text: string): Promise<SymbolDefinition[]> {
  const grammar = Object.hasOwn(grammars, language) ? grammars[language] : undefined;
  const lines = linesOf(text);
  if (!grammar || text.length > longestParsed) return outlineByPatterns(language, lines).slice(0, mostSymbols);
  const found = await outlineByGrammar(grammar, text, lines).catch(() => {
    loaded.delete(grammar.name); // a parser that ran out of memory is not used again
    return undefined;
  });
  return (found ?? outlineByPatterns(language, lines)).slice(0, mostSymbols);
}

/** Undefined when parsing took too long. */
async function outlineByGrammar(grammar: Grammar, text: string, lines: readonly string[]): Promise<SymbolDefinition[] | undefined> {
  const { parser, query } = await load(grammar);
  const deadline = performance.now() + longestParse;
  const tree = parser.parse(text, null, { progressCallback: () => performance.now() > deadline });
  if (!tree) {
    parser.reset();
    return undefined;
  }
  try {
    return nest(definitions(query, tree.rootNode, text, lines));
  } finally {
    tree.delete(); // the runtime's memory is not collected
  }
}

function load(grammar: Grammar): Promise<Loaded> {
  let entry = loaded.get(grammar.name);
  if (!entry) {
    entry = loadGrammar(grammar);
    loaded.set(grammar.name, entry);
  }
  return entry;
}

async function loadGrammar({ name, query }: Grammar): Promise<Loaded> {
  runtime ??= startRuntime();
  await runtime;
  const language = await Language.load(join(grammarFolder, `tree-sitter-${name}.wasm`));
  const parser = new Parser();
  parser.setLanguage(language);
  return { parser, query: new Query(language, query) };
}

/**
 * The optimising compiler of WebAssembly costs more than it gains here: over 2,500 Java files it took 18.0 s of CPU and 1.5 GB where the
 * baseline compiler takes 8.3 s and 0.2 GB. The first flag implies the others only on a command line. Electron may refuse flags once it
 * runs: the extension starts the server with `--liftoff-only` (server/node-options.ts).
 */
const baselineOnly = ["--liftoff-only", "--no-wasm-tier-up", "--no-wasm-dynamic-tiering"];

function startRuntime(): Promise<void> {
  if (!process.versions.electron) for (const flag of baselineOnly) setFlagsFromString(flag);
  return Parser.init({ locateFile: () => runtimeFile });
}

interface Definition extends SymbolDefinition {
  /** Offsets in the text. */
  start: number;
  end: number;
}

/** One definition a name, for the first pattern of the query that found it; by start, the outer before the inner. */
function definitions(query: Query, root: Node, text: string, lines: readonly string[]): Definition[] {
  const byName = new Map<number, { pattern: number; definition: Definition }>();
  for (const match of query.matches(root)) {
    const capture = (wanted: string) => match.captures.find(({ name }) => name === wanted)?.node;
    const name = capture("name");
    const whole = match.captures.find((each) => each.name !== "name" && each.name !== "container");
    if (!name || !whole) continue;
    const before = byName.get(name.startIndex);
    if (before && before.pattern <= match.patternIndex) continue;
    byName.set(name.startIndex, {
      pattern: match.patternIndex,
      definition: define(whole.name, whole.node, name, capture("container"), text, lines),
    });
  }
  return [...byName.values()].map(({ definition }) => definition).sort((a, b) => a.start - b.start || b.end - a.end);
}

function define(
  kind: string,
  node: Node,
  nameNode: Node,
  containerNode: Node | undefined,
  text: string,
  lines: readonly string[],
): Definition {
  const startLine = node.startPosition.row + 1;
  const { row, column } = node.endPosition;
  const qualified = text.slice(nameNode.startIndex, nameNode.endIndex).replace(/\s+/g, " ").slice(0, 120);
  const split = kind === "rule" ? -1 : qualified.lastIndexOf("::");
  return {
    name: unquote(split < 0 ? qualified : qualified.slice(split + 2)),
    kind,
    startLine,
    // some nodes end at the start of the next line
    endLine: Math.max(startLine, column === 0 ? row : row + 1),
    container: containerNode ? text.slice(containerNode.startIndex, containerNode.endIndex) : split < 0 ? "" : qualified.slice(0, split),
    signature: (lines[startLine - 1] ?? "").trim().slice(0, 200),
    start: node.startIndex,
    end: node.endIndex,
  };
}

/** Property names may be strings. */
function unquote(name: string): string {
  return /^(["'`]).*\1$/.test(name) ? name.slice(1, -1) : name;
}

const classLike = new Set(["class", "struct", "interface", "trait", "implementation", "enum"]);

/** Fills in containers by position. A function right inside a class is a method. */
function nest(sorted: Definition[]): SymbolDefinition[] {
  const open: Definition[] = [];
  return sorted.map((definition) => {
    while (open.length && open.at(-1)!.end <= definition.start) open.pop();
    const parent = open.at(-1);
    open.push(definition);
    const { start: _start, end: _end, ...symbol } = definition;
    const container = symbol.container || parent?.name || "";
    const kind = symbol.kind === "function" && parent && classLike.has(parent.kind) ? "method" : symbol.kind;
    return { ...symbol, container, kind };
  });
}
