/** Patches with lines that look like secrets blanked, before anything is made of them. */
import { redactSecrets } from "../workspace/secrets.ts";
import type { Hunk, Patch } from "./patch-parser.ts";

/** The same patch, line for line; lines that look like secrets keep their first character alone. */
export function withoutSecrets(patch: Patch): Patch {
  return { ...patch, hunks: patch.hunks.map(hunkWithoutSecrets) };
}

function hunkWithoutSecrets(hunk: Hunk): Hunk {
  return { ...hunk, context: redactSecrets(hunk.context).text, lines: redactLines(hunk.lines) };
}

/** Redacts lines that begin with " ", "+" or "-", which stay. */
function redactLines(lines: string): string {
  const { text, lines: secret } = redactSecrets(lines.replace(/^./gm, ""));
  if (secret.length === 0) return lines;
  const plain = text.split("\n");
  return lines
    .split("\n")
    .map((line, i) => line.slice(0, 1) + plain[i]!)
    .join("\n");
}
