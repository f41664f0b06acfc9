/** The command line, parsed: which command with what. Anything that does not fit is a UsageError (exit 2). */
import { type ParseArgsOptionsConfig, parseArgs } from "node:util";

export type History = "all" | "none" | number;
export type BatchKind = "files" | "commits" | "completion";

export type Command =
  | { name: "help" | "version" }
  | { name: "index"; folder: string; history: History; json: boolean }
  | { name: "ask"; folder: string; question: string; k: number; json: boolean }
  | { name: "search"; folder: string; query: string; commits: boolean; k: number; json: boolean }
  | { name: "complete"; folder: string; file: string; line: number; column: number; json: boolean }
  | { name: "status"; folder: string; json: boolean }
  | { name: "doctor"; json: boolean }
  | { name: "mcp"; folder: string }
  | { name: "batch"; folder: string; kind: BatchKind; queries: string; out: string; history: History };

export class UsageError extends Error {
  constructor(message: string) {
    super(message);
    this.name = "UsageError";
  }
}

export const usage = `Everyline: a memory of a repository and its history.

  everyline index FOLDER [--history all|none|N] [--json]    read the folder and its history into the memory
  everyline ask FOLDER "question" [-k N] [--json]           an answer with its sources
  everyline search FOLDER "query" [--commits] [-k N] [--json]
                                                            ranked places in files, or commits
  everyline complete FOLDER FILE:LINE:COL [--json]          the rest of the line at a place (1-based, UTF-16)
  everyline status FOLDER [--json]                          what the memory holds
  everyline doctor [--json]                                 checks this installation
  everyline mcp FOLDER                                      serves the memory to agents (MCP over stdio)
  everyline batch --repo FOLDER --kind files|commits|completion --queries IN.json --out OUT.json [--history all|none|N]

Everything is kept under EVERYLINE_HOME (default: $XDG_CACHE_HOME/everyline or ~/.cache/everyline). Nothing leaves this machine.
Exit status: 0 success, 1 failure, 2 bad usage.
`;

const json = { type: "boolean" } as const;
const text = { type: "string" } as const;
const count = { type: "string", short: "k" } as const;

/** `argv` without node and script. */
export function parseCommand(argv: readonly string[]): Command {
  const [name, ...rest] = argv;
  switch (name) {
    case undefined:
      throw new UsageError("which command? One of index, ask, search, complete, status, doctor, mcp, batch");
    case "help":
    case "-h":
    case "--help":
      return { name: "help" };
    case "version":
    case "-v":
    case "--version":
      return { name: "version" };
    case "index": {
      const { values, words } = read(name, rest, { json, history: text }, ["FOLDER"]);
      return { name, folder: words[0] as string, history: historyOf(values.history ?? "all"), json: values.json === true };
    }
    case "ask": {
      const { values, words } = read(name, rest, { json, count }, ["FOLDER", '"question"']);
      return {
        name,
        folder: words[0] as string,
        question: said("question", words[1]),
        k: countOf(values.count),
        json: values.json === true,
      };
    }
    case "search": {
      const { values, words } = read(name, rest, { json, count, commits: { type: "boolean" } }, ["FOLDER", '"query"']);
      const query = said("query", words[1]);
      return {
        name,
        folder: words[0] as string,
        query,
        commits: values.commits === true,
        k: countOf(values.count),
        json: values.json === true,
      };
    }
    case "complete": {
      const { values, words } = read(name, rest, { json }, ["FOLDER", "FILE:LINE:COL"]);
      return { name, folder: words[0] as string, ...placeOf(words[1] as string), json: values.json === true };
    }
    case "status": {
      const { values, words } = read(name, rest, { json }, ["FOLDER"]);
      return { name, folder: words[0] as string, json: values.json === true };
    }
    case "doctor":
      return { name, json: read(name, rest, { json }, []).values.json === true };
    case "mcp":
      return { name, folder: read(name, rest, {}, ["FOLDER"]).words[0] as string };
    case "batch":
      return batchOf(rest);
    default:
      throw new UsageError(`there is no command "${name}"`);
  }
}

function batchOf(rest: readonly string[]): Command {
  const { values } = read("batch", rest, { repo: text, kind: text, queries: text, out: text, history: text }, []);
  const required = (option: string): string => {
    const value = values[option];
    if (typeof value === "string" && value !== "") return value;
    throw new UsageError(`batch needs --${option}`);
  };
  const kind = required("kind");
  if (kind !== "files" && kind !== "commits" && kind !== "completion")
    throw new UsageError(`--kind is files, commits or completion, not "${kind}"`);
  const history = historyOf(values.history ?? (kind === "commits" ? "all" : "none"));
  return { name: "batch", folder: required("repo"), kind, queries: required("queries"), out: required("out"), history };
}

interface Read {
  values: Record<string, string | boolean | undefined>;
  words: string[];
}

function read(command: string, argv: readonly string[], options: ParseArgsOptionsConfig, names: readonly string[]): Read {
  const { values, positionals } = parsed(command, argv, options);
  const missing = names[positionals.length];
  if (missing) throw new UsageError(`${command} needs ${missing}`);
  if (positionals.length > names.length) throw new UsageError(`${command} does not know what to do with "${positionals[names.length]}"`);
  if (names[0] === "FOLDER" && positionals[0] === "") throw new UsageError(`${command} needs FOLDER`);
  return { values: values as Read["values"], words: positionals };
}

function parsed(command: string, argv: readonly string[], options: ParseArgsOptionsConfig) {
  try {
    return parseArgs({ args: [...argv], options, allowPositionals: true, strict: true });
  } catch (error) {
    throw new UsageError(`${command}: ${(error as Error).message.split("\n")[0]?.replace(/\. To specify.*$/, "")}`);
  }
}

function said(what: string, words: string | undefined): string {
  if (words?.trim()) return words;
  throw new UsageError(`the ${what} is empty`);
}

function countOf(value: string | boolean | undefined): number {
  if (value === undefined) return 10;
  const number = Number(value);
  if (Number.isInteger(number) && number >= 1 && number <= 1000) return number;
  throw new UsageError(`-k is a number from 1 to 1000, not "${value}"`);
}

function historyOf(value: string | boolean): History {
  if (value === "all" || value === "none") return value;
  const number = Number(value);
  if (typeof value === "string" && /^\d+$/.test(value) && Number.isSafeInteger(number)) return number === 0 ? "none" : number;
  throw new UsageError(`--history is all, none or a number of commits, not "${value}"`);
}

/** FILE:LINE:COL; the file's name may hold colons itself. */
function placeOf(word: string): { file: string; line: number; column: number } {
  const parts = /^(.+):(\d+):(\d+)$/s.exec(word);
  const [line, column] = [Number(parts?.[2]), Number(parts?.[3])];
  if (parts?.[1] && line >= 1 && column >= 1) return { file: parts[1], line, column };
  throw new UsageError(`the place is FILE:LINE:COL, counted from 1, not "${word}"`);
}
