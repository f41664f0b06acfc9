// Byte-level BPE, exactly model/tokenizer.json. Thread-safe: any number of calls at once.
#pragma once
#include <cstdint>
#include <cstddef>
#include <memory>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "../result.h"
#include "merges.h"

namespace everyline::text {

struct Tokens {
  std::vector<int32_t> ids;
  std::vector<int32_t> ends;  // byte offset of the text after each token
};

class Tokenizer {
 public:
  // Reads tokenizer.json. "bad-model" when it is damaged or not the kind of tokenizer implemented here.
  static Result<std::unique_ptr<Tokenizer>> create(std::string_view json);
  ~Tokenizer();

  // Tokens of UTF-8 text (other bytes pass as they are) of less than 2 GiB. Special tokens are never recognised.
  Tokens encode(std::span<const uint8_t> text) const;
  // The tokens' bytes; specials and unknown ids give nothing.
  std::string decode(std::span<const int32_t> ids) const;
  // The bytes of every token by id; specials empty.
  const std::vector<std::string>& vocabulary() const { return vocabulary_; }

 private:
  Tokenizer() = default;
  struct Cache;
  struct Whole {
    uint32_t id;
    uint32_t length;  // 0: empty slot
  };
  void indexWholes();
  uint32_t whole(const uint8_t* piece, size_t length, uint64_t hash) const;
  void merge(const uint8_t* piece, size_t length, std::vector<uint32_t>& out) const;
  std::unique_ptr<Cache> takeCache() const;
  void returnCache(std::unique_ptr<Cache> cache) const;

  std::vector<std::string> vocabulary_;
  uint32_t byteTokens_[256] = {};
  Merges merges_;
  // Pieces that are one token: open addressing over vocabulary_, so that most pieces need no merging.
  std::vector<Whole> wholes_;
  mutable std::mutex lock_;
  mutable std::vector<std::unique_ptr<Cache>> caches_;  // idle ones
};

}  // namespace everyline::text
