// The category of a character, as the pre-tokenizer's classes \p{Lu}, \p{Ll}, \p{L}, \p{N}, \s see it, and reading UTF-8.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline::text {

#include "categories.inc"

enum class Category : uint8_t {
  other = 0,         // neither letter, number nor space: punctuation, marks, symbols, controls
  upper = 1,         // \p{Lu}
  lower = 2,         // \p{Ll}
  other_letter = 3,  // \p{L} without case: \p{Lt}, \p{Lm}, \p{Lo}
  number = 4,        // \p{N}
  space = 5,         // \s
};

inline Category categoryOf(uint32_t code) {
  size_t page = code >> 7;
  if (page >= sizeof(CATEGORY_PAGE_OF)) page = sizeof(CATEGORY_PAGE_OF) - 1;
  return static_cast<Category>(CATEGORY_PAGES[CATEGORY_PAGE_OF[page]][(code >> 4) & 7] >> (4 * (code & 15)) & 7);
}

struct Character {
  uint32_t code;
  uint32_t bytes;
};

// The character at text[at], at < size. A byte that begins no valid sequence reads as U+FFFD of one byte.
inline Character characterAt(const uint8_t* text, size_t at, size_t size) {
  const uint8_t a = text[at];
  if (a < 0x80) return {a, 1};
  const size_t left = size - at;
  auto tail = [&](size_t i) -> uint32_t { return text[at + i] & 0x3f; };
  auto continues = [&](size_t i) { return (text[at + i] & 0xc0) == 0x80; };
  if (a >= 0xc2 && a < 0xe0 && left >= 2 && continues(1)) return {(a & 0x1fu) << 6 | tail(1), 2};
  if (a >= 0xe0 && a < 0xf0 && left >= 3 && continues(1) && continues(2)) {
    const uint32_t code = (a & 0x0fu) << 12 | tail(1) << 6 | tail(2);
    if (code >= 0x800 && (code < 0xd800 || code > 0xdfff)) return {code, 3};
  }
  if (a >= 0xf0 && a < 0xf5 && left >= 4 && continues(1) && continues(2) && continues(3)) {
    const uint32_t code = (a & 0x07u) << 18 | tail(1) << 12 | tail(2) << 6 | tail(3);
    if (code >= 0x10000 && code <= 0x10ffff) return {code, 4};
  }
  return {0xfffd, 1};
}

}  // namespace everyline::text
