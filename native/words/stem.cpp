#include "stem.h"

#include <cstddef>
#include <string_view>

namespace everyline::words {

namespace {

// The word being stemmed. Conditions are asked of its beginning, word[0, length).
class Stem {
 public:
  explicit Stem(std::string& word) : word_(word) {}

  bool vowel(size_t i) const {
    switch (word_[i]) {
      case 'a': case 'e': case 'i': case 'o': case 'u': return true;
      case 'y': return i > 0 && !vowel(i - 1);
      default: return false;
    }
  }

  // How often a vowel is followed by a consonant.
  int measure(size_t length) const {
    int count = 0;
    for (size_t i = 1; i < length; i++) count += vowel(i - 1) && !vowel(i);
    return count;
  }

  bool hasVowel(size_t length) const {
    for (size_t i = 0; i < length; i++)
      if (vowel(i)) return true;
    return false;
  }

  bool doubled(size_t length) const { return length >= 2 && word_[length - 1] == word_[length - 2] && !vowel(length - 1); }

  // Consonant, vowel, consonant at the end, the last not w, x or y: a short syllable, as in "hop".
  bool shortEnd(size_t length) const {
    if (length < 3 || vowel(length - 1) || !vowel(length - 2) || vowel(length - 3)) return false;
    const char last = word_[length - 1];
    return last != 'w' && last != 'x' && last != 'y';
  }

  bool ends(std::string_view suffix) const { return std::string_view(word_).ends_with(suffix); }
  size_t before(std::string_view suffix) const { return word_.size() - suffix.size(); }
  void replace(std::string_view suffix, std::string_view by) {
    word_.resize(before(suffix));
    word_ += by;
  }

 private:
  std::string& word_;
};

struct Rule {
  std::string_view suffix, by;
};

// The first rule whose suffix fits decides; it applies when what is before the suffix has more than `measure` syllables.
template <size_t N>
void apply(Stem& stem, const Rule (&rules)[N], int measure) {
  for (const Rule& rule : rules) {
    if (!stem.ends(rule.suffix)) continue;
    if (stem.measure(stem.before(rule.suffix)) > measure) stem.replace(rule.suffix, rule.by);
    return;
  }
}

constexpr Rule DERIVED[] = {
    {"ational", "ate"}, {"ization", "ize"}, {"iveness", "ive"}, {"fulness", "ful"}, {"ousness", "ous"}, {"tional", "tion"}, {"biliti", "ble"},
    {"entli", "ent"},   {"ousli", "ous"},   {"ation", "ate"},   {"alism", "al"},    {"aliti", "al"},    {"iviti", "ive"},   {"enci", "ence"},
    {"anci", "ance"},   {"izer", "ize"},    {"abli", "able"},   {"alli", "al"},     {"ator", "ate"},    {"eli", "e"},
};
constexpr Rule NOUNS[] = {{"icate", "ic"}, {"ative", ""}, {"alize", "al"}, {"iciti", "ic"}, {"ical", "ic"}, {"ness", ""}, {"ful", ""}};
constexpr Rule ENDINGS[] = {
    {"ement", ""}, {"ance", ""}, {"ence", ""}, {"able", ""}, {"ible", ""}, {"ment", ""}, {"ant", ""}, {"ent", ""},
    {"ism", ""},   {"ate", ""},  {"iti", ""},  {"ous", ""},  {"ive", ""},  {"ize", ""},  {"al", ""},  {"er", ""},  {"ic", ""},  {"ou", ""},
};

void plural(Stem& stem) {
  if (stem.ends("sses")) stem.replace("sses", "ss");
  else if (stem.ends("ies")) stem.replace("ies", "i");
  else if (stem.ends("s") && !stem.ends("ss")) stem.replace("s", "");
}

void pastAndProgressive(Stem& stem, std::string& word) {
  if (stem.ends("eed")) {
    if (stem.measure(stem.before("eed")) > 0) stem.replace("eed", "ee");
    return;
  }
  if (stem.ends("ed") && stem.hasVowel(stem.before("ed"))) stem.replace("ed", "");
  else if (stem.ends("ing") && stem.hasVowel(stem.before("ing"))) stem.replace("ing", "");
  else return;
  if (stem.ends("at") || stem.ends("bl") || stem.ends("iz")) word += 'e';
  else if (stem.doubled(word.size()) && word.back() != 'l' && word.back() != 's' && word.back() != 'z') word.pop_back();
  else if (stem.measure(word.size()) == 1 && stem.shortEnd(word.size())) word += 'e';
}

void ending(Stem& stem) {
  if (!stem.ends("sion") && !stem.ends("tion")) return apply(stem, ENDINGS, 1);
  if (stem.measure(stem.before("ion")) > 1) stem.replace("ion", "");
}

void finalE(Stem& stem, std::string& word) {
  if (word.back() == 'e') {
    const int measure = stem.measure(word.size() - 1);
    if (measure > 1 || (measure == 1 && !stem.shortEnd(word.size() - 1))) word.pop_back();
  }
  if (word.back() == 'l' && stem.doubled(word.size()) && stem.measure(word.size()) > 1) word.pop_back();
}

}  // namespace

void stem(std::string& word) {
  if (word.size() < 3) return;
  for (const char c : word)
    if (c < 'a' || c > 'z') return;
  Stem stem(word);
  plural(stem);
  pastAndProgressive(stem, word);
  if (word.back() == 'y' && stem.hasVowel(word.size() - 1)) word.back() = 'i';
  apply(stem, DERIVED, 0);
  apply(stem, NOUNS, 0);
  ending(stem);
  finalE(stem, word);
}

}  // namespace everyline::words
