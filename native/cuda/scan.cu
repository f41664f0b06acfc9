// Floor: 264 bytes a chunk read once for up to 64 tokens; 250,000 chunks (16 M tokens): 66 MB.
// The queries go in as two halves each (q = high + low, 22 bits): with float sums of int8 landmarks the scores are those of float
// arithmetic, and the 16 best are exact without a second look. Equal scores: the lower chunk first.
// Blocks tell each other their 16th best (an atomic maximum a token): what is below any block's cannot be among the 16 best of all,
// so most blocks' lists hardly change.
#include <algorithm>

#include "mma.cuh"
#include "scan.h"
#include "sizes.h"

namespace everyline::cuda {

namespace {

constexpr int kTile = 64;  // tokens, and chunks a step

// A warp's sorted list: lane i < 16 has the i-th best. Takes (s, c), the same in all lanes, behind equal scores.
__device__ void insert(float& score, uint32_t& chunk, float s, uint32_t c) {
  const int lane = threadIdx.x % 32;
  const int at = __popc(__ballot_sync(0xffffffffu, lane < kTop && score >= s));
  const float above = __shfl_up_sync(0xffffffffu, score, 1);
  const uint32_t aboveChunk = __shfl_up_sync(0xffffffffu, chunk, 1);
  if (lane >= kTop || at >= kTop) return;
  if (lane == at) score = s, chunk = c;
  else if (lane > at) score = above, chunk = aboveChunk;
}

// Floats as unsigned numbers of the same order; 0 is below all.
__device__ uint32_t ordered(float x) {
  const uint32_t bits = __float_as_uint(x);
  return bits ^ (bits >> 31 ? 0xffffffffu : 0x80000000u);
}

// Offers one candidate a lane, in lane order.
__device__ void offer(float& score, uint32_t& chunk, float s, uint32_t c, bool valid) {
  float least = __shfl_sync(0xffffffffu, score, kTop - 1);
  uint32_t wanting = __ballot_sync(0xffffffffu, valid && s > least);
  while (wanting) {
    const int from = __ffs(wanting) - 1;
    wanting &= wanting - 1;
    const float one = __shfl_sync(0xffffffffu, s, from);
    const uint32_t its = __shfl_sync(0xffffffffu, c, from);
    if (one > least) {
      insert(score, chunk, one, its);
      least = __shfl_sync(0xffffffffu, score, kTop - 1);
    }
  }
}

// Four int8 to four halves: 1024 + (b + 128) by bytes, less 1152.
__device__ uint2 bytesToHalves(uint32_t four) {
  four ^= 0x80808080u;
  const uint32_t a = __byte_perm(four, 0x64646464u, 0x4140), b = __byte_perm(four, 0x64646464u, 0x4342);
  const __half2 bias = __float2half2_rn(1152.0f);
  const __half2 x = __hsub2(*(const __half2*)&a, bias), y = __hsub2(*(const __half2*)&b, bias);
  return {*(const uint32_t*)&x, *(const uint32_t*)&y};
}

// A block: up to 64 tokens of one head over one part of the list, 64 chunks a step. Warp w multiplies 16 tokens with 32 chunks, and
// keeps the lists of 8 tokens. Sums: exp2 of scores instead, summed a token.
template <bool kSums>
__global__ void __launch_bounds__(256) scanKernel(Landmarks landmarks, List list, const float* r, int m, float temperature0, float temperature1, uint32_t* floors,
                                                  float* outScores, uint32_t* outChunks, float* outSums) {
  __shared__ __align__(128) __half marks[2][kTile * 64];  // dims 0..63 and 64..127
  __shared__ float tile[kTile][kTile + 1], factor[kTile], partial[2][kTile];
  __shared__ uint32_t numbers[kTile];
  const int head = blockIdx.z, token0 = blockIdx.y * kTile, tokens = min(kTile, m - token0), tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
  const float temperature = head ? temperature1 : temperature0;
  const int steps = (list.n + kTile - 1) / kTile;
  const int step0 = (int)((long)steps * blockIdx.x / gridDim.x), step1 = (int)((long)steps * (blockIdx.x + 1) / gridDim.x);
  const int row0 = warp % 4 * 16, col0 = warp / 4 * 32;
  const bool works = row0 < tokens;

  uint32_t high[8][4] = {}, low[8][4] = {};
  if (works) {
#pragma unroll
    for (int k = 0; k < 8; ++k)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int t = row0 + lane / 4 + i % 2 * 8;
        if (t >= tokens) continue;
        const float2 x = *(const float2*)(r + (size_t)(token0 + t) * 256 + head * 128 + k * 16 + lane % 4 * 2 + i / 2 * 8);
        const __half2 h = __floats2half2_rn(x.x, x.y);
        const float2 back = __half22float2(h);
        high[k][i] = *(const uint32_t*)&h;
        low[k][i] = packHalves(x.x - back.x, x.y - back.y);
      }
  }
  float score[8], sum[2] = {};
  uint32_t chunk[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) score[i] = -INFINITY, chunk[i] = kNone;

