/**
 * What a definition's first line says of calls to it: how many arguments, and what its parameters are called.
 *
 * The line may be cut in the middle of the list: then only the least number of arguments is known.
 */
export interface Parameters {
  names: string[];
  /** What is said of each one's type; "" for nothing. */
  types: string[];
  /** What is written before each argument and a colon, in a language that does so; "" for none. */
  labels: string[];
  /** Arguments that a call must have, and may have. */
  least: number;
  most: number;
}

/** Undefined where the signature of `name` has no list of parameters. */
export function parametersOf(name: string, signature: string): Parameters | undefined {
  const at = placeOf(name, signature);
  const open = at < 0 ? -1 : listStart(signature, at + name.length);
  if (open < 0) return undefined;
  const { parts, closed } = listItems(signature, open + 1);
  const nameFirst = isNameFirst(signature);
  const written = parts.filter(
    (part) => !/^(?:&?\s*(?:mut\s+)?self|cls|this)\b(?!\s*\.)/.test(part) && part !== "void" && part !== "*" && part !== "/",
  );
  const needed = written.filter((part) => !/=|\?:|\.\.\.|^\*|\bvararg\b|\bparams\b|^@?optional\b/.test(part));
  const rest = written.some((part) => /\.\.\.|^\*|\bvararg\b|\bparams\b/.test(part));
  return {
    names: written.map((part) => parameterName(part, nameFirst)),
    types: written.map((part) => parameterType(part, nameFirst)),
    labels: written.map((part) => /^(?!_\b)([\p{L}_]\w*)(?:\s+\w+)?\s*:(?!:)/u.exec(part)?.[1] ?? ""),
    least: closed || written.length > 0 ? needed.length : 1, // a list that is cut behind its bracket has something in it
    most: closed && !rest ? written.length : Number.POSITIVE_INFINITY,
  };
}

/** Where the name stands as a whole word. */
function placeOf(name: string, signature: string): number {
  for (let at = signature.indexOf(name); at >= 0; at = signature.indexOf(name, at + 1))
    if (!namePart.test(signature[at - 1] ?? "") && !namePart.test(signature[at + name.length] ?? "")) return at;
  return -1;
}

const namePart = /[\p{L}\p{N}_$]/u;

/** The bracket that opens the list: after the name, type parameters and what binds a function to it (`= async (`, `: function(`). */
function listStart(signature: string, from: number): number {
  const between = /^\s*(?:<[^()]*>)?\s*(?::\s*)?(?:=\s*)?(?:async\s*)?(?:function\s*\w*\s*)?(?:<[^()]*>)?\s*\(/.exec(signature.slice(from));
  return between ? from + between[0].length - 1 : -1;
}

export function listItems(text: string, from: number): { parts: string[]; closed: boolean } {
  const parts: string[] = [];
  let depth = 0;
  let part = "";
  const end = () => {
    if (part.trim() !== "") parts.push(part.trim());
    part = "";
  };
  for (const character of text.slice(from)) {
    if (depth === 0 && character === ")") {
      end();
      return { parts, closed: true };
    }
    if ("([{<".includes(character)) depth++;
    else if (")]}".includes(character) || (character === ">" && !/[-=]$/.test(part))) depth--;
    if (depth === 0 && character === ",") end();
    else part += character;
  }
  end();
  return { parts, closed: false };
}

/** Whether names stand before their types without a colon: in Go. */
export function isNameFirst(signature: string): boolean {
  return /^\s*func\b/.test(signature);
}

const word = /[\p{L}_$][\p{L}\p{N}_$]*/gu;

/** `name: Type`, `Type name`, `label name: Type`, `$name = 1`, and `name Type` where names come first: the name. */
export function parameterName(part: string, nameFirst = false): string {
  const bare = part.replace(/\s*=[\s\S]*$/, "");
  const before = /^([^:]*):(?!:)/.exec(bare)?.[1];
  const words = (before ?? bare).match(word) ?? [];
  return (nameFirst && before === undefined ? words[0] : words.at(-1)) ?? "";
}

/** What of a parameter is not its name: its type, with modifiers. */
export function parameterType(part: string, nameFirst = false): string {
  const bare = part.replace(/\s*=(?!>)[\s\S]*$/, "");
  const colon = /^[^:]*:(?!:)\s*([\s\S]*)$/.exec(bare)?.[1];
  if (colon !== undefined) return colon;
  const name = parameterName(part, nameFirst);
  const at = nameFirst ? bare.indexOf(name) : bare.lastIndexOf(name);
  return at < 0 ? "" : `${bare.slice(0, at)} ${bare.slice(at + name.length)}`.trim();
}
