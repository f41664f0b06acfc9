// Byte-pair merges: which two neighbouring tokens become one, in the order of their ranks.
#pragma once
#include <cstddef>
#include <cstdint>
#include <vector>

namespace everyline::text {

struct Merge {
  uint32_t left;
  uint32_t right;
  uint32_t result;
};

class Merges {
 public:
  // `ordered`: best rank first. A pair that comes twice keeps its first rank.
  explicit Merges(const std::vector<Merge>& ordered);
  Merges() : Merges(std::vector<Merge>{}) {}

  // Merges `tokens` in place until no pair has a merge: always the pair of the best rank, among equals the leftmost.
  void apply(std::vector<uint32_t>& tokens) const;

 private:
  static constexpr uint32_t NONE = 0xffffffff;
  struct Slot {
    uint64_t pair = EMPTY;
    uint32_t rank = NONE;
    uint32_t result = 0;
  };
  static constexpr uint64_t EMPTY = ~0ull;
  const Slot* find(uint32_t left, uint32_t right) const;
  uint32_t rankOf(uint32_t left, uint32_t right) const;
  void applyShort(std::vector<uint32_t>& tokens) const;
  void applyLong(std::vector<uint32_t>& tokens) const;

  std::vector<Slot> slots_;  // open addressing, a power of two, at most half full
  uint64_t mask_ = 0;
};

}  // namespace everyline::text
