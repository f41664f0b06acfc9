// Floor: 264 bytes a chunk read once for up to 64 tokens; 250,000 chunks (16 M tokens): 66 MB.
// The queries go in as three signed bytes each (24 bits of a token's greatest), so that they meet the landmarks' bytes as they are stored:
// integer sums are exact, the scores those of float arithmetic, and the 16 best are exact without a second look. Equal scores: the lower
// chunk first.
// A score meets its token's floor while it is still in the registers of the multiplication, and few pass: a first pass over a sixteenth
// of the list takes the 16th best of some greatest scores, which the 16th best of all cannot be below; blocks raise it as they go.
#include <algorithm>

#include "best.cuh"
#include "mma.cuh"
#include "scan.h"

namespace everyline::cuda {

namespace {

constexpr int kStep = 64;                           // chunks a step
constexpr int kStages = 4;                          // steps in flight
constexpr int kTidy = 32, kRoom = kTidy + kStep;    // a list longer than kTidy is cut to 16 before the next step
constexpr int kPeaks = 8;                           // greatest scores that a block tells of a token
constexpr int kSample = 16;                         // the first pass takes one step of so many

enum class Want { best, peaks, sums };

struct Stage {
  int8_t marks[kStep * 128];
  float scales[kStep];
};

// Tokens of a block whose warps share 16 tokens by `columns`.
constexpr int tokensOf(int columns) { return 128 / columns; }
constexpr int listBytes(int tokens) { return tokens * (kRoom * 8 + 8); }
constexpr int sharedBytes(Want want, int columns) { return kStages * (int)sizeof(Stage) + (want == Want::best ? listBytes(tokensOf(columns)) : 0); }

struct Query {
  const float* r;
  int m;
  float temperature[2];
};

// Where a scan's results go: keys and counts (best), peaks or sums.
struct Found {
  uint64_t* keys;
  uint32_t *counts, *floors;
  float* numbers;
};

// Queries of 16 tokens as the multiplication takes them, in numbers to the base 256: q = (65536 bytes[0] + 256 bytes[1] + bytes[2]) * scale.
struct Queries {
  uint32_t bytes[3][4][4] = {};
  float scale[2] = {};  // of tokens lane / 4 and lane / 4 + 8
};

constexpr float kGreatest = 8.35e6f;  // below 127 * 65536 + 127 * 256 + 127

// Four bytes with the sign bit flipped, which turns 0..255 to -128..127.
__device__ inline uint32_t signedBytes(uint32_t a, uint32_t b, uint32_t select) { return __byte_perm(a, b, select) ^ 0x80808080u; }

// The queries of tokens from `token0` on. The 32 inputs of step k are, in lanes 4g + l, eight neighbours from 64 (k / 2) + 16 l + 8 (k % 2)
// on: so a lane finds its landmarks' bytes in two pieces of 16.
__device__ void loadQueries(const Query& query, int head, int token0, Queries& q) {
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int half = 0; half < 2; ++half) {
    const int t = token0 + lane / 4 + half * 8;
    const float4* from = (const float4*)(query.r + (size_t)t * 256 + head * 128 + lane % 4 * 16);
    float4 x[8];
    float peak = 0;
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      x[i] = t < query.m ? from[i / 4 * 16 + i % 4] : float4{};
      peak = fmaxf(fmaxf(fmaxf(peak, fabsf(x[i].x)), fmaxf(fabsf(x[i].y), fabsf(x[i].z))), fabsf(x[i].w));
    }
    peak = fmaxf(peak, __shfl_xor_sync(0xffffffffu, peak, 1));
    peak = fmaxf(peak, __shfl_xor_sync(0xffffffffu, peak, 2));
    const float factor = peak > 0 ? kGreatest / peak : 0.0f;
    q.scale[half] = peak / kGreatest * query.temperature[head];
#pragma unroll
    for (int i = 0; i < 8; ++i) {
      const auto shifted = [&](float v) { return (uint32_t)(__float2int_rn(v * factor) + 0x808080); };
      const uint32_t a = shifted(x[i].x), b = shifted(x[i].y), c = shifted(x[i].z), d = shifted(x[i].w);
      const uint32_t ab = __byte_perm(a, b, 0x5140), cd = __byte_perm(c, d, 0x5140);
      q.bytes[0][i / 2][half + i % 2 * 2] = signedBytes(__byte_perm(a, b, 0x0062), __byte_perm(c, d, 0x0062), 0x5410);
      q.bytes[1][i / 2][half + i % 2 * 2] = signedBytes(ab, cd, 0x7632);
      q.bytes[2][i / 2][half + i % 2 * 2] = signedBytes(ab, cd, 0x5410);
    }
  }
}

