// A warp a row or head: all of these are bound by memory, and small beside the matrices.
#include "mma.cuh"
#include "rows.h"
#include "sizes.h"

namespace everyline::cuda {

namespace {

constexpr int kWarps = 8;

int blocksOf(long warps) { return (int)((warps + kWarps - 1) / kWarps); }
__device__ int warpIndex() { return blockIdx.x * kWarps + threadIdx.x / 32; }

__global__ void embedKernel(const __half* weights, const float* scales, const int32_t* ids, int m, float* x) {
  const int row = warpIndex(), lane = threadIdx.x % 32;
  if (row >= m) return;
  const int id = ids[row];
  const float scale = scales[id];
  const __half2* from = (const __half2*)(weights + (size_t)id * kWidth);
  float2* to = (float2*)(x + (size_t)row * kWidth);
  for (int i = lane; i < kWidth / 2; i += 32) {
    const float2 v = __half22float2(from[i]);
    to[i] = {v.x * scale, v.y * scale};
  }
}

__global__ void fillKernel(const float* vector, int rows, float* x) {
  const int row = warpIndex(), lane = threadIdx.x % 32;
  if (row >= rows) return;
  for (int i = lane; i < kWidth / 4; i += 32) ((float4*)(x + (size_t)row * kWidth))[i] = ((const float4*)vector)[i];
}

__global__ void normKernel(const float* x, const float* gain, int m, __half* out) {
  const int row = warpIndex(), lane = threadIdx.x % 32;
  if (row >= m) return;
  const float4* from = (const float4*)(x + (size_t)row * kWidth);
  float4 v[4];
  float sum = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    v[i] = from[i * 32 + lane];
    sum += v[i].x * v[i].x + v[i].y * v[i].y + v[i].z * v[i].z + v[i].w * v[i].w;
  }
  const float r = 1.0f / sqrtf(sumWarp(sum) / kWidth + 1e-6f);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    const float4 g = ((const float4*)gain)[i * 32 + lane];
    uint2 h = {packHalves(clampHalf(v[i].x * r * g.x), clampHalf(v[i].y * r * g.y)), packHalves(clampHalf(v[i].z * r * g.z), clampHalf(v[i].w * r * g.w))};
    ((uint2*)(out + (size_t)row * kWidth))[i * 32 + lane] = h;
  }
}

__global__ void ropeKernel(int positions, float* table) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= positions * 32) return;
  const double angle = (i / 32) * pow(10000.0, -(i % 32) / 32.0);
  table[i / 32 * 64 + i % 32] = (float)cos(angle);
  table[i / 32 * 64 + 32 + i % 32] = (float)sin(angle);
}

__global__ void splitKernel(const float* wide, const int32_t* positions, const float* table, int m, __half* q, __half* kv) {
  const int index = warpIndex(), lane = threadIdx.x % 32;
  const int row = index / 12, head = index % 12;
  if (row >= m) return;
  const float* from = wide + (size_t)row * kQkv + head * 64;
  float a = from[lane], b = from[lane + 32];
  if (head < 10) {
    float r = 1.0f / sqrtf(sumWarp(a * a + b * b) / 64 + 1e-6f);
    if (head < 8) r *= kLog2e / 8;
    const float* rope = table + (size_t)positions[row] * 64;
    const float c = rope[lane], s = rope[32 + lane], u = a * r, v = b * r;
    a = u * c - v * s;
    b = v * c + u * s;
  }
  __half* to = head < 8 ? q + (size_t)row * kWidth + head * 64 : kv + (size_t)row * 256 + (head - 8) * 64;
  to[lane] = __float2half_rn(clampHalf(a));
  to[lane + 32] = __float2half_rn(clampHalf(b));
}

__global__ void rmsKernel(float* x, int vectors, int dim, float scale) {
  const int index = warpIndex(), lane = threadIdx.x % 32;
  if (index >= vectors) return;
  float* v = x + (size_t)index * dim;
  float sum = 0;
  for (int i = lane; i < dim; i += 32) sum += v[i] * v[i];
  const float r = 1.0f / sqrtf(sumWarp(sum) / dim + 1e-6f) * scale;
  for (int i = lane; i < dim; i += 32) v[i] *= r;
}

__device__ int8_t rounded(float x) { return (int8_t)__float2int_rn(fminf(127.0f, fmaxf(-127.0f, x))); }

__global__ void storeLandmarksKernel(const float* marks, int n, uint8_t* out) {
  const int index = warpIndex(), lane = threadIdx.x % 32;
  if (index >= n * 2) return;
  const float* from = marks + (size_t)index * 128;
  float v[4], sum = 0, peak = 0;
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    v[i] = from[lane * 4 + i];
    sum += v[i] * v[i];
  }
  const float r = 1.0f / sqrtf(sumWarp(sum) / 128 + 1e-6f);
#pragma unroll
  for (int i = 0; i < 4; ++i) {
    v[i] *= r;
    peak = fmaxf(peak, fabsf(v[i]));
  }
  const float scale = maxWarp(peak) / 127.0f, inverse = scale > 0 ? 1.0f / scale : 0.0f;
  uint8_t* to = out + (size_t)(index / 2) * kLandmarkBytes;
  char4 four = {rounded(v[0] * inverse), rounded(v[1] * inverse), rounded(v[2] * inverse), rounded(v[3] * inverse)};
  *(char4*)(to + index % 2 * 128 + lane * 4) = four;
  if (lane == 0) *(float*)(to + 256 + index % 2 * 4) = scale;
}

