// A vector of floats or bytes for the kernels: it begins on a cache line, so that no 64-byte load straddles two, and from 2 MB on lies in huge pages.
#pragma once
#include <sys/mman.h>

#include <cstdint>
#include <cstdlib>
#include <new>
#include <vector>

namespace everyline {

template <class T>
struct OnLines {
  using value_type = T;
  static constexpr size_t kLine = 64, kHuge = 2 << 20;

  OnLines() = default;
  template <class U>
  OnLines(const OnLines<U>&) {}

  T* allocate(size_t n) {
    if (n > PTRDIFF_MAX / 2 / sizeof(T)) throw std::bad_alloc();
    const size_t bytes = n * sizeof(T), unit = bytes < kHuge ? kLine : kHuge, whole = (bytes + unit - 1) / unit * unit;
    void* p = std::aligned_alloc(unit, whole);
    if (!p) throw std::bad_alloc();
#if defined(MADV_HUGEPAGE)
    if (unit == kHuge) madvise(p, whole, MADV_HUGEPAGE);  // a wish: without it pages are small
#endif
    return (T*)p;
  }
  void deallocate(T* p, size_t) { std::free(p); }
  template <class U>
  bool operator==(const OnLines<U>&) const { return true; }
};

template <class T>
using Buffer = std::vector<T, OnLines<T>>;

}  // namespace everyline
