/** What a text has said before: after the same tokens the same ones are likely to follow again. */

/** Tokens that must be the same, at most and at least. */
const longest = 3;
const shortest = 2;

/**
 * Up to `most` tokens that followed the end of `text` where it stands in `text` before, the nearest place of the longest end first; none
 * where it stands nowhere.
 */
export function repeated(text: readonly number[], most: number): number[] {
  for (let length = longest; length >= shortest; length--) {
    const start = text.length - length;
    for (let at = start - 1; at >= 0; at--) if (isAt(text, at, start)) return text.slice(at + length, at + length + most);
  }
  return [];
}

/** Whether what stands from `start` to the end stands at `at`, too. */
function isAt(text: readonly number[], at: number, start: number): boolean {
  for (let place = start; place < text.length; place++) if (text[at + place - start] !== text[place]) return false;
  return true;
}
