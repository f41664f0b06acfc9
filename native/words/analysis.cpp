#include "analysis.h"

#include "../tokenizer/categories.h"
#include "fold.h"
#include "stem.h"

namespace everyline::words {

using text::Category;
using text::Character;
using text::categoryOf;
using text::characterAt;

namespace {

enum class Kind { none, word, unspaced };

const uint8_t* bytesOf(std::string_view text) { return reinterpret_cast<const uint8_t*>(text.data()); }

bool asciiWord(uint8_t c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '$'; }

Kind kindOf(uint32_t code) {
  if (code < 0x80) return asciiWord(static_cast<uint8_t>(code)) ? Kind::word : Kind::none;
  if (isUnspaced(code)) return Kind::unspaced;
  if (isDiacritic(code)) return Kind::word;
  const Category category = categoryOf(code);
  return category == Category::other || category == Category::space ? Kind::none : Kind::word;
}

void append(std::string& out, uint32_t code) {
  if (code < 0x80) {
    out += static_cast<char>(code);
    return;
  }
  if (code >= 0x10000) {
    out += static_cast<char>(0xf0 | code >> 18);
    out += static_cast<char>(0x80 | (code >> 12 & 0x3f));
  } else if (code >= 0x800) {
    out += static_cast<char>(0xe0 | code >> 12);
  }
  out += code >= 0x800 ? static_cast<char>(0x80 | (code >> 6 & 0x3f)) : static_cast<char>(0xc0 | code >> 6);
  out += static_cast<char>(0x80 | (code & 0x3f));
}

// Cuts to LONGEST_TERM bytes between characters.
void cut(std::string& term) {
  if (term.size() <= LONGEST_TERM) return;
  size_t end = LONGEST_TERM;
  while (end > 0 && (term[end] & 0xc0) == 0x80) end--;
  term.resize(end);
}

// A piece of one character says too little; letters of other scripts may be whole words.
bool tooShort(std::string_view piece) { return piece.size() == 1; }

Word analyseUnspaced(std::string_view spelled) {
  Word word;
  std::string before, last;
  for (size_t at = 0; at < spelled.size();) {
    const Character c = characterAt(bytesOf(spelled), at, spelled.size());
    at += c.bytes;
    last.clear();
    append(last, fold(c.code));
    if (!before.empty()) word.parts.push_back(before + last);
    before.swap(last);
  }
  if (word.parts.empty()) word.parts.push_back(before);
  return word;
}

// Where a new piece begins between two characters: aB, 1a, a1; and before the last capital of ABc.
bool boundary(Category before, Category here, Category after) {
  if (before == Category::other || here == Category::other) return true;
  if ((before == Category::number) != (here == Category::number)) return true;
  if (here != Category::upper) return false;
  return before != Category::upper || after == Category::lower;
}

Category categoryIn(uint32_t code) {
  if (code >= 0x80) return isDiacritic(code) ? Category::lower : categoryOf(code);
  if (code >= 'a' && code <= 'z') return Category::lower;
  if (code >= 'A' && code <= 'Z') return Category::upper;
  return code >= '0' && code <= '9' ? Category::number : Category::other;
}

}  // namespace

bool WordScanner::next(std::string_view& spelled) {
  const uint8_t* text = bytesOf(text_);
  const size_t size = text_.size();
  size_t first = at_;
  Kind kind = Kind::none;
  while (first < size) {
    if (text[first] < 0x80 && !asciiWord(text[first])) {
      first++;
      continue;
    }
    const Character c = characterAt(text, first, size);
    kind = kindOf(c.code);
    if (kind != Kind::none) break;
    first += c.bytes;
  }
  size_t end = first;
  while (end < size) {
    if (text[end] < 0x80) {
      if (kind != Kind::word || !asciiWord(text[end])) break;
      end++;
      continue;
    }
    const Character c = characterAt(text, end, size);
    if (kindOf(c.code) != kind) break;
    end += c.bytes;
  }
  at_ = end;
  spelled = text_.substr(first, end - first);
  return end > first;
}

Word analyse(std::string_view spelled) {
  if (spelled.empty()) return {};
  if (kindOf(characterAt(bytesOf(spelled), 0, spelled.size()).code) == Kind::unspaced) return analyseUnspaced(spelled);

  Word word;
  std::string piece;
  size_t pieces = 0;
  auto finish = [&] {
    if (piece.empty()) return;
    pieces++;
    if (!tooShort(piece) && pieces <= MOST_PARTS) word.parts.push_back(piece);
    piece.clear();
  };
  Category before = Category::other;
  for (size_t at = 0; at < spelled.size();) {
    const Character c = characterAt(bytesOf(spelled), at, spelled.size());
    at += c.bytes;
    const Category here = categoryIn(c.code);
    const Category after = at < spelled.size() ? categoryIn(characterAt(bytesOf(spelled), at, spelled.size()).code) : Category::other;
    if (boundary(before, here, after)) finish();
    before = here;
    if (here == Category::other || isDiacritic(c.code)) continue;
    append(piece, fold(c.code));
    append(word.whole, fold(c.code));
  }
  finish();
  word.plain = word.parts.size() == 1 && word.parts[0] == word.whole;
  cut(word.whole);
  if (tooShort(word.whole)) word.whole.clear();
  if (pieces > MOST_PARTS) word.parts.clear();
  for (std::string& part : word.parts) {
    cut(part);
    stem(part);
  }
  return word;
}

}  // namespace everyline::words
