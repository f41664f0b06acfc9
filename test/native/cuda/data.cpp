#include "data.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <random>

namespace everyline {

std::vector<int32_t> idsOf(const Json& list) {
  std::vector<int32_t> out;
  for (const Json& n : list.array) out.push_back((int32_t)n.number);
  return out;
}

std::vector<int32_t> someIds(size_t n, int seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> out(n);
  for (auto& id : out) id = 8 + (int32_t)(random() % 30000);
  return out;
}

double cosine(const float* a, const float* b, int n) {
  double ab = 0, aa = 0, bb = 0;
  for (int i = 0; i < n; ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / std::sqrt(aa * bb);
}

std::vector<float> landmarkOf(const EncodedChunks& e, int chunk) {
  const uint8_t* at = e.landmarks.data() + chunk * 264;
  std::vector<float> out(256);
  for (int i = 0; i < 256; ++i) {
    float scale;
    std::memcpy(&scale, at + 256 + i / 128 * 4, 4);
    out[i] = (int8_t)at[i] * scale;
  }
  return out;
}

static float halfValue(uint16_t h) {
  uint32_t bits = (uint32_t)h << 13;
  float f;
  std::memcpy(&f, &bits, 4);
  return f * 0x1p112f;
}

float stored(const EncodedChunks& e, int chunk, int token, int head, int d, bool value, float& step) {
  const uint8_t* at = e.kv.data() + chunk * 64 * 264 + head * 8448;
  uint16_t h;
  std::memcpy(&h, at + 8192 + (value ? 128 : 0) + token * 2, 2);
  step = halfValue(h);
  return (int8_t)at[value ? 4096 + token / 4 * 256 + d * 4 + token % 4 : d / 4 * 256 + token * 4 + d % 4] * step;
}

Files::Files() {
  char a[] = "/tmp/everyline-landmarks-XXXXXX", b[] = "/tmp/everyline-segment-XXXXXX";
  landmarks = mkstemp(a);
  segment = mkstemp(b);
  unlink(a);
  unlink(b);
}

Files::~Files() {
  close(landmarks);
  close(segment);
}

void Files::add(const EncodedChunks& e, size_t tokens) {
  const int64_t row = lseek(landmarks, 0, SEEK_END) / (int64_t)(e.landmarks.size() / e.chunks), offset = lseek(segment, 0, SEEK_END);
  if (write(landmarks, e.landmarks.data(), e.landmarks.size()) < 0 || write(segment, e.kv.data(), e.kv.size()) < 0) std::abort();
  places.push_back({(int32_t)places.size() + 1, row, e.chunks, (int32_t)tokens, 0, offset});
}

void Files::synthetic(int chunks, bool alike) {
  std::mt19937 random(7);
  std::vector<uint8_t> rows((size_t)chunks * 264);
  const float scale = 1.0f / 64;
  for (int c = 0; c < chunks; ++c) {
    for (int i = 0; i < 256; ++i) rows[(size_t)c * 264 + i] = alike ? (uint8_t)(i % 100) : (uint8_t)((int)(random() % 255) - 127);
    std::memcpy(rows.data() + (size_t)c * 264 + 256, &scale, 4);
    std::memcpy(rows.data() + (size_t)c * 264 + 260, &scale, 4);
  }
  int64_t row = lseek(landmarks, 0, SEEK_END) / 264, offset = lseek(segment, 0, SEEK_END);
  for (size_t at = 0; at < rows.size();) {
    const ssize_t n = write(landmarks, rows.data() + at, rows.size() - at);
    if (n <= 0) std::abort();
    at += n;
  }
  if (ftruncate(segment, offset + (int64_t)chunks * 64 * 264) != 0) std::abort();
  for (int c = 0; c < chunks;) {
    const int n = std::min(40, chunks - c);
    places.push_back({(int32_t)places.size() + 1, row, n, n * 64, 0, offset});
    c += n;
    row += n;
    offset += (int64_t)n * 64 * 264;
  }
}

void Files::attach(Memory& memory) const {
  if (!memory.attachLandmarks(landmarks) || !memory.attachSegment(0, segment)) std::abort();
  auto added = memory.add(places);
  if (!added) std::printf("%s\n", added.error().message.c_str());
}

bool equal(const EncodedChunks& a, const EncodedChunks& b) { return a.landmarks == b.landmarks && a.kv == b.kv; }

int greatest(const std::vector<float>& v) { return (int)(std::max_element(v.begin(), v.end()) - v.begin()); }

}  // namespace everyline
