// Rotary positions: cos and sin of position / 10000^(2i/64), i = 0..31.
#pragma once
#include <vector>

namespace everyline {

// cos then sin, 32 each a position, for `count` positions from `first` on: out[count][64].
void ropeTable(long first, int count, float* out);

}  // namespace everyline