// x[j] = 16 tokens' products with landmarks col0 + 8 j ..+ 7 of a step, without the landmarks' scales. Neighbouring multiplications go to
// different sums: each is there only some thirty cycles later.
template <int kTiles>
__device__ void multiplyStep(const int8_t* marks, int col0, const Queries& q, float (&x)[kTiles][4]) {
  constexpr int kPair = kTiles < 2 ? 1 : 2;
  const int lane = threadIdx.x % 32;
#pragma unroll
  for (int first = 0; first < kTiles; first += kPair) {
    int32_t sums[3][kPair][4] = {};
#pragma unroll
    for (int part = 0; part < 2; ++part) {
      uint4 b[kPair];
#pragma unroll
      for (int j = 0; j < kPair; ++j) {
        const int c = col0 + (first + j) * 8 + lane / 4;
        b[j] = *(const uint4*)(marks + c * 128 + ((part * 4 + lane % 4) ^ (c & 1) << 2) * 16);
      }
#pragma unroll
      for (int half = 0; half < 2; ++half)
#pragma unroll
        for (int d = 0; d < 3; ++d)
#pragma unroll
          for (int j = 0; j < kPair; ++j) mmaBytes(sums[d][j], q.bytes[d][part * 2 + half], half ? b[j].z : b[j].x, half ? b[j].w : b[j].y);
    }
#pragma unroll
    for (int j = 0; j < kPair; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) x[first + j][i] = fmaf((float)(sums[0][j][i] * 256 + sums[1][j][i]), 256.0f, (float)sums[2][j][i]) * q.scale[i / 2];
  }
}

// Lists of a block's tokens: candidates above a floor, in no order.
struct Lists {
  uint64_t* keys;  // [token][kRoom]
  uint32_t* counts;
  float* floors;

  __device__ void push(int t, uint64_t key) { keys[t * kRoom + atomicAdd(counts + t, 1)] = key; }

  // For a whole warp: the floors of `n` tokens from t0 on rise to what others know (lane i: of token t0 + i), and long lists are cut,
  // which tells the others.
  __device__ void tidy(int t0, int n, uint32_t known, uint32_t* shared, int stride) {
    const int lane = threadIdx.x % 32;
    if (lane < n) floors[t0 + lane] = fmaxf(floors[t0 + lane], unordered(known));
    uint32_t longOnes = __ballot_sync(0xffffffffu, lane < n && counts[t0 + lane] > kTidy);
    for (; longOnes; longOnes &= longOnes - 1) {
      const int i = __ffs(longOnes) - 1, t = t0 + i;
      uint64_t* mine = keys + t * kRoom;
      const uint64_t best = bestOf(0, (int)counts[t], 32, [&](int at) { return mine[at]; });
      __syncwarp();
      if (lane < kTop) mine[lane] = best;
      if (lane == kTop - 1) {
        counts[t] = kTop;
        floors[t] = fmaxf(floors[t], scoreOf(best));
        atomicMax(shared + (size_t)i * stride, scoreBits(best));
      }
    }
  }
};

