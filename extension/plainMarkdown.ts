/** Text of the repository or of a model as markdown for the chat: code stays code, all else loses what could act. */

/** Escapes HTML, links, images and theme icons outside of `code`. */
export function plainMarkdown(text: string): string {
  return text
    .split(/(`[^`\n]+`)/)
    .map((part, at) => (at % 2 === 1 ? part : part.replace(/[<>[\]!$]/g, "\\$&")))
    .join("");
}
