#include "cpu/rope.h"

#include <array>
#include <cmath>

namespace everyline {

void ropeTable(long first, int count, float* out) {
  static const std::array<double, 32> frequency = [] {
    std::array<double, 32> f;
    for (int i = 0; i < 32; ++i) f[i] = std::pow(10000.0, -i / 32.0);
    return f;
  }();
  // A rotation a step in double: exact to float over a chunk, and the same for a position wherever the table begins at a chunk.
  for (int i = 0; i < 32; ++i) {
    double c = std::cos(first * frequency[i]), s = std::sin(first * frequency[i]);
    const double dc = std::cos(frequency[i]), ds = std::sin(frequency[i]);
    for (int t = 0; t < count; ++t) {
      out[t * 64 + i] = (float)c;
      out[t * 64 + 32 + i] = (float)s;
      const double next = c * dc - s * ds;
      s = s * dc + c * ds;
      c = next;
    }
  }
}

}  // namespace everyline
