/**
 * Which lines above a cursor it can see, by their indentation: those of the blocks that it stands in. Of these the functions' parameters and the
 * types that names are declared with. Pure text, no grammar.
 */
import { indentation } from "../index/passages.ts";
import { languageWords } from "./expressions.ts";
import { isNameFirst, listItems, parameterName, parameterType } from "./signature.ts";

export interface Scope {
  /** For each line above the cursor's, nearest first, whether the cursor sees it. */
  visible: readonly boolean[];
  /** Parameters of the functions that the cursor stands in, the innermost function's first, each in order. */
  parameters: readonly string[];
  /** Words of the types that names are declared with. */
  types: ReadonlyMap<string, ReadonlySet<string>>;
  /** Names of the functions around the cursor, innermost first. */
  functions: readonly string[];
}

/** Lines above the cursor that are read. */
const linesRead = 300;
const mostFunctions = 2;
const opener = /(?:[{:(]|=>|->|\bdo|\bthen|\|[^|]*\|)\s*$/;
const closer = /^[)\]}>]/;
const comment = /^(?:\/\/|#|\*|\/\*|--)/;

/** Of the text before the cursor. */
export function scopeOf(prefix: string): Scope {
  const lines = prefix.slice(-linesRead * 60).split("\n");
  const above = lines.slice(-linesRead - 1, -1).reverse();
  const { visible, headers } = seen(above, indentation(lines.at(-1) ?? ""));
  const types = new Map<string, Set<string>>();
  const functions: string[] = [];
  const parameters: string[] = [];
  for (const header of headers) {
    const found = functions.length < mostFunctions ? functionIn(header) : undefined;
    if (!found) continue;
    functions.push(found.name);
    for (const part of found.parts) {
      const name = parameterName(part, isNameFirst(header));
      if (itself.has(name)) continue;
      parameters.push(name);
      addType(types, name, parameterType(part, isNameFirst(header)));
    }
  }
  for (const [at, line] of above.entries()) if (visible[at]) readDeclarations(line, types);
  return { visible, parameters, types, functions };
}

/** Headers: the lines that open a block that the cursor stands in, innermost first, each with the lines of its list of parameters. */
function seen(above: readonly string[], indent: number): { visible: boolean[]; headers: string[] } {
  const visible: boolean[] = [];
  const headers: string[] = [];
  let inside = indent; // of the block that is looked at
  let list: string[] | undefined; // lines of a list that a visible line closes
  for (const line of above) {
    const at = indentation(line);
    const text = line.trim();
    if (text === "" || comment.test(text)) visible.push(false);
    else if (list) {
      list.unshift(line);
      visible.push(true);
      if (at > inside) continue;
      headers.push(list.map((one) => one.trim()).join(" "));
      list = undefined;
    } else if (at < inside) {
      inside = at;
      visible.push(true);
      if (closer.test(text) || text === "{") list = [line];
      else headers.push(text);
    } else visible.push(at === inside && !opener.test(line) && !closer.test(text));
  }
  return { visible, headers };
}

const noFunctions = new Set([
  "if",
  "for",
  "while",
  "switch",
  "catch",
  "match",
  "foreach",
  "with",
  "elif",
  "using",
  "lock",
  "when",
  "return",
  "guard",
  "until",
  "synchronized",
  "Err",
  "Ok",
  "Some",
]);
const itself = new Set(["self", "cls", "this"]);

/** The function that a header begins. */
function functionIn(header: string): { name: string; parts: string[] } | undefined {
  for (const match of header.matchAll(/([\p{L}_$][\p{L}\p{N}_$]*)?(?:<[^()]*>)?\s*(?:=\s*(?:async\s*)?(?:function\s*)?)?\(/gu)) {
    const name = match[1] ?? "";
    if (noFunctions.has(name) || name === "func") continue;
    const { parts, closed } = listItems(header, match.index + match[0].length);
    if (closed) return { name, parts };
  }
  return undefined;
}

const declarations = [
  /(?<![\p{L}\p{N}_$])([\p{L}_$][\p{L}\p{N}_$]*)\s*[?!]?\s*:\s*([&*?]*(?:mut\s+|readonly\s+|const\s+|any\s+|some\s+)?[\p{L}_][\p{L}\p{N}_.:]*(?:<[^<>()]*>)?)/gu, // name: Type
  /(?<![\p{L}\p{N}_$.])([\p{L}_$][\p{L}\p{N}_$]*)\s*:?=\s*(?:new\s+|await\s+|try[?!]?\s+|&)*((?:[\p{L}_][\p{L}\p{N}_]*(?:\.|::))*\p{Lu}[\p{L}\p{N}_]*)\s*[({:]/gu, // name = Type(
];
const typed =
  /(?<![\p{L}\p{N}_$.])((?:[\p{L}_][\p{L}\p{N}_]*(?:::|\.))*[\p{L}_][\p{L}\p{N}_]*)(?:<[^<>()]*>)?(?:\s+const)?[\s*&?]+(\$?[\p{L}_][\p{L}\p{N}_]*)\s*(?=[=;,)])/gu; // Type name

function readDeclarations(line: string, types: Map<string, Set<string>>): void {
  for (const pattern of declarations) for (const match of line.matchAll(pattern)) addType(types, match[1] as string, match[2] as string);
  for (const match of line.matchAll(typed)) if (!noTypes.has(match[1] as string)) addType(types, match[2] as string, match[1] as string);
}

const noTypes = new Set(
  "return await new throw in is as not and or else case delete yield raise go defer typeof let const var val auto mut final if import from".split(
    " ",
  ),
);
const noWords = new Set(
  [...languageWords].filter(
    (word) => !/^(?:bool|boolean|char|int|long|float|double|byte|short|u?int\d+_t|size_t|usize|isize|[ui]\d+)$/.test(word),
  ),
);

/** Words of a type that tell it from others. */
export function typeWords(type: string): string[] {
  return (type.match(/[\p{L}_][\p{L}\p{N}_]*/gu) ?? []).filter((word) => !noWords.has(word) && !wrappers.has(word));
}

const wrappers = new Set([
  "Option",
  "Optional",
  "Promise",
  "Task",
  "ValueTask",
  "Future",
  "Result",
  "Box",
  "Arc",
  "Rc",
  "std",
  "ref",
  "out",
  "readonly",
  "unique_ptr",
  "shared_ptr",
]);

function addType(types: Map<string, Set<string>>, name: string, type: string): void {
  if (name === "" || type === "") return;
  const words = types.get(name) ?? new Set();
  for (const word of typeWords(type)) words.add(word);
  if (words.size > 0) types.set(name, words);
}