  // A thread loads a quarter of a landmark.
  const int mine = tid / 4, quarter = tid % 4;
  uint4 next[2];
  float nextFactor = 0;
  uint32_t nextNumber = kNone;
  const auto fetch = [&](int step) {
    const int at = step * kTile + mine;
    nextNumber = kNone;
    if (step >= step1 || at >= list.n) {
      next[0] = next[1] = {0, 0, 0, 0};
      nextFactor = 0;
      return;
    }
    nextNumber = list.chunks ? list.chunks[at] : at;
    const size_t row = list.rows[nextNumber];
    const uint4* from = (const uint4*)(landmarks.bytes + row * 256 + head * 128 + quarter * 32);
    next[0] = from[0];
    next[1] = from[1];
    nextFactor = landmarks.scales[row * 2 + head] * temperature;
  };
  fetch(step0);
  for (int step = step0; step < step1; ++step) {
    const uint32_t* words = (const uint32_t*)next;
#pragma unroll
    for (int i = 0; i < 4; ++i) {
      const uint2 a = bytesToHalves(words[i * 2]), b = bytesToHalves(words[i * 2 + 1]);
      *(uint4*)(marks[quarter / 2] + swizzled(mine, quarter % 2 * 4 + i)) = {a.x, a.y, b.x, b.y};
    }
    if (quarter == 0) {
      numbers[mine] = nextNumber;
      factor[mine] = nextFactor;
    }
    uint32_t floor[8];
    if constexpr (!kSums) {
#pragma unroll
      for (int i = 0; i < 8; ++i) floor[i] = warp * 8 + i < tokens ? __ldcg(floors + (size_t)(token0 + warp * 8 + i) * kGroups + head) : 0;
    }
    __syncthreads();
    fetch(step + 1);
    if (works) {
      float acc[4][4] = {};
#pragma unroll
      for (int k = 0; k < 8; ++k) {
#pragma unroll
        for (int j = 0; j < 2; ++j) {
          uint32_t b[4];
          loadMatrix(b, marks[k / 4] + swizzled(col0 + j * 16 + lane % 8 + lane / 16 * 8, k % 4 * 2 + lane / 8 % 2));
          mma(acc[j * 2], high[k], b[0], b[1]);
          mma(acc[j * 2 + 1], high[k], b[2], b[3]);
          mma(acc[j * 2], low[k], b[0], b[1]);
          mma(acc[j * 2 + 1], low[k], b[2], b[3]);
        }
      }
#pragma unroll
      for (int j = 0; j < 4; ++j)
#pragma unroll
        for (int i = 0; i < 4; ++i) {
          const int c = col0 + j * 8 + lane % 4 * 2 + i % 2, t = row0 + lane / 4 + i / 2 * 8;
          const float s = acc[j][i] * factor[c];
          if constexpr (kSums) sum[i / 2] += numbers[c] == kNone ? 0.0f : exp2Fast(s * kLog2e);
          else tile[t][c] = s;
        }
    }
    __syncthreads();
    if constexpr (!kSums) {
#pragma unroll
      for (int i = 0; i < 8; ++i) {
        const int t = warp * 8 + i;
        if (t >= tokens) break;
        const float before = score[i];
#pragma unroll
        for (int half = 0; half < 2; ++half) {
          const int c = half * 32 + lane;
          offer(score[i], chunk[i], tile[t][c], numbers[c], numbers[c] != kNone && ordered(tile[t][c]) >= floor[i]);
        }
        if (lane == kTop - 1 && score[i] != before) atomicMax(floors + (size_t)(token0 + t) * kGroups + head, ordered(score[i]));
      }
      __syncthreads();
    }
  }
  if constexpr (kSums) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 1);
      sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 2);
      if (lane % 4 == 0) partial[warp / 4][row0 + lane / 4 + i * 8] = sum[i];
    }
    __syncthreads();
    if (tid < tokens) outSums[((size_t)blockIdx.x * m + token0 + tid) * kGroups + head] = partial[0][tid] + partial[1][tid];
  } else {
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const int t = warp * 8 + i;
      if (t >= tokens) break;
      const size_t at = (((size_t)blockIdx.x * m + token0 + t) * kGroups + head) * kTop + lane;
      if (lane < kTop) outScores[at] = score[i], outChunks[at] = chunk[i];
    }
  }
}

