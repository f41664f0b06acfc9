#include "merges.h"

#include <bit>
#include <functional>
#include <queue>

namespace everyline::text {

namespace {

// Pieces up to this many bytes are merged by looking for the best pair again each time; longer ones with a heap.
constexpr size_t SHORT = 48;

uint64_t pairOf(uint32_t left, uint32_t right) { return static_cast<uint64_t>(left) << 32 | right; }
uint64_t spread(uint64_t pair) {
  pair *= 0x9e3779b97f4a7c15ull;
  return pair ^ pair >> 29;
}

}  // namespace

Merges::Merges(const std::vector<Merge>& ordered) {
  slots_.resize(std::bit_ceil(ordered.size() * 2 + 2));
  mask_ = slots_.size() - 1;
  for (size_t rank = 0; rank < ordered.size(); rank++) {
    const uint64_t pair = pairOf(ordered[rank].left, ordered[rank].right);
    uint64_t at = spread(pair) & mask_;
    while (slots_[at].pair != EMPTY && slots_[at].pair != pair) at = (at + 1) & mask_;
    if (slots_[at].pair == EMPTY) slots_[at] = {pair, static_cast<uint32_t>(rank), ordered[rank].result};
  }
}

const Merges::Slot* Merges::find(uint32_t left, uint32_t right) const {
  const uint64_t pair = pairOf(left, right);
  for (uint64_t at = spread(pair) & mask_;; at = (at + 1) & mask_) {
    if (slots_[at].pair == pair) return &slots_[at];
    if (slots_[at].pair == EMPTY) return nullptr;
  }
}

uint32_t Merges::rankOf(uint32_t left, uint32_t right) const {
  const Slot* slot = find(left, right);
  return slot ? slot->rank : NONE;
}

void Merges::apply(std::vector<uint32_t>& tokens) const {
  if (tokens.size() < 2) return;
  if (tokens.size() <= SHORT) applyShort(tokens);
  else applyLong(tokens);
}

void Merges::applyShort(std::vector<uint32_t>& tokens) const {
  uint32_t ranks[SHORT];  // of the pair that begins at each token
  size_t count = tokens.size();
  ranks[count - 1] = NONE;
  for (size_t i = 0; i + 1 < count; i++) ranks[i] = rankOf(tokens[i], tokens[i + 1]);
  while (count > 1) {
    size_t best = 0;
    for (size_t i = 1; i + 1 < count; i++)
      if (ranks[i] < ranks[best]) best = i;
    if (ranks[best] == NONE) break;
    tokens[best] = find(tokens[best], tokens[best + 1])->result;
    for (size_t i = best + 1; i + 1 < count; i++) {
      tokens[i] = tokens[i + 1];
      ranks[i] = ranks[i + 1];
    }
    count--;
    if (best > 0) ranks[best - 1] = rankOf(tokens[best - 1], tokens[best]);
    if (best + 1 < count) ranks[best] = rankOf(tokens[best], tokens[best + 1]);
  }
  tokens.resize(count);
}

void Merges::applyLong(std::vector<uint32_t>& tokens) const {
  struct Candidate {
    uint32_t rank, at, left, right;
    bool operator>(const Candidate& other) const { return rank != other.rank ? rank > other.rank : at > other.at; }
  };
  constexpr uint32_t END = NONE;
  const uint32_t count = static_cast<uint32_t>(tokens.size());
  std::vector<uint32_t> next(count), previous(count);
  for (uint32_t i = 0; i < count; i++) {
    next[i] = i + 1 < count ? i + 1 : END;
    previous[i] = i > 0 ? i - 1 : END;
  }
  std::priority_queue<Candidate, std::vector<Candidate>, std::greater<>> candidates;
  auto consider = [&](uint32_t at) {
    if (at == END || next[at] == END) return;
    const uint32_t left = tokens[at], right = tokens[next[at]];
    const uint32_t rank = rankOf(left, right);
    if (rank != NONE) candidates.push({rank, at, left, right});
  };
  constexpr uint32_t GONE = NONE;  // no token has this id
  for (uint32_t i = 0; i < count; i++) consider(i);
  while (!candidates.empty()) {
    const Candidate best = candidates.top();
    candidates.pop();
    const uint32_t second = next[best.at];
    if (tokens[best.at] != best.left || second == END || tokens[second] != best.right) continue;  // outdated
    tokens[best.at] = find(best.left, best.right)->result;
    tokens[second] = GONE;
    next[best.at] = next[second];
    if (next[second] != END) previous[next[second]] = best.at;
    consider(best.at);
    consider(previous[best.at]);
  }
  size_t kept = 0;
  for (uint32_t i = 0; i != END; i = next[i]) tokens[kept++] = tokens[i];
  tokens.resize(kept);
}

}  // namespace everyline::text
