#include "query.h"

#include <algorithm>
#include <iterator>
#include <unordered_set>

#include "analysis.h"

namespace everyline::words {

namespace {

// Sorted.
constexpr std::string_view STOP_WORDS[] = {
    "about", "all",   "also",  "am",    "an",    "and",   "any",  "are",   "as",    "at",    "be",    "been",  "being", "but",  "by",
    "can",   "could", "did",   "do",    "does",  "doing", "for",  "from",  "had",   "has",   "have",  "he",    "her",   "here", "him",
    "his",   "how",   "if",    "in",    "into",  "is",    "it",   "its",   "may",   "me",    "might", "must",  "my",    "of",   "on",
    "or",    "our",   "shall", "she",   "should", "so",   "some", "such",  "than",  "that",  "the",   "their", "them",  "then", "there",
    "these", "they",  "this",  "those", "to",    "us",    "was",  "we",    "were",  "what",  "when",  "where", "which", "while", "who",
    "whom",  "whose", "why",   "will",  "with",  "would", "you",  "your",
};

bool isStopWord(const std::string& word) { return std::binary_search(std::begin(STOP_WORDS), std::end(STOP_WORDS), std::string_view(word)); }

}  // namespace

std::vector<QueryWord> readQuery(std::string_view query) {
  std::vector<Word> words;
  bool meaning = false;
  WordScanner scanner(query);
  for (std::string_view spelled; scanner.next(spelled);) {
    words.push_back(analyse(spelled));
    meaning = meaning || !(words.back().plain && isStopWord(words.back().whole));
  }
  std::vector<QueryWord> out;
  std::unordered_set<std::string> seen;
  for (Word& word : words) {
    if (meaning && word.plain && isStopWord(word.whole)) continue;
    if (word.whole.empty() && word.parts.empty()) continue;
    std::string key = word.whole;
    for (const std::string& part : word.parts) key += ' ' + part;
    if (!seen.insert(key).second) continue;
    QueryWord made{std::move(word.whole), {}, word.plain};
    for (std::string& part : word.parts)
      if (std::find(made.parts.begin(), made.parts.end(), part) == made.parts.end()) made.parts.push_back(std::move(part));
    if (made.parts.size() == 1 && made.parts[0] == made.whole) made.whole.clear();
    out.push_back(std::move(made));
    if (out.size() == MOST_QUERY_WORDS) break;
  }
  return out;
}

}  // namespace everyline::words
