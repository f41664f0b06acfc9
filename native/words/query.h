// A query as words, each with the terms that stand for it.
#pragma once
#include <string>
#include <string_view>
#include <vector>

namespace everyline::words {

struct QueryWord {
  std::string whole;               // the word itself, "" where its only part says the same
  std::vector<std::string> parts;  // distinct
  bool plain;                      // one piece: the part is the word's stem
};

// The distinct words of a query in order, at most MOST_QUERY_WORDS. Stop words ("where", "is", "the") are dropped unless there is nothing else.
inline constexpr size_t MOST_QUERY_WORDS = 32;
std::vector<QueryWord> readQuery(std::string_view query);

}  // namespace everyline::words