// A block: up to 128 / C tokens of one head over one part of the list, 64 chunks a step. Warps of one 16 tokens share the chunks of a
// step: C of them, so that few tokens keep all warps busy.
template <Want W, int C>
__global__ void __launch_bounds__(256, 2) scanKernel(Landmarks landmarks, List list, Query query, Found found) {
  constexpr int kTokens = 128 / C, kTiles = kStep / C / 8, kLists = kTokens / 8;
  extern __shared__ __align__(128) char shared[];
  Stage* stages = (Stage*)shared;
  Lists lists;
  lists.keys = (uint64_t*)(stages + kStages);
  lists.counts = (uint32_t*)(lists.keys + kTokens * kRoom);
  lists.floors = (float*)(lists.counts + kTokens);
  const int head = blockIdx.z, token0 = blockIdx.y * kTokens, tokens = min(kTokens, query.m - token0), tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
  const int row0 = warp / C * 16, col0 = warp % C * (kStep / C);
  const bool works = row0 < tokens;
  const int steps = (list.n + kStep - 1) / kStep;
  const int step0 = (int)((long)steps * blockIdx.x / gridDim.x), end = (int)((long)steps * (blockIdx.x + 1) / gridDim.x);
  const int step1 = W == Want::peaks ? step0 + (end - step0 + kSample - 1) / kSample : end;

  Queries q;
  if (works) loadQueries(query, head, token0 + row0, q);
  // Floors of the warp's own lists, a lane each; what others have found since, as of the step before.
  uint32_t* others = found.floors + (size_t)(token0 + warp * kLists) * kGroups + head;
  const bool watches = W == Want::best && lane < kLists && warp * kLists + lane < tokens;
  uint32_t known = watches ? others[lane * kGroups] : 0;
  if (W == Want::best && tid < kTokens) lists.counts[tid] = 0, lists.floors[tid] = tid < tokens ? -INFINITY : INFINITY;

  // Two pieces of 16 bytes a thread and step; the rows that they lie in are looked up a step ahead.
  const int piece = tid % 8;
  uint32_t rows[2];
  const auto look = [&](int step) {
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      const int at = step * kStep + tid / 8 + i * 32;
      rows[i] = step < step1 && at < list.n ? list.rows[at] : kNone;
    }
  };
  const auto load = [&](int step) {
    Stage& stage = stages[step % kStages];
#pragma unroll
    for (int i = 0; i < 2 && step < step1; ++i) {
      const int c = tid / 8 + i * 32;
      const bool valid = rows[i] != kNone;
      const size_t row = valid ? rows[i] : 0;
      // Odd rows have their halves exchanged: eight lanes reading two rows touch all banks once.
      copyAsync(stage.marks + c * 128 + (piece ^ (c & 1) << 2) * 16, landmarks.bytes + row * 256 + head * 128 + piece * 16, valid);
      if (piece == 0) copyAsyncWord(stage.scales + c, landmarks.scales + row * 2 + head, valid);
    }
    commitAsync();
  };
  look(step0);
  for (int s = 0; s < kStages - 1; ++s) {
    load(step0 + s);
    look(step0 + s + 1);
  }
  float sum[2] = {}, peak[2] = {-INFINITY, -INFINITY};
  for (int step = step0; step < step1; ++step) {
    waitAsync<kStages - 2>();
    __syncthreads();
    load(step + kStages - 1);
    look(step + kStages);
    if constexpr (W == Want::best) {
      lists.tidy(warp * kLists, kLists, known, others, kGroups);
      if (watches) known = *(volatile uint32_t*)(others + lane * kGroups);
    }
    const Stage& stage = stages[step % kStages];
    float x[kTiles][4];
    if (works) multiplyStep<kTiles>(stage.marks, col0, q, x);
    if constexpr (W == Want::best) __syncthreads();  // floors and counts are as they are to be
    if (!works) continue;
    const int valid = min(kStep, list.n - step * kStep);
    const float floor[2] = {W == Want::best ? lists.floors[row0 + lane / 4] : 0.0f, W == Want::best ? lists.floors[row0 + lane / 4 + 8] : 0.0f};
#pragma unroll
    for (int j = 0; j < kTiles; ++j)
#pragma unroll
      for (int i = 0; i < 4; ++i) {
        const int c = col0 + j * 8 + lane % 4 * 2 + i % 2;
        const float s = x[j][i] * stage.scales[c];
        if constexpr (W == Want::sums) sum[i / 2] += c < valid ? exp2Fast(s * kLog2e) : 0.0f;
        if constexpr (W == Want::peaks) peak[i / 2] = fmaxf(peak[i / 2], c < valid ? s : -INFINITY);
        if constexpr (W == Want::best)
          if (s >= floor[i / 2] && c < valid) lists.push(row0 + lane / 4 + i / 2 * 8, keyOf(s, list.chunks ? list.chunks[step * kStep + c] : (uint32_t)(step * kStep + c)));
      }
  }

  if constexpr (W == Want::sums) {
    __shared__ float partial[C][kTokens];
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 1);
      sum[i] += __shfl_xor_sync(0xffffffffu, sum[i], 2);
      if (lane % 4 == 0) partial[warp % C][row0 + lane / 4 + i * 8] = sum[i];
    }
    __syncthreads();
    if (tid >= tokens) return;
    float total = 0;
    for (int part = 0; part < C; ++part) total += partial[part][tid];
    found.numbers[((size_t)blockIdx.x * query.m + token0 + tid) * kGroups + head] = total;
  }
  if constexpr (W == Want::peaks) {
    constexpr int kShare = kPeaks / C;  // lanes of a token's four that tell theirs
#pragma unroll
    for (int i = 0; i < 2; ++i) {
      for (int d = kShare; d < 4; d *= 2) peak[i] = fmaxf(peak[i], __shfl_xor_sync(0xffffffffu, peak[i], d));
      const int t = row0 + lane / 4 + i * 8;
      if (t < tokens && lane % 4 < kShare)
        found.numbers[(((size_t)(token0 + t) * kGroups + head) * gridDim.x + blockIdx.x) * kPeaks + warp % C * kShare + lane % 4] = peak[i];
    }
  }
  if constexpr (W == Want::best) {
    __syncthreads();
    for (int i = 0; i < kLists; ++i) {
      const int t = warp * kLists + i;
      if (t >= tokens) break;
      const uint64_t* mine = lists.keys + t * kRoom;
      const int n = (int)lists.counts[t];
      uint64_t key = lane < min(n, kTop) ? mine[lane] : 0;
      if (n > kTop) key = bestOf(0, n, 32, [&](int at) { return mine[at]; });
      const uint32_t floor = __shfl_sync(0xffffffffu, known, i);
      const bool keep = lane < kTop && key && scoreBits(key) >= floor;
      const uint32_t kept = __ballot_sync(0xffffffffu, keep);
      const size_t item = (size_t)(token0 + t) * kGroups + head;
      uint32_t base = 0;
      if (lane == 0 && kept) base = atomicAdd(found.counts + item, __popc(kept));
      base = __shfl_sync(0xffffffffu, base, 0);
      if (keep) found.keys[item * gridDim.x * kTop + base + __popc(kept & ((1u << lane) - 1))] = key;
    }
  }
}

