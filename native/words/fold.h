// Letters without case and diacritics: É and e are one letter to a search.
#pragma once
#include <algorithm>
#include <cstdint>
#include <iterator>

namespace everyline::words {

struct Folded {
  uint32_t from, to;
};

#include "fold.inc"

inline uint32_t fold(uint32_t code) {
  if (code < 0x80) return code >= 'A' && code <= 'Z' ? code + 32 : code;
  const auto* found = std::lower_bound(std::begin(FOLDED), std::end(FOLDED), code, [](const Folded& f, uint32_t c) { return f.from < c; });
  return found != std::end(FOLDED) && found->from == code ? found->to : code;
}

// Diacritics that stand behind their letter; they vanish.
inline bool isDiacritic(uint32_t code) {
  return (code >= 0x300 && code <= 0x36f) || (code >= 0x1ab0 && code <= 0x1aff) || (code >= 0x1dc0 && code <= 0x1dff) ||
         (code >= 0x20d0 && code <= 0x20ff) || (code >= 0xfe20 && code <= 0xfe2f);
}

// Scripts written without spaces between words: indexed by pairs of characters.
inline bool isUnspaced(uint32_t code) {
  return (code >= 0x0e00 && code <= 0x0eff) || (code >= 0x1100 && code <= 0x11ff) || (code >= 0x2e80 && code <= 0x2fdf) ||
         (code >= 0x3005 && code <= 0x3007) || (code >= 0x3021 && code <= 0x3029) || (code >= 0x3041 && code <= 0x318f) ||
         (code >= 0x31a0 && code <= 0x31ff) || (code >= 0x3400 && code <= 0x4dbf) || (code >= 0x4e00 && code <= 0x9fff) ||
         (code >= 0xac00 && code <= 0xd7ff) || (code >= 0xf900 && code <= 0xfaff) || (code >= 0xff66 && code <= 0xff9f) ||
         (code >= 0x20000 && code <= 0x3ffff);
}

}  // namespace everyline::words
