// What happens to tokens between matrices: embedding, norms, heads, the stored form of landmarks and chunks.
#pragma once
#include "device.h"

namespace everyline::cuda {

// x[i] = E[ids[i]]; halves are the int8 weights.
void embed(Run& run, const __half* weights, const float* scales, const int32_t* ids, int m, float* x);
// rows of x set to one vector of 512.
void fillRows(Run& run, const float* vector, int rows, float* x);
// out = half(rms(x) * gain), rows of 512.
void norm(Run& run, const float* x, const float* gain, int m, __half* out);
// cos and sin of position / 10000^(2i/64): [position][2][32].
void ropeTable(Run& run, int positions, float* table);
// A layer's q (8 heads), k and v (2 each) of m rows, 768 floats: rms a head and RoPE of q and k; q scaled by log2(e)/8 to [m][512],
// k and v to rows of kv, [row][k of 2 heads, v of 2 heads].
void splitHeads(Run& run, const float* wide, const int32_t* positions, const float* table, int m, __half* q, __half* kv);
// rms of m x heads vectors of dim (64 or 128), times scale, in place.
void rmsHeads(Run& run, float* x, int m, int heads, int dim, float scale);
// n landmarks of 2 x 128 floats: rms a head, then stored (model/encoding.h), 264 bytes each.
void storeLandmarks(Run& run, const float* marks, int n, uint8_t* out);
// n chunks of 64 rows of [k of 2 heads, v of 2 heads] floats: rms of keys a head, then stored, 16,896 bytes each.
void storeChunks(Run& run, const float* kv, int n, uint8_t* out);
// int8 rows to halves. paired: output row 2j is row j, 2j + 1 row n/2 + j (scales likewise).
void convertWeights(Run& run, const int8_t* rows, const float* scales, int n, int k, bool paired, __half* out, float* outScales);

}  // namespace everyline::cuda
