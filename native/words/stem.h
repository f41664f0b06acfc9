// The stem of an English word: "parsing", "parsed" and "parses" are one word to a search.
#pragma once
#include <string>

namespace everyline::words {

// Stems a word of lower-case ASCII letters in place, by M. F. Porter's rules (1980). Other words stay as they are.
void stem(std::string& word);

}  // namespace everyline::words
