// Writes fold.inc: the lower-case form of letters without their diacritics, by Node's version of Unicode. Run: node native/words/make_fold.mjs
import { writeFileSync } from "node:fs";

const pairs = [];
for (let code = 0x80; code <= 0x1ffff; code++) {
  const character = String.fromCodePoint(code);
  if (!/[\p{L}\p{N}]/u.test(character)) continue;
  const folded = character.toLowerCase().normalize("NFKD").replace(/\p{M}/gu, "").toLowerCase();
  if ([...folded].length === 1 && folded !== character && /[\p{L}\p{N}]/u.test(folded)) pairs.push([code, folded.codePointAt(0)]);
}
const items = pairs.map(([from, to]) => `{0x${from.toString(16)},0x${to.toString(16)}}`);
const lines = Array.from({ length: Math.ceil(items.length / 10) }, (_, i) => `    ${items.slice(i * 10, (i + 1) * 10).join(",")},`);
writeFileSync(
  new URL("fold.inc", import.meta.url),
  [
    "// Made by make_fold.mjs; do not edit. Sorted by the first of each pair.",
    `inline constexpr Folded FOLDED[${items.length}] = {`,
    ...lines,
    "};",
    "",
  ].join("\n"),
);
console.log(`${items.length} pairs`);
