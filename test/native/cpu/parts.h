// Random inputs for the checks.
#pragma once
#include <memory>
#include <random>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/memory.h"

inline std::vector<float> someFloats(size_t n, int seed) {
  std::mt19937 bits(seed);
  std::normal_distribution<float> normal;
  std::vector<float> out(n);
  for (float& x : out) x = normal(bits);
  return out;
}

// From -127 to 127.
inline std::vector<int8_t> someBytes(size_t n, int seed) {
  std::mt19937 bits(seed);
  std::vector<int8_t> out(n);
  for (auto& x : out) x = (int8_t)((int)(bits() % 255) - 127);
  return out;
}

inline std::vector<int32_t> someIds(size_t n, int seed) {
  std::mt19937 bits(seed);
  std::vector<int32_t> out(n);
  for (auto& id : out) id = 8 + (int32_t)(bits() % 30000);
  return out;
}

// A file that is gone when its descriptor is closed.
int scratchFile(const std::vector<uint8_t>& bytes);

// Random landmarks, `distinct` of them in turn (0: all differ), as one document: in their stored form, and as the floats that were rounded.
struct Marks {
  Marks(uint32_t chunks, int seed, uint32_t distinct = 0);
  uint32_t chunks;
  std::vector<float> floats;  // chunks x 256, a head's rms 1
  std::vector<uint8_t> bytes;
  std::shared_ptr<everyline::Snapshot> snapshot, exact;
};

// largest: chunks of the largest memory that is scanned.
void checkKernels(const everyline::Kernels& kernels, uint32_t largest);
// Encode, search, decode, come and go of documents, all at once.
void checkEngine(const char* model, const char* isa);
