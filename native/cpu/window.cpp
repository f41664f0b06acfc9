#include "cpu/window.h"

#include <algorithm>

#include "model/sizes.h"

namespace everyline {

namespace {

constexpr size_t kFloatsHead = 2 * 64 * 64;  // keys [64 dims][64 tokens], values [64 tokens][64 dims]

}  // namespace

size_t Window::blockBytes() const { return kGroups * (precision_ == Precision::exact ? kFloatsHead * sizeof(float) : kWordsHead * sizeof(int16_t)); }

void Window::split(float* qkv, const float* rope, int n, uint8_t* block) const {
  for (int t = 0; t < n; ++t, qkv += kQkv, rope += 64) {
    if (precision_ == Precision::exact) kernels_.splitHeads(qkv, rope, rope + 32, (float*)block, t);
    else kernels_.splitWords(qkv, rope, rope + 32, (int16_t*)block, t);
  }
}

void Window::attend(const float* qkv, int n, const std::vector<Block>& blocks, float* out) const {
  std::fill(out, out + (size_t)n * kWidth, 0.0f);
  for (int g = 0; g < kGroups; ++g) {
    float sums[65 * 4] = {};
    float* o = out + g * 256;
    for (const Block& b : blocks) {
      if (precision_ == Precision::exact) {
        const float* head = (const float*)b.data + g * kFloatsHead;
        kernels_.attend(qkv + g * 256, kQkv, n, 0, head, head + kFloatsHead / 2, b.sees, b.keys, o, kWidth, sums);
      } else {
        kernels_.attendWords((const int16_t*)qkv + g * 256, kQkv * 2, n, 0, (const int16_t*)b.data + g * kWordsHead, b.sees, b.keys, o, kWidth, sums);
      }
    }
    for (int t = 0; t < n; ++t)
      for (int h = 0; h < 4; ++h) {
        const float inverse = 1.0f / sums[t * 4 + h];
        for (int d = 0; d < 64; ++d) o[t * kWidth + h * 64 + d] *= inverse;
      }
  }
}

}  // namespace everyline
