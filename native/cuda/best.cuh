// Lists of the best: a score and its chunk as one number, sorted across the lanes of a warp.
#pragma once
#include <cstdint>

#include "sizes.h"

namespace everyline::cuda {

// Floats as unsigned numbers of the same order; 0 is below all.
__device__ inline uint32_t ordered(float x) {
  const uint32_t bits = __float_as_uint(x);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}
__device__ inline float unordered(uint32_t x) { return x ? __uint_as_float(x ^ (x >> 31 ? 0x80000000u : 0xffffffffu)) : -INFINITY; }

// Of equal scores the lower chunk is the greater key; 0 is none.
__device__ inline uint64_t keyOf(float score, uint32_t chunk) { return (uint64_t)ordered(score) << 32 | (uint32_t)~chunk; }
__device__ inline uint32_t scoreBits(uint64_t key) { return (uint32_t)(key >> 32); }
__device__ inline float scoreOf(uint64_t key) { return unordered(scoreBits(key)); }
__device__ inline uint32_t chunkOf(uint64_t key) { return ~(uint32_t)key; }

__device__ inline uint64_t exchange(uint64_t key, int distance, bool greater) {
  const uint64_t other = __shfl_xor_sync(0xffffffffu, (unsigned long long)key, distance);
  return (other > key) == greater ? other : key;
}

// One key a lane, the greatest in lane 0 (a bitonic sort).
__device__ inline uint64_t sorted(uint64_t key) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int size = 2; size <= 32; size *= 2)
#pragma unroll
    for (int d = size / 2; d; d /= 2) key = exchange(key, d, ((lane & d) == 0) == ((lane & size) == 0));
  return key;
}

// The 32 best of two sorted lists, sorted.
__device__ inline uint64_t merged(uint64_t a, uint64_t b) {
  const int lane = threadIdx.x % 32;
  const uint64_t reversed = __shfl_sync(0xffffffffu, (unsigned long long)b, 31 - lane);
  uint64_t key = a > reversed ? a : reversed;
#pragma unroll
  for (int d = 16; d; d /= 2) key = exchange(key, d, (lane & d) == 0);
  return key;
}

// The best of keys first, first + step.. below n (32 at a time from each), the best 16 of them in lanes 0..15.
template <class At>
__device__ uint64_t bestOf(int first, int n, int step, At at) {
  const int lane = threadIdx.x % 32;
  uint64_t best = 0;
  for (int i = first; i < n; i += step) {
    const uint64_t key = i + lane < n ? at(i + lane) : 0;
    const uint64_t least = __shfl_sync(0xffffffffu, (unsigned long long)best, kTop - 1);
    if (__any_sync(0xffffffffu, key > least)) best = merged(best, sorted(key));
  }
  return best;
}

// The same over all warps of a block, for its first warp; `parts` has 32 keys a warp.
template <class At>
__device__ uint64_t bestOfBlock(int n, uint64_t* parts, At at) {
  const int lane = threadIdx.x % 32, warp = threadIdx.x / 32, warps = blockDim.x / 32;
  uint64_t best = bestOf(warp * 32, n, warps * 32, at);
  parts[warp * 32 + lane] = best;
  __syncthreads();
  for (int w = 1; warp == 0 && w < warps && w * 32 < n; ++w) best = merged(best, parts[w * 32 + lane]);
  return best;
}

}  // namespace everyline::cuda
