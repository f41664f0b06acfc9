// One block of zeroed memory that grows by being taken from: huge pages, so that 54 MB of weights cost 30 page faults and not 13,000.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline {

class Arena {
 public:
  Arena() = default;
  Arena(const Arena&) = delete;
  Arena& operator=(const Arena&) = delete;
  ~Arena();

  // Makes room for `size` bytes; once, before `take`. False when there is no memory.
  bool reserve(size_t size);
  // `size` bytes on a cache line of their own; nullptr past what was reserved.
  uint8_t* take(size_t size);

 private:
  void* map_ = nullptr;
  size_t mapped_ = 0, size_ = 0, taken_ = 0;
  uint8_t* first_ = nullptr;
};

}  // namespace everyline
