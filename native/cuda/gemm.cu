// Blocks of BM tokens x BN outputs, 64 inputs a step, three steps in flight (cp.async), fragments by ldmatrix from swizzled rows.
#include "gemm.h"
#include "mma.cuh"

namespace everyline::cuda {

namespace {

constexpr int kStep = 64, kStages = 3;

template <int BM, int BN, int WM, int WN, Epilogue E>
__global__ void __launch_bounds__(WM * WN * 32) gemmKernel(const __half* __restrict__ a, const __half* __restrict__ w, const float* __restrict__ scales, int m, int n,
                                                           int k, void* out, const float* from) {
  constexpr int kThreads = WM * WN * 32, TM = BM / WM / 16, TN = BN / WN / 8;
  extern __shared__ __align__(128) __half shared[];
  const int tid = threadIdx.x, lane = tid % 32, warp = tid / 32;
  const int row0 = blockIdx.y * BM, col0 = blockIdx.x * BN;
  const int wm = warp / WN * (BM / WM), wn = warp % WN * (BN / WN);

  const auto load = [&](int stage, int k0) {
    __half* as = shared + stage * (BM + BN) * kStep;
    __half* bs = as + BM * kStep;
#pragma unroll
    for (int i = tid; i < BM * 8; i += kThreads) {
      const int r = i / 8, p = i % 8;
      const bool valid = row0 + r < m;
      copyAsync(as + swizzled(r, p), a + (size_t)(valid ? row0 + r : 0) * k + k0 + p * 8, valid);
    }
#pragma unroll
    for (int i = tid; i < BN * 8; i += kThreads) {
      const int r = i / 8, p = i % 8;
      copyAsync(bs + swizzled(r, p), w + (size_t)(col0 + r) * k + k0 + p * 8, true);
    }
  };

  float acc[TM][TN][4] = {};
  const int steps = k / kStep;
  for (int s = 0; s < kStages - 1; ++s) {
    if (s < steps) load(s, s * kStep);
    commitAsync();
  }
  for (int s = 0; s < steps; ++s) {
    waitAsync<kStages - 2>();
    __syncthreads();
    if (s + kStages - 1 < steps) load((s + kStages - 1) % kStages, (s + kStages - 1) * kStep);
    commitAsync();
    const __half* as = shared + s % kStages * (BM + BN) * kStep;
    const __half* bs = as + BM * kStep;
#pragma unroll
    for (int kk = 0; kk < kStep / 16; ++kk) {
      uint32_t fa[TM][4], fb[TN / 2][4];
#pragma unroll
      for (int i = 0; i < TM; ++i) loadMatrix(fa[i], as + swizzled(wm + i * 16 + lane % 16, kk * 2 + lane / 16));
#pragma unroll
      for (int j = 0; j < TN / 2; ++j) loadMatrix(fb[j], bs + swizzled(wn + j * 16 + lane % 8 + lane / 16 * 8, kk * 2 + lane / 8 % 2));
#pragma unroll
      for (int i = 0; i < TM; ++i)
#pragma unroll
        for (int j = 0; j < TN; ++j) mma(acc[i][j], fa[i], fb[j / 2][j % 2 * 2], fb[j / 2][j % 2 * 2 + 1]);
    }
  }

#pragma unroll
  for (int j = 0; j < TN; ++j) {
    const int col = col0 + wn + j * 8 + lane % 4 * 2;
    const float s0 = scales[col], s1 = scales[col + 1];
#pragma unroll
    for (int i = 0; i < TM; ++i)
#pragma unroll
      for (int half = 0; half < 2; ++half) {
        const int row = row0 + wm + i * 16 + lane / 4 + half * 8;
        if (row >= m) continue;
        float2 y = {acc[i][j][half * 2] * s0, acc[i][j][half * 2 + 1] * s1};
        const size_t at = (size_t)row * n + col;
        if constexpr (E == Epilogue::siluMul) {
          ((__half*)out)[(size_t)row * (n / 2) + col / 2] = __float2half_rn(clampHalf(y.x / (1.0f + __expf(-y.x)) * y.y));
        } else {
          if constexpr (E == Epilogue::add) {
            const float2 x = *(const float2*)(from + at);
            y.x += x.x;
            y.y += x.y;
          }
          *(float2*)((float*)out + at) = y;
        }
      }
  }
}

template <int BM, int BN, int WM, int WN, Epilogue E>
struct Shape {
  static constexpr int bytes = kStages * (BM + BN) * kStep * 2;
  static bool prepare(Run& run) {
    return run.check(cudaFuncSetAttribute(gemmKernel<BM, BN, WM, WN, E>, cudaFuncAttributeMaxDynamicSharedMemorySize, bytes), "preparing a kernel");
  }
  static void launch(Run& run, const Matrix& w, const __half* a, int m, void* out, const float* from) {
    const dim3 grid(w.n / BN, (m + BM - 1) / BM);
    gemmKernel<BM, BN, WM, WN, E><<<grid, WM * WN * 32, bytes, run.stream>>>(a, w.weights.get(), w.scales.get(), m, w.n, w.k, out, from);
  }
};

template <Epilogue E>
using Large = Shape<128, 128, 2, 4, E>;
template <Epilogue E>
using Small = Shape<64, 32, 4, 1, E>;

template <Epilogue E>
void launch(Run& run, const Matrix& w, const __half* a, int m, void* out, const float* from) {
  // Small blocks where large ones would leave most multiprocessors idle.
  if ((w.n / 128) * ((m + 127) / 128) >= 96) Large<E>::launch(run, w, a, m, out, from);
  else Small<E>::launch(run, w, a, m, out, from);
}

}  // namespace

void multiply(Run& run, const Matrix& w, const __half* a, int m, Epilogue epilogue, void* out, const float* from) {
  if (!run.ok() || m == 0) return;
  if (epilogue == Epilogue::store) launch<Epilogue::store>(run, w, a, m, out, from);
  else if (epilogue == Epilogue::add) launch<Epilogue::add>(run, w, a, m, out, from);
  else launch<Epilogue::siluMul>(run, w, a, m, out, from);
  run.launched("multiplying matrices");
}

bool prepareGemm(Run& run) {
  return Large<Epilogue::store>::prepare(run) && Large<Epilogue::add>::prepare(run) && Large<Epilogue::siluMul>::prepare(run) &&
         Small<Epilogue::store>::prepare(run) && Small<Epilogue::add>::prepare(run) && Small<Epilogue::siluMul>::prepare(run);
}

}  // namespace everyline::cuda