// A block a token and head: what the 16th best of all cannot be below.
__global__ void __launch_bounds__(128) floorKernel(const float* peaks, int n, uint32_t* floors) {
  __shared__ uint64_t parts[4 * 32];
  const float* mine = peaks + (size_t)blockIdx.x * n;
  const uint64_t best = bestOfBlock(n, parts, [&](int i) { return keyOf(mine[i], (uint32_t)i); });
  if (threadIdx.x == kTop - 1) floors[blockIdx.x] = best ? scoreBits(best) : 0;
}

__device__ float ownScore(const uint8_t* mark, int head, const float* query) {
  float s = 0;
  for (int i = 0; i < 32; ++i) {
    const char4 x = *(const char4*)(mark + head * 128 + i * 4);
    const float4 q = *(const float4*)(query + i * 4);
    s += q.x * x.x + q.y * x.y + q.z * x.z + q.w * x.w;
  }
  return s * *(const float*)(mark + 256 + head * 4);
}

// A block a token and head.
__global__ void __launch_bounds__(128) mergeKernel(Found found, int room, const uint8_t* own, int first, Query query, float null0, float null1, float* outScores,
                                                   uint32_t* outChunks, float* outWeights) {
  __shared__ uint64_t parts[4 * 32];
  __shared__ __align__(16) float q[128];
  const int item = blockIdx.x, head = item % kGroups, lane = threadIdx.x % 32;
  q[threadIdx.x] = query.r[(size_t)item * 128 + threadIdx.x] * query.temperature[head];
  __syncthreads();
  const int candidates = room ? (int)found.counts[item] : 0, owns = own ? (first + item / kGroups) / kChunk : 0;
  const uint64_t best = bestOfBlock(candidates + owns, parts, [&](int i) {
    if (i < candidates) return found.keys[(size_t)item * room + i];
    return keyOf(ownScore(own + (size_t)(i - candidates) * kLandmarkBytes, head, q), kOwn | (uint32_t)(i - candidates));
  });
  if (threadIdx.x >= 32) return;
  const float null = head ? null1 : null0, score = scoreOf(best);
  const float peak = fmaxf(null, __shfl_sync(0xffffffffu, score, 0));
  const float e = lane < kTop && best ? expf(score - peak) : 0.0f;
  const float total = sumWarp(e) + expf(null - peak);
  if (lane >= kTop) return;
  outScores[(size_t)item * kTop + lane] = score;
  outChunks[(size_t)item * kTop + lane] = chunkOf(best);
  outWeights[(size_t)item * kTop + lane] = e / total;
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

template <Want W, int C>
void launch(Run& run, int splits, const Landmarks& landmarks, const List& list, const Query& query, const Found& found) {
  scanKernel<W, C><<<dim3(splits, (query.m + tokensOf(C) - 1) / tokensOf(C), kGroups), 256, sharedBytes(W, C), run.stream>>>(landmarks, list, query, found);
  run.launched("scoring");
}

template <Want W, int C>
bool prepareOne(Run& run) {
  return run.check(cudaFuncSetAttribute(scanKernel<W, C>, cudaFuncAttributeMaxDynamicSharedMemorySize, sharedBytes(W, C)), "preparing a kernel");
}

template <Want W>
bool prepareAll(Run& run) {
  return prepareOne<W, 2>(run) && prepareOne<W, 4>(run) && prepareOne<W, 8>(run);
}

template <Want W>
void scan(Run& run, int columns, int splits, const Landmarks& landmarks, const List& list, const Query& query, const Found& found) {
  if (!run.ok()) return;
  if (columns == 8) launch<W, 8>(run, splits, landmarks, list, query, found);
  else if (columns == 4) launch<W, 4>(run, splits, landmarks, list, query, found);
  else launch<W, 2>(run, splits, landmarks, list, query, found);
}

}  // namespace

