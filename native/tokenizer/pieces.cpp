#include "pieces.h"

#include <array>

#include "categories.h"

namespace everyline::text {

namespace {

constexpr std::array<Category, 128> asciiCategories() {
  std::array<Category, 128> table{};
  for (int c = 0; c < 128; c++) {
    if (c >= 'A' && c <= 'Z') table[c] = Category::upper;
    else if (c >= 'a' && c <= 'z') table[c] = Category::lower;
    else if (c >= '0' && c <= '9') table[c] = Category::number;
    else if (c == ' ' || (c >= '\t' && c <= '\r')) table[c] = Category::space;
  }
  return table;
}
constexpr auto ASCII = asciiCategories();

struct Seen {
  Category category;
  uint32_t bytes;  // 0 at the end of the text
};

inline Seen see(const uint8_t* text, size_t at, size_t size) {
  if (at >= size) return {Category::other, 0};
  if (text[at] < 0x80) return {ASCII[text[at]], 1};
  const Character c = characterAt(text, at, size);
  return {categoryOf(c.code), c.bytes};
}

// End of the longest run of one category from `at` on.
inline size_t run(const uint8_t* text, size_t at, size_t size, Category category) {
  for (;;) {
    const Seen next = see(text, at, size);
    if (next.bytes == 0 || next.category != category) return at;
    at += next.bytes;
  }
}

inline size_t blanks(const uint8_t* text, size_t at, size_t size) {
  while (at < size && (text[at] == ' ' || text[at] == '\t')) at++;
  return at;
}

// \p{Lu}?\p{Ll}+ at `at`: its end, or `at` when it does not match.
inline size_t word(const uint8_t* text, size_t at, size_t size) {
  size_t letters = at;
  Seen first = see(text, letters, size);
  if (first.bytes && first.category == Category::upper) {
    letters += first.bytes;
    first = see(text, letters, size);
  }
  if (first.bytes == 0 || first.category != Category::lower) return at;
  return run(text, letters + first.bytes, size, Category::lower);
}

}  // namespace

// Why no backtracking is left: the seven alternatives begin with disjoint categories or are decided by the next two characters, and every
// character but a letter without case begins some match. The expression never matches such letters, so a run of them is what
// lies between two matches: a piece of its own (behaviour "Isolated").
size_t nextPiece(const uint8_t* text, size_t at, size_t size) {
  const uint8_t byte = text[at];
  if (byte == '\n') return blanks(text, at + 1, size);
  const Seen first = see(text, at, size);
  const size_t next = at + first.bytes;
  switch (first.category) {
    case Category::lower:
      return run(text, next, size, Category::lower);
    case Category::upper: {
      const size_t end = word(text, at, size);
      return end > at ? end : run(text, next, size, Category::upper);
    }
    case Category::other_letter:
      return run(text, next, size, Category::other_letter);
    case Category::number: {
      const Seen second = see(text, next, size);
      return second.bytes && second.category == Category::number ? next + second.bytes : next;
    }
    case Category::other: {
      const size_t end = word(text, next, size);
      return end > next ? end : run(text, next, size, Category::other);
    }
    case Category::space:
      break;
  }
  if (byte != '\r') {
    const size_t end = word(text, next, size);
    if (end > next) return end;
  }
  if (byte == ' ') {
    const size_t end = run(text, next, size, Category::other);
    if (end > next) return end;
  }
  if (byte == ' ' || byte == '\t') {
    const size_t end = blanks(text, at, size);
    const Seen after = see(text, end, size);
    if (after.bytes && after.category != Category::space) return end;
  }
  return run(text, next, size, Category::space);
}

}  // namespace everyline::text
