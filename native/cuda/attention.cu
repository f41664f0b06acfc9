// No maximum in softmax: q and k are rms-normed, so |q k| / 8 <= 8, exp2 gives 3e-4 .. 3e3, and half precision holds that.
#include "attention.h"
#include "mma.cuh"
#include "sizes.h"

namespace everyline::cuda {

namespace {

// A block a tile and head; each of four warps has 16 queries. Key blocks of 64 come in turn, the next one loading meanwhile.
__global__ void __launch_bounds__(128) windowKernel(const Tile* tiles, const __half* __restrict__ q, const __half* __restrict__ kv, __half* out) {
  __shared__ __align__(128) __half keys[2][64 * 64], values[2][64 * 64];
  const Tile tile = tiles[blockIdx.x];
  const int head = blockIdx.y, group = head / 4, tid = threadIdx.x, lane = tid % 32, place = tid / 32 * 16;
  const bool full = tile.cls >= 0;
  const int blocks = full ? 2 : tile.before + 1;
  const bool works = place < tile.last && place + 16 > tile.first;

  const auto load = [&](int stage, int b) {
    const bool cls = full && b == 1;
    const int row0 = cls ? tile.cls : tile.kv - (full ? 0 : tile.before - b) * 64;
    for (int i = tid; i < 512; i += 128) {
      const int r = i / 8, p = i % 8;
      const bool valid = !cls || r == 0;
      const __half* from = kv + (size_t)(row0 + (valid ? r : 0)) * 256 + group * 64 + p * 8;
      copyAsync(keys[stage] + swizzled(r, p), from, valid);
      copyAsync(values[stage] + swizzled(r, p), from + 128, valid);
    }
    commitAsync();
  };
  load(0, 0);

  uint32_t fq[4][4];
#pragma unroll
  for (int k = 0; k < 4; ++k)
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const int r = place + lane / 4 + i % 2 * 8;
      const bool valid = r >= tile.first && r < tile.last;
      fq[k][i] = valid ? *(const uint32_t*)(q + (size_t)(tile.q + r) * kWidth + head * 64 + k * 16 + lane % 4 * 2 + i / 2 * 8) : 0;
    }
  float o[8][4] = {}, sum[2] = {};
  for (int b = 0; b < blocks; ++b) {
    if (b + 1 < blocks) {
      load((b + 1) % 2, b + 1);
      waitAsync<1>();
    } else {
      waitAsync<0>();
    }
    __syncthreads();
    const __half* ks = keys[b % 2];
    const __half* vs = values[b % 2];
    const int back = full ? -1 : tile.before - b;
    const bool cls = full && b == 1;
    if (works) {
#pragma unroll
      for (int half = 0; half < 2; ++half) {  // 32 keys at a time
        float s[4][4] = {};
#pragma unroll
        for (int k = 0; k < 4; ++k)
#pragma unroll
          for (int j = 0; j < 2; ++j) {
            uint32_t fk[4];
            loadMatrix(fk, ks + swizzled(half * 32 + j * 16 + lane % 8 + lane / 16 * 8, k * 2 + lane / 8 % 2));
            mma(s[j * 2], fq[k], fk[0], fk[1]);
            mma(s[j * 2 + 1], fq[k], fk[2], fk[3]);
          }
#pragma unroll
        for (int j = 0; j < 4; ++j)
#pragma unroll
          for (int i = 0; i < 4; ++i) {
            const int key = half * 32 + j * 8 + lane % 4 * 2 + i % 2, r = place + lane / 4 + i / 2 * 8;
            const bool sees = cls ? key == 0 : back == 0 ? key <= r : back == kBefore ? key > r : true;
            s[j][i] = sees ? exp2Fast(s[j][i]) : 0.0f;
            sum[i / 2] += s[j][i];
          }
#pragma unroll
        for (int k = 0; k < 2; ++k) {
          const uint32_t fp[4] = {packHalves(s[k * 2][0], s[k * 2][1]), packHalves(s[k * 2][2], s[k * 2][3]), packHalves(s[k * 2 + 1][0], s[k * 2 + 1][1]),
                                  packHalves(s[k * 2 + 1][2], s[k * 2 + 1][3])};
#pragma unroll
          for (int d = 0; d < 4; ++d) {
            uint32_t fv[4];
            loadMatrixTransposed(fv, vs + swizzled(half * 32 + k * 16 + lane % 16, d * 2 + lane / 16));
            mma(o[d * 2], fp, fv[0], fv[1]);
            mma(o[d * 2 + 1], fp, fv[2], fv[3]);
          }
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int i = 0; i < 2; ++i) {
    sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 1);
    sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 2);
    const int r = place + lane / 4 + i * 8;
    if (r < tile.first || r >= tile.last) continue;
    const float inverse = 1.0f / sum[i];
#pragma unroll
    for (int j = 0; j < 8; ++j)
      *(uint32_t*)(out + (size_t)(tile.q + r) * kWidth + head * 64 + j * 8 + lane % 4 * 2) = packHalves(o[j][i * 2] * inverse, o[j][i * 2 + 1] * inverse);
  }
}

__device__ float4 bytesToFloats(uint32_t four) {
  return {(float)(int8_t)four, (float)(int8_t)(four >> 8), (float)(int8_t)(four >> 16), (float)(int8_t)(four >> 24)};
}

// A block a token and KV head. Four parts of 64 threads take every fourth chunk; a thread has one key, then one dimension.
__global__ void __launch_bounds__(256) chunksKernel(const Chosen* chosen, const float* weights, const float* q, __half* out) {
  __shared__ __align__(16) float query[4][64], p[4][4][64], partial[4][4][64], halves[4][4][2];
  const int token = blockIdx.x, group = blockIdx.y, tid = threadIdx.x, part = tid / 64, j = tid % 64;
  query[tid / 64][tid % 64] = q[(size_t)token * kWidth + group * 256 + tid];
  __syncthreads();
  float o[4] = {};
  for (int round = 0; round < kTop / 4; ++round) {
    const size_t at = ((size_t)token * kGroups + group) * kTop + round * 4 + part;
    const Chosen chunk = chosen[at];
    const uint8_t* stored = chunk.kv + group * kStoredHead;
    float e[4] = {};
    if (chunk.kv) {
      const uint32_t* keys = (const uint32_t*)stored + j;
#pragma unroll 4
      for (int d = 0; d < 16; ++d) {
        const float4 k = bytesToFloats(keys[d * 64]);
#pragma unroll
        for (int h = 0; h < 4; ++h) {
          const float4 x = *(const float4*)&query[h][d * 4];
          e[h] += x.x * k.x + x.y * k.y + x.z * k.z + x.w * k.w;
        }
      }
      const float scale = __half2float(((const __half*)(stored + 8192))[j]);
#pragma unroll
      for (int h = 0; h < 4; ++h) {
        e[h] = j < chunk.keys ? exp2Fast(e[h] * scale) : 0.0f;
        const float s = sumWarp(e[h]);
        if (tid % 32 == 0) halves[part][h][j / 32] = s;
      }
    }
    __syncthreads();
    if (chunk.kv) {
      const float scale = __half2float(((const __half*)(stored + 8192))[64 + j]) * weights[at];
#pragma unroll
      for (int h = 0; h < 4; ++h) p[part][h][j] = e[h] * scale / (halves[part][h][0] + halves[part][h][1]);
    }
    __syncthreads();
    if (chunk.kv) {
      const uint32_t* values = (const uint32_t*)(stored + 4096) + j;
#pragma unroll 4
      for (int t = 0; t < 16; ++t) {
        const float4 v = bytesToFloats(values[t * 64]);
#pragma unroll
        for (int h = 0; h < 4; ++h) {
          const float4 x = *(const float4*)&p[part][h][t * 4];
          o[h] += x.x * v.x + x.y * v.y + x.z * v.z + x.w * v.w;
        }
      }
    }
    __syncthreads();
  }
#pragma unroll
  for (int h = 0; h < 4; ++h) partial[part][h][j] = o[h];
  __syncthreads();
  const float sum = partial[0][part][j] + partial[1][part][j] + partial[2][part][j] + partial[3][part][j];
  out[(size_t)token * kWidth + group * 256 + tid] = __float2half_rn(clampHalf(sum));
}

}  // namespace

void attendWindow(Run& run, const Tile* tiles, int n, const __half* q, const __half* kv, __half* out) {
  if (!run.ok() || n == 0) return;
  windowKernel<<<dim3(n, kHeads), 128, 0, run.stream>>>(tiles, q, kv, out);
  run.launched("attending");
}

void attendChunks(Run& run, const Chosen* chosen, const float* weights, int m, const float* q, __half* out) {
  if (!run.ok() || m == 0) return;
  chunksKernel<<<dim3(m, kGroups), 256, 0, run.stream>>>(chosen, weights, q, out);
  run.launched("attending to chunks");
}

}  // namespace everyline::cuda
