// What the checks compute with: token ids, stored numbers, memories in files.
#pragma once
#include <atomic>
#include <cstdlib>
#include <string>
#include <vector>

#include "backend/cuda.h"
#include "check.h"
#include "cpu/memory.h"
#include "model/json.h"

namespace everyline {

inline const std::atomic<bool> never{false};
inline std::atomic<int64_t> counted{0};

std::vector<int32_t> idsOf(const Json& list);
std::vector<int32_t> someIds(size_t n, int seed);
double cosine(const float* a, const float* b, int n);
// A stored landmark's 256 numbers.
std::vector<float> landmarkOf(const EncodedChunks& e, int chunk);
// Key or value of a token, head and dimension, and its row's step.
float stored(const EncodedChunks& e, int chunk, int token, int head, int d, bool value, float& step);
bool equal(const EncodedChunks& a, const EncodedChunks& b);
int greatest(const std::vector<float>& v);

// Encodings in files that memories attach.
struct Files {
  int landmarks, segment;
  std::vector<Place> places;

  Files();
  ~Files();
  // Encodings of one precision only.
  void add(const EncodedChunks& e, size_t tokens);
  // `chunks` chunks whose landmarks are random or all alike, whose keys and values are holes: zero.
  void synthetic(int chunks, bool alike);
  void attach(Memory& memory) const;
};

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::printf("FAIL  %s: %s\n", result.error().code, result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

// Encode, search, prefill and decode by the clock.
void speed(Backend& gpu);
// What a GPU that fails in the middle of a call leaves: the CPU's results, and why.
void faults(const CudaOptions& options);
// Limits on GPU memory, from one that all fits into to one that the weights do not.
void limits(const CudaOptions& options);

}  // namespace everyline
