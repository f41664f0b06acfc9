/** Random places of a repository's own lines, always the same ones: what was typed there is known. */
import type { Memory } from "../../../server/memory/memory.ts";

export interface Place {
  path: string;
  language: string;
  prefix: string;
  suffix: string;
  gold: string;
}

/** Always the same places of a repository: spread over its sources by a generator with a fixed seed. */
export async function places(memory: Memory, n: number): Promise<Place[]> {
  const files = (await memory.index.files())
    .filter((file) => file.role === "source" && file.lines > 20)
    .sort((a, b) => (a.path < b.path ? -1 : 1));
  const random = generator(7);
  const found: Place[] = [];
  for (let tries = 0; found.length < n && tries < 50 * n && files.length > 0; tries++) {
    const file = files[Math.floor(random() * files.length)] as (typeof files)[number];
    const text = await memory.fileText(file.path);
    const lines = text?.split("\n") ?? [];
    const at = Math.floor(random() * lines.length);
    const line = lines[at]?.trimEnd() ?? "";
    const start = placeIn(line, random);
    if (start === undefined) continue;
    const prefix = [...lines.slice(0, at), line.slice(0, start)].join("\n");
    found.push({
      path: file.path,
      language: file.language,
      prefix,
      suffix: `\n${lines.slice(at + 1).join("\n")}`,
      gold: line.slice(start),
    });
  }
  return found;
}

/** A place before a name, number or string in the middle of a line of code. */
export function placeIn(line: string, random: () => number): number | undefined {
  const starts = [...line.matchAll(/(?<![\w$"'])[\w$"']/g)].map((match) => match.index).filter((start) => start > line.search(/\S/));
  const start = starts[Math.floor(random() * starts.length)];
  if (start === undefined || /^\s*(?:\/\/|#|\*|\/\*|import|from|use|using)/.test(line) || !/\w{3}/.test(line.slice(start)))
    return undefined;
  return start;
}

/** Numbers in 0..1, the same for a seed (mulberry32). */
export function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}
