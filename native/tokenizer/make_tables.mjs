// Writes categories.inc: the character categories that the pre-tokenizer of model/tokenizer.json asks for.
//
// They are read out of the `tokenizers` package itself (its regex engine has its own version of Unicode), so that ours cannot
// differ from the reference on any code point. Run after an update of that package: node native/tokenizer/make_tables.mjs
import { writeFileSync } from "node:fs";
import { Tokenizer } from "tokenizers";

const PAGE = 128;
const LAST = 0x10ffff;
/** Must match enum class Category of categories.h; \p{L} last, so that it keeps only what Lu and Ll left. */
const CLASSES = [
  [5, "\\s", "x"],
  [1, "\\p{Lu}", "\n"],
  [2, "\\p{Ll}", "\n"],
  [4, "\\p{N}", "\n"],
  [3, "\\p{L}", "\n"],
];

/** Code points in a class: what a Split leaves when everything outside of the class is removed. `separator` is outside of it. */
async function members(characterClass, separator) {
  const tokenizer = Tokenizer.fromString(
    JSON.stringify({
      version: "1.0",
      added_tokens: [],
      pre_tokenizer: { type: "Split", pattern: { Regex: `[^${characterClass}]` }, behavior: "Removed", invert: false },
      model: { type: "WordLevel", vocab: { unknown: 0 }, unk_token: "unknown" },
    }),
  );
  const found = [];
  for (let first = 0; first <= LAST; first += 0x8000) {
    const codes = Array.from({ length: 0x8000 }, (_, i) => first + i).filter((code) => code <= LAST && (code < 0xd800 || code > 0xdfff));
    if (codes.length === 0) continue;
    const text = codes.map((code) => String.fromCodePoint(code) + separator).join("");
    const encoding = await tokenizer.encode(text, null, { addSpecialTokens: false });
    for (const [start] of encoding.getOffsets()) found.push(codes[start / 2]);
  }
  return found;
}

const category = new Uint8Array(LAST + 1);
for (const [value, characterClass, separator] of CLASSES)
  for (const code of await members(characterClass, separator)) if (category[code] === 0) category[code] = value;

const pages = new Map();
const index = [];
for (let first = 0; first <= LAST; first += PAGE) {
  const words = [];
  for (let at = 0; at < PAGE; at += 16) {
    let word = 0n;
    for (let i = 0; i < 16; i++) word |= BigInt(category[first + at + i]) << BigInt(4 * i);
    words.push(`0x${word.toString(16)}`);
  }
  const key = words.join(",");
  if (!pages.has(key)) pages.set(key, pages.size);
  index.push(pages.get(key));
}
while (index.length > 1 && index.at(-1) === index.at(-2)) index.pop();

const lines = (items, count) =>
  Array.from({ length: Math.ceil(items.length / count) }, (_, i) => `    ${items.slice(i * count, (i + 1) * count).join(",")},`);
writeFileSync(
  new URL("categories.inc", import.meta.url),
  [
    "// Made by make_tables.mjs; do not edit. Pages of 128 code points, four bits each; code points past the last page are as its end.",
    `inline constexpr uint8_t CATEGORY_PAGE_OF[${index.length}] = {`,
    ...lines(index, 40),
    "};",
    `inline constexpr uint64_t CATEGORY_PAGES[${pages.size}][8] = {`,
    ...[...pages.keys()].map((key) => `    {${key}},`),
    "};",
    "",
  ].join("\n"),
);
console.log(`${pages.size} pages, ${index.length} entries`);
