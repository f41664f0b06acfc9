// The encoded list of passages that hold a term, and how often each field does.
//
// For each passage: a varint of (distance to the last passage) * 2 + flag; flag 1 means once in the body and nowhere else, flag 0 is followed by
// a byte of counts: path in bits 0-1, symbols in bits 2-3, body in bits 4-7. Counts are clamped to what their bits hold.
#pragma once
#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace everyline::words {

inline constexpr uint32_t MOST_PATH = 3, MOST_SYMBOLS = 3, MOST_BODY = 15;

inline constexpr uint8_t ONCE_IN_BODY = 1 << 4;

inline uint8_t packCounts(uint32_t path, uint32_t symbols, uint32_t body) {
  return static_cast<uint8_t>(std::min(path, MOST_PATH) | std::min(symbols, MOST_SYMBOLS) << 2 | std::min(body, MOST_BODY) << 4);
}

class PostingWriter {
 public:
  explicit PostingWriter(std::vector<uint8_t>& out) : out_(out) {}

  void put(uint32_t passage, uint8_t counts) {
    const bool once = counts == ONCE_IN_BODY;
    uint64_t value = static_cast<uint64_t>(passage - last_) << 1 | (once ? 1 : 0);
    last_ = passage;
    for (; value >= 0x80; value >>= 7) out_.push_back(static_cast<uint8_t>(value | 0x80));
    out_.push_back(static_cast<uint8_t>(value));
    if (!once) out_.push_back(counts);
  }

 private:
  std::vector<uint8_t>& out_;
  uint32_t last_ = 0;
};

// Reads a list; ends at damage, too. After next() is true, passage and counts are set.
class PostingReader {
 public:
  PostingReader() = default;
  PostingReader(std::string_view bytes, uint32_t passages)
      : at_(reinterpret_cast<const uint8_t*>(bytes.data())), end_(at_ + bytes.size()), passages_(passages) {}

  uint32_t passage = 0;
  uint8_t counts = 0;

  bool next() {
    if (at_ == end_) return false;
    uint64_t value = *at_++;
    if (value >= 0x80) {
      value &= 0x7f;
      for (int shift = 7;; shift += 7) {
        if (at_ == end_ || shift > 35) return false;
        const uint64_t byte = *at_++;
        value |= (byte & 0x7f) << shift;
        if (byte < 0x80) break;
      }
    }
    const uint64_t to = passage + (value >> 1);
    if (to >= passages_) return false;
    passage = static_cast<uint32_t>(to);
    if (value & 1) {
      counts = ONCE_IN_BODY;
      return true;
    }
    if (at_ == end_) return false;
    counts = *at_++;
    return true;
  }

 private:
  const uint8_t* at_ = nullptr;
  const uint8_t* end_ = nullptr;
  uint32_t passages_ = 0;
};

}  // namespace everyline::words
