// Attention: inside documents (window of 256, or all of a chunk and its cls row) on tensor cores; over chosen chunks of the memory.
#pragma once
#include "device.h"

namespace everyline::cuda {

// Up to 64 queries that lie in one chunk: place t of the chunk is row q + t; those in [first, last) are computed.
// They see rows kv..kv+63 and the chunks before (64 rows each) within the window, or, where cls >= 0, all of kv..kv+63 and row cls.
struct Tile {
  int32_t q, first, last, kv, before, cls;
};

// q: rows of 512 halves, scaled by log2(e)/8; kv: rows [k0 k1 v0 v1] of 64 halves; out: rows of 512 halves.
void attendWindow(Run& run, const Tile* tiles, int n, const __half* q, const __half* kv, __half* out);

// A stored chunk (model/encoding.h) chosen by a token and head: the first `keys` of its keys are seen; null: none.
struct Chosen {
  const uint8_t* kv;
  int32_t keys;
};

// m tokens, chosen: [m][2][16]; q: [m][512] floats scaled by log2(e)/8. out[m][512] halves: the weighted sum over chunks, a softmax
// inside each. weights: [m][2][16].
void attendChunks(Run& run, const Chosen* chosen, const float* weights, int m, const float* q, __half* out);

}  // namespace everyline::cuda
