/** The trailers of a commit's message: "Key: value" lines at its end, as `git interpret-trailers` reads them. */

export interface Trailer {
  key: string;
  value: string;
}

const trailerLine = /^([A-Za-z][A-Za-z0-9-]*): (\S.*)$/;

/** Of a message without its subject; none where the last paragraph holds anything else. */
export function trailersOf(body: string): Trailer[] {
  const last =
    body
      .trimEnd()
      .split(/\n[ \t]*\n/)
      .at(-1) ?? "";
  const trailers: Trailer[] = [];
  for (const line of last.split("\n")) {
    const match = trailerLine.exec(line.trimEnd());
    if (match) trailers.push({ key: match[1]!, value: match[2]! });
    else if (/^\s+\S/.test(line) && trailers.length > 0) trailers.at(-1)!.value += ` ${line.trim()}`;
    else return [];
  }
  return trailers;
}

/** Names of those who wrote it together with its author. */
export function coAuthors(body: string): string[] {
  return trailersOf(body)
    .filter(({ key }) => key.toLowerCase() === "co-authored-by")
    .map(({ value }) => value.replace(/\s*<[^>]*>\s*$/, "").trim())
    .filter(Boolean);
}

/** A message's body without its trailers. */
export function withoutTrailers(body: string): string {
  if (trailersOf(body).length === 0) return body;
  return body.trimEnd().replace(/(?:^|\n[ \t]*\n)(?:[^\n]+\n?)*$/, "");
}