// The half-precision number at or next above f >= 0, so that the largest value still fits 127.
__device__ __half halfAbove(float f) { return f < 0x1p-24f ? __ushort_as_half(f > 0 ? 1 : 0) : __float2half_ru(f); }

__global__ void storeChunksKernel(const float* kv, uint8_t* out) {
  __shared__ __align__(16) uint8_t stored[kStoredHead];
  const int chunk = blockIdx.x / 2, head = blockIdx.x % 2, lane = threadIdx.x % 32;
  for (int t = threadIdx.x / 32; t < 64; t += kWarps) {
    const float* row = kv + ((size_t)chunk * 64 + t) * 256 + head * 64;
    for (int part = 0; part < 2; ++part) {
      float a = row[part * 128 + lane], b = row[part * 128 + lane + 32];
      if (part == 0) {
        const float r = 1.0f / sqrtf(sumWarp(a * a + b * b) / 64 + 1e-6f);
        a *= r;
        b *= r;
      }
      const __half scale = halfAbove(maxWarp(fmaxf(fabsf(a), fabsf(b))) / 127.0f);
      const float s = __half2float(scale), inverse = s > 0 ? 1.0f / s : 0.0f;
      for (int half = 0; half < 2; ++half) {
        const int d = lane + half * 32;
        const int at = part == 0 ? d / 4 * 256 + t * 4 + d % 4 : 4096 + t / 4 * 256 + d * 4 + t % 4;
        stored[at] = (uint8_t)rounded((half ? b : a) * inverse);
      }
      if (lane == 0) ((__half*)(stored + 8192))[part * 64 + t] = scale;
    }
  }
  __syncthreads();
  uint4* to = (uint4*)(out + (size_t)chunk * kKvBytes + head * kStoredHead);
  for (int i = threadIdx.x; i < (int)kStoredHead / 16; i += kWarps * 32) to[i] = ((const uint4*)stored)[i];
}

__global__ void convertKernel(const int8_t* rows, const float* scales, int n, int k, bool paired, __half* out, float* outScales) {
  const int row = blockIdx.x, source = paired ? row / 2 + row % 2 * (n / 2) : row;
  for (int i = threadIdx.x; i < k; i += blockDim.x) out[(size_t)row * k + i] = __int2half_rn(rows[(size_t)source * k + i]);
  if (threadIdx.x == 0) outScales[row] = scales[source];
}

}  // namespace

void embed(Run& run, const __half* weights, const float* scales, const int32_t* ids, int m, float* x) {
  if (!run.ok() || m == 0) return;
  embedKernel<<<blocksOf(m), kWarps * 32, 0, run.stream>>>(weights, scales, ids, m, x);
  run.launched("embedding");
}

void fillRows(Run& run, const float* vector, int rows, float* x) {
  if (!run.ok() || rows == 0) return;
  fillKernel<<<blocksOf(rows), kWarps * 32, 0, run.stream>>>(vector, rows, x);
  run.launched("filling rows");
}

void norm(Run& run, const float* x, const float* gain, int m, __half* out) {
  if (!run.ok() || m == 0) return;
  normKernel<<<blocksOf(m), kWarps * 32, 0, run.stream>>>(x, gain, m, out);
  run.launched("normalising");
}

void ropeTable(Run& run, int positions, float* table) {
  if (!run.ok()) return;
  ropeKernel<<<(positions * 32 + 255) / 256, 256, 0, run.stream>>>(positions, table);
  run.launched("computing rotations");
}

void splitHeads(Run& run, const float* wide, const int32_t* positions, const float* table, int m, __half* q, __half* kv) {
  if (!run.ok() || m == 0) return;
  splitKernel<<<blocksOf(12l * m), kWarps * 32, 0, run.stream>>>(wide, positions, table, m, q, kv);
  run.launched("splitting heads");
}

void rmsHeads(Run& run, float* x, int m, int heads, int dim, float scale) {
  if (!run.ok() || m == 0) return;
  rmsKernel<<<blocksOf((long)m * heads), kWarps * 32, 0, run.stream>>>(x, m * heads, dim, scale);
  run.launched("normalising heads");
}

void storeLandmarks(Run& run, const float* marks, int n, uint8_t* out) {
  if (!run.ok() || n == 0) return;
  storeLandmarksKernel<<<blocksOf(2l * n), kWarps * 32, 0, run.stream>>>(marks, n, out);
  run.launched("storing landmarks");
}

void storeChunks(Run& run, const float* kv, int n, uint8_t* out) {
  if (!run.ok() || n == 0) return;
  storeChunksKernel<<<n * 2, kWarps * 32, 0, run.stream>>>(kv, out);
  run.launched("storing chunks");
}

void convertWeights(Run& run, const int8_t* rows, const float* scales, int n, int k, bool paired, __half* out, float* outScales) {
  if (!run.ok()) return;
  convertKernel<<<n, 256, 0, run.stream>>>(rows, scales, n, k, paired, out, outScales);
  run.launched("converting weights");
}

}  // namespace everyline::cuda
