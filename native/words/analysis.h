// What counts as a word, and under which terms it is indexed and looked for. The one analysis of index and query.
//
// A word is a run of letters, digits, `_` and `$`, as written; scripts without spaces (Chinese, Japanese, Korean, Thai) form words of their own.
//   whole   the word without `_` and `$`, in lower case, diacritics folded:  HTTPServer, http_server → httpserver
//   parts   its pieces by case, digits and underscores, each stemmed:        HTTPServer → http, server; sha256Sum → sha, 256, sum
// Pieces of one character are left out. A plain word (one piece, the word itself) is indexed by its stem alone; other words by whole and parts.
// Unspaced scripts: every pair of neighbours is a part (a single character stands alone). Words of more than MOST_PARTS pieces (hashes,
// encoded data) are indexed by the whole alone. Terms are at most LONGEST_TERM bytes.
#pragma once
#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace everyline::words {

inline constexpr size_t MOST_PARTS = 12, LONGEST_TERM = 64;

struct Word {
  std::string whole;               // "" for unspaced scripts
  std::vector<std::string> parts;  // in order
  bool plain = false;              // one piece: whole is the unstemmed form of parts[0]

  // The terms this word is indexed under, in order.
  template <class Each>
  void terms(Each each) const {
    if (!plain && !whole.empty()) each(whole);
    for (const std::string& part : parts) each(part);
  }
};

// Finds words in UTF-8 text, as they are spelled.
class WordScanner {
 public:
  explicit WordScanner(std::string_view text) : text_(text) {}
  // The next word's bytes; false at the end.
  bool next(std::string_view& spelled);

 private:
  std::string_view text_;
  size_t at_ = 0;
};

Word analyse(std::string_view spelled);

}  // namespace everyline::words