// A warp a token and head.
__global__ void mergeKernel(const float* partScores, const uint32_t* partChunks, int splits, const uint8_t* own, int first, const float* r, int m, float temperature0,
                            float temperature1, float null0, float null1, float* outScores, uint32_t* outChunks, float* outWeights) {
  const int index = blockIdx.x * 4 + threadIdx.x / 32, lane = threadIdx.x % 32;
  if (index >= m * kGroups) return;
  const int t = index / kGroups, head = index % kGroups;
  float score = -INFINITY;
  uint32_t chunk = kNone;
  for (int i = 0; i < splits * kTop; i += 32) {
    const int at = i + lane;
    const bool valid = at < splits * kTop;
    const size_t from = ((size_t)(at / kTop) * m * kGroups + index) * kTop + at % kTop;
    const uint32_t c = valid ? partChunks[from] : kNone;
    offer(score, chunk, valid ? partScores[from] : 0.0f, c, c != kNone);
  }
  if (own) {
    const float4 q = *(const float4*)(r + (size_t)index * 128 + lane * 4);
    for (int c = 0; c < (first + t) / kChunk; ++c) {
      const uint8_t* mark = own + (size_t)c * kLandmarkBytes;
      const char4 x = *(const char4*)(mark + head * 128 + lane * 4);
      const float s = sumWarp(q.x * x.x + q.y * x.y + q.z * x.z + q.w * x.w) * *(const float*)(mark + 256 + head * 4) * (head ? temperature1 : temperature0);
      if (s > __shfl_sync(0xffffffffu, score, kTop - 1)) insert(score, chunk, s, kOwn | c);
    }
  }
  const float null = head ? null1 : null0;
  const float peak = fmaxf(null, __shfl_sync(0xffffffffu, score, 0));
  const float e = lane < kTop && chunk != kNone ? expf(score - peak) : 0.0f;
  const float total = sumWarp(e) + expf(null - peak);
  if (lane >= kTop) return;
  outScores[(size_t)index * kTop + lane] = score;
  outChunks[(size_t)index * kTop + lane] = chunk;
  outWeights[(size_t)index * kTop + lane] = e / total;
}

__global__ void logSumExpKernel(const float* sums, int splits, int items, double divisor, double* out) {
  __shared__ double parts[256];
  double mine = 0;
  for (int i = threadIdx.x; i < items; i += 256) {
    double s = 0;
    for (int k = 0; k < splits; ++k) s += sums[(size_t)k * items + i];
    mine += log(s);
  }
  parts[threadIdx.x] = mine;
  __syncthreads();
  if (threadIdx.x) return;
  double total = 0;
  for (int i = 0; i < 256; ++i) total += parts[i];
  *out += total / divisor;
}

__global__ void meanKernel(const float* r, int m, float factor0, float factor1, float* mean) {
  const int i = threadIdx.x;
  float sum = 0;
  for (int t = 0; t < m; ++t) sum += r[(size_t)t * 256 + i];
  mean[i] += sum * (i < 128 ? factor0 : factor1);
}

