/** Names by their words. */

/** Names that differ in case and underscores alone are one: user_id, userId, m_userId. */
export function bareName(name: string): string {
  return name.replace(/^m_|^\$|_/g, "").toLowerCase();
}

/** The words of names: "getUserId" has get, user; those of two letters say nothing. */
export function wordsOf(text: string): string[] {
  const known = wordsKnown.get(text);
  if (known) return known;
  const words = splitWords(text);
  if (wordsKnown.size >= mostWordsKnown) wordsKnown.clear();
  if (text.length <= longestKnown) wordsKnown.set(text, words);
  return words;
}

/** Names come again with every key. */
const wordsKnown = new Map<string, string[]>();
const mostWordsKnown = 20_000;
const longestKnown = 60;

function splitWords(text: string): string[] {
  return (text.match(/\p{Lu}?\p{Ll}+|\p{Lu}+(?!\p{Ll})/gu) ?? []).filter((word) => word.length > 2).map((word) => word.toLowerCase());
}
