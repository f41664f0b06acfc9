// Reads and checks tokenizer.json.
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "../result.h"
#include "merges.h"

namespace everyline::text {

struct TokenizerFile {
  std::vector<std::string> vocabulary;  // bytes by id; specials empty
  std::vector<uint32_t> byteTokens;     // 256: the token of each byte
  std::vector<Merge> merges;            // best rank first
};

Result<TokenizerFile> readTokenizerFile(std::string_view json);

}  // namespace everyline::text
