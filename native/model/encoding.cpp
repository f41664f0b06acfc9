// Writes landmarks, keys and values in their stored form.
#include "model/encoding.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace everyline {

namespace {

float peakOf(const float* x, int n) {
  float peak = 0;
  for (int i = 0; i < n; ++i) peak = std::max(peak, std::fabs(x[i]));
  return peak;
}

// The half-precision number next above f (f >= 0, below 65504), so that a row's largest value still fits 127.
uint16_t halfAbove(float f) {
  if (f < 0x1p-24f) return f > 0 ? 1 : 0;
  uint32_t bits;
  const float scaled = f * 0x1p-112f;  // re-biases the exponent; the result's upper bits are the half
  std::memcpy(&bits, &scaled, 4);
  return (uint16_t)((bits + 0x1fff) >> 13);
}

float halfValue(uint16_t h) {
  uint32_t bits = (uint32_t)h << 13;
  float f;
  std::memcpy(&f, &bits, 4);
  return f * 0x1p112f;
}

// std::clamp, not fmin and fmax: those are calls here.
int8_t rounded(float x) { return (int8_t)std::lrint(std::clamp(x, -127.0f, 127.0f)); }

void storeHead(const float* k, const float* v, size_t stride, uint8_t* out) {
  uint16_t scales[128];
  for (int t = 0; t < 64; ++t) {
    const float* rows[2] = {k + t * stride, v + t * stride};
    for (int part = 0; part < 2; ++part) {
      const uint16_t h = halfAbove(peakOf(rows[part], 64) / 127.0f);
      scales[part * 64 + t] = h;
      const float inverse = h ? 1.0f / halfValue(h) : 0.0f;
      for (int d = 0; d < 64; ++d) {
        const int at = part == 0 ? (d / 4) * 256 + t * 4 + d % 4 : 4096 + (t / 4) * 256 + d * 4 + t % 4;
        out[at] = (uint8_t)rounded(rows[part][d] * inverse);
      }
    }
  }
  std::memcpy(out + 8192, scales, sizeof scales);
}

}  // namespace

void storeLandmark(Precision precision, const float* landmark, uint8_t* out) {
  if (precision == Precision::exact) {
    std::memcpy(out, landmark, 1024);
    return;
  }
  for (int head = 0; head < 2; ++head) {
    const float* x = landmark + head * 128;
    const float scale = peakOf(x, 128) / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
    for (int i = 0; i < 128; ++i) out[head * 128 + i] = (uint8_t)rounded(x[i] * inverse);
    std::memcpy(out + 256 + head * 4, &scale, 4);
  }
}

void storeChunk(Precision precision, const float* k, const float* v, size_t stride, uint8_t* out) {
  for (int head = 0; head < 2; ++head, k += 64, v += 64) {
    if (precision == Precision::stored) {
      storeHead(k, v, stride, out + head * kStoredHead);
      continue;
    }
    float* kt = (float*)out + head * 8192;
    for (int t = 0; t < 64; ++t) {
      for (int d = 0; d < 64; ++d) kt[d * 64 + t] = k[t * stride + d];
      std::memcpy(kt + 4096 + t * 64, v + t * stride, 256);
    }
  }
}

}  // namespace everyline