bool prepareScan(Run& run) { return prepareAll<Want::best>(run) && prepareAll<Want::peaks>(run) && prepareAll<Want::sums>(run); }

bool Scan::prepare(Run& run, int m, int n) {
  int device = 0, processors = 0;
  run.check(cudaGetDevice(&device), "asking for the device");
  run.check(cudaDeviceGetAttribute(&processors, cudaDevAttrMultiProcessorCount, device), "asking for the multiprocessors");
  columns_ = m <= 16 ? 8 : m <= 32 ? 4 : 2;
  // Two blocks a multiprocessor; heads and groups of tokens share them.
  const int groups = kGroups * ((m + tokensOf(columns_) - 1) / tokensOf(columns_));
  splits_ = std::clamp(2 * processors / groups, 1, std::max(1, (n + 4 * kStep - 1) / (4 * kStep)));
  return run.ok();
}

bool Scan::best(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature) {
  if (!prepare(run, m, list.n)) return false;
  if (list.n == 0) {
    splits_ = 0;
    return true;
  }
  const size_t items = (size_t)m * kGroups;
  if (!keys_.room(run, items * splits_ * kTop) || !counts_.room(run, 2 * items) || !peaks_.room(run, items * splits_ * kPeaks)) return false;
  run.check(cudaMemsetAsync(counts_.get(), 0, 2 * items * sizeof(uint32_t), run.stream), "clearing memory");
  const Query query{r, m, {temperature[0], temperature[1]}};
  const Found found{keys_.get(), counts_.get(), counts_.get() + items, peaks_.get()};
  // Worth it where a sixteenth is a step at least, and there are 16 peaks.
  if (list.n >= splits_ * kStep * kSample / 2 && splits_ * kPeaks >= kTop) {
    scan<Want::peaks>(run, columns_, splits_, landmarks, list, query, found);
    if (run.ok()) floorKernel<<<(unsigned)items, 128, 0, run.stream>>>(peaks_.get(), splits_ * kPeaks, found.floors);
    run.launched("scoring");
  }
  scan<Want::best>(run, columns_, splits_, landmarks, list, query, found);
  return run.ok();
}

void Scan::merge(Run& run, const uint8_t* own, int first, const float* r, int m, const float* temperature, const float* null, float* scores, uint32_t* chunks, float* weights) {
  if (!run.ok() || m == 0) return;
  const Query query{r, m, {temperature[0], temperature[1]}};
  mergeKernel<<<m * kGroups, 128, 0, run.stream>>>({keys_.get(), counts_.get(), nullptr, nullptr}, splits_ * kTop, own, first, query, null[0], null[1], scores, chunks, weights);
  run.launched("merging the best chunks");
}

void Scan::logSumExp(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature, double divisor, double* sum) {
  if (list.n == 0 || !prepare(run, m, list.n) || !sums_.room(run, (size_t)splits_ * m * kGroups)) return;
  scan<Want::sums>(run, columns_, splits_, landmarks, list, {r, m, {temperature[0], temperature[1]}}, {nullptr, nullptr, nullptr, sums_.get()});
  if (!run.ok()) return;
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
