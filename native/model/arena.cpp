#include "model/arena.h"

#include <sys/mman.h>

namespace everyline {

namespace {

constexpr size_t kHuge = 2 << 20, kLine = 64;

constexpr size_t roundUp(size_t n, size_t to) { return (n + to - 1) / to * to; }

}  // namespace

bool Arena::reserve(size_t size) {
  size_ = roundUp(size, kHuge);
  mapped_ = size_ + kHuge;  // what is mapped need not begin at a huge page
  map_ = mmap(nullptr, mapped_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (map_ == MAP_FAILED) {
    map_ = nullptr;
    return false;
  }
  first_ = (uint8_t*)roundUp((size_t)map_, kHuge);
  madvise(first_, size_, MADV_HUGEPAGE);  // a system without them gives small pages
  return true;
}

uint8_t* Arena::take(size_t size) {
  const size_t at = roundUp(taken_, kLine);
  if (!first_ || at + size > size_) return nullptr;
  taken_ = at + size;
  return first_ + at;
}

Arena::~Arena() {
  if (map_) munmap(map_, mapped_);
}

}  // namespace everyline