// A warp a chunk: lanes 0..15 have the first head's 128 bytes.
__global__ void scoreKernel(Landmarks landmarks, const uint32_t* rows, int n, const float* mean, const double* constant, float* scores) {
  const int lane = threadIdx.x % 32, warps = gridDim.x * (blockDim.x / 32);
  float q[8];
#pragma unroll
  for (int i = 0; i < 8; ++i) q[i] = mean[lane * 8 + i];
  const float less = (float)*constant;
  for (int c = blockIdx.x * (blockDim.x / 32) + threadIdx.x / 32; c < n; c += warps) {
    const size_t row = rows[c];
    const uint2 eight = *(const uint2*)(landmarks.bytes + row * 256 + lane * 8);
    float s = 0;
#pragma unroll
    for (int i = 0; i < 4; ++i) s += q[i] * (float)(int8_t)(eight.x >> (8 * i)) + q[4 + i] * (float)(int8_t)(eight.y >> (8 * i));
    s = sumWarp(s * landmarks.scales[row * 2 + lane / 16]);
    if (lane == 0) scores[c] = s - less;
  }
}

}  // namespace

bool Scan::prepare(Run& run, int m, int n) {
  int device = 0, processors = 0;
  run.check(cudaGetDevice(&device), "asking for the device");
  run.check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "asking for the multiprocessors");
  // Two blocks a multiprocessor; heads and groups of 64 tokens share them.
  const int columns = kGroups * ((m + kTile - 1) / kTile);
  splits_ = std::clamp(2 * processors / columns, 1, std::max(1, (n + 4 * kTile - 1) / (4 * kTile)));
  return run.ok();
}

bool Scan::best(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature) {
  if (!prepare(run, m, list.n)) return false;
  if (list.n == 0) {
    splits_ = 0;
    return true;
  }
  const size_t items = (size_t)splits_ * m * kGroups * kTop;
  if (!scores_.room(run, items) || !chunks_.room(run, items)) return false;
  if (!floors_.room(run, (size_t)m * kGroups)) return false;
  run.check(cudaMemsetAsync(floors_.get(), 0, (size_t)m * kGroups * sizeof(uint32_t), run.stream), "clearing memory");
  scanKernel<false><<<dim3(splits_, (m + kTile - 1) / kTile, kGroups), 256, 0, run.stream>>>(landmarks, list, r, m, temperature[0], temperature[1], floors_.get(), scores_.get(),
                                                                                            chunks_.get(), nullptr);
  run.launched("scoring");
  return run.ok();
}

void Scan::merge(Run& run, const uint8_t* own, int first, const float* r, int m, const float* temperature, const float* null, float* scores, uint32_t* chunks, float* weights) {
  if (!run.ok() || m == 0) return;
  mergeKernel<<<(m * kGroups + 3) / 4, 128, 0, run.stream>>>(scores_.get(), chunks_.get(), splits_, own, first, r, m, temperature[0], temperature[1], null[0], null[1], scores,
                                                             chunks, weights);
  run.launched("merging the best chunks");
}

void Scan::logSumExp(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature, double divisor, double* sum) {
  if (list.n == 0 || !prepare(run, m, list.n) || !sums_.room(run, (size_t)splits_ * m * kGroups)) return;
  scanKernel<true><<<dim3(splits_, (m + kTile - 1) / kTile, kGroups), 256, 0, run.stream>>>(landmarks, list, r, m, temperature[0], temperature[1], nullptr, nullptr, nullptr,
                                                                                           sums_.get());
  run.launched("summing scores");
  logSumExpKernel<<<1, 256, 0, run.stream>>>(sums_.get(), splits_, m * kGroups, divisor, sum);
  run.launched("summing scores");
}

void addMean(Run& run, const float* r, int m, const float* temperature, float factor, float* mean) {
  if (!run.ok()) return;
  meanKernel<<<1, 256, 0, run.stream>>>(r, m, temperature[0] * factor, temperature[1] * factor, mean);
  run.launched("averaging queries");
}

void scoreMean(Run& run, const Landmarks& landmarks, const uint32_t* rows, int n, const float* mean, const double* constant, float* scores) {
  if (!run.ok() || n == 0) return;
  scoreKernel<<<std::min((n + 7) / 8, 1024), 256, 0, run.stream>>>(landmarks, rows, n, mean, constant, scores);
  run.launched("scoring");
}

}  // namespace everyline::cuda
