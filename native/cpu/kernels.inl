// The kernels, written once over the lanes of a simd_*.h and compiled a file an instruction set. No std:: in here: an inline
// function compiled for AVX-512 must not become the copy that the linker keeps for everyone.

#define INLINED __attribute__((always_inline))

static inline F set1(float x) { return F{} + x; }
static inline F load(const float* p) {
  F v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
static inline void store(float* p, F v) { __builtin_memcpy(p, &v, sizeof v); }
static inline I loadInts(const void* p) {
  I v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}

// f(0), f(1), ... f(N-1) with constants: arrays indexed by them live in registers.
template <int I>
struct Index {
  constexpr operator int() const { return I; }
};
template <int N, class Do>
INLINED static inline void each(const Do& f) {
  if constexpr (N > 0) {
    each<N - 1>(f);
    f(Index<N - 1>{});
  }
}

// 2^t for t in [-126, 127], relative error 2e-7.
static inline F exp2Lanes(F t) {
  const F magic = set1(12582912.0f);  // adding it leaves round(t) in the low bits
  F z = t + magic;
  F f = t - (z - magic);
  F p = set1(1.535336188319500e-4f);
  p = fma(p, f, set1(1.339887440266574e-3f));
  p = fma(p, f, set1(9.618437357674640e-3f));
  p = fma(p, f, set1(5.550332471162809e-2f));
  p = fma(p, f, set1(2.402264791363012e-1f));
  p = fma(p, f, set1(6.931472028550421e-1f));
  p = fma(p, f, set1(1.0f));
  return (F)((I)p + ((I)z << 23));
}

static inline F silu(F x) {
  F t = maximum(minimum(x * set1(-1.44269504f), set1(126.0f)), set1(-126.0f));
  return x / (set1(1.0f) + exp2Lanes(t));
}

// ---- rows

static float inverseRms(const float* x, int k) {
  F s = F{};
  for (int i = 0; i < k; i += W) {
    F v = load(x + i);
    s = fma(v, v, s);
  }
  return 1.0f / __builtin_sqrtf(reduceAdd(s) / (float)k + 1e-6f);
}

static void norm(const float* x, const float* gain, int k, float* out) {
  F r = set1(inverseRms(x, k));
  if (gain) {
    for (int i = 0; i < k; i += W) store(out + i, load(x + i) * r * load(gain + i));
  } else {
    for (int i = 0; i < k; i += W) store(out + i, load(x + i) * r);
  }
}

static inline float peakOf(const float* x, int k) {
  F most = F{};
  for (int i = 0; i < k; i += W) {
    F v = load(x + i);
    most = maximum(most, maximum(v, -v));
  }
  return reduceMax(most);
}

// x, which lies within 2^22 of 0, to the nearest integers.
static inline I rounded(F x) { return (I)(x + set1(12582912.0f)) - 0x4B400000; }

// int8 with a given scale; returns the sum of the values, lane by lane.
static inline I roundBytes(const float* x, int k, float inverse, int8_t* out) {
  I sum = I{};
  for (int i = 0; i < k; i += W) {
    I q = rounded(load(x + i) * set1(inverse));
    sum += q;
    Bytes b = __builtin_convertvector(q, Bytes);
    __builtin_memcpy(out + i, &b, sizeof b);
  }
  return sum;
}

static int32_t quantize(const float* x, int k, int8_t* out, float* scale) {
  const float peak = peakOf(x, k);
  *scale = peak / 127.0f;
  return reduceAdd(roundBytes(x, k, peak > 0 ? 127.0f / peak : 0.0f, out));
}

static float quantizeGroups(const float* x, int k, int8_t* out, float* scales) {
  F total = F{};
  for (; k > 0; k -= kGroup, x += kGroup, out += kGroup, ++scales) {
    const float peak = peakOf(x, kGroup);
    *scales = peak / 127.0f;
    total = fma(toFloat(roundBytes(x, kGroup, peak > 0 ? 127.0f / peak : 0.0f, out)), set1(*scales), total);
  }
  return reduceAdd(total);
}

static int32_t quantizeFine(const float* x, int k, int8_t* high, int8_t* low, float* scale) {
  const float peak = peakOf(x, k);
  *scale = peak / 16256.0f;
  F inverse = set1(peak > 0 ? 16256.0f / peak : 0.0f);
  I sum = I{};
  for (int i = 0; i < k; i += W) {
    I q = rounded(load(x + i) * inverse);
    sum += q;
    I h = (q + 64) >> 7;
    Bytes top = __builtin_convertvector(h, Bytes), rest = __builtin_convertvector(q - (h << 7), Bytes);
    __builtin_memcpy(high + i, &top, sizeof top);
    __builtin_memcpy(low + i, &rest, sizeof rest);
  }
  return reduceAdd(sum);
}

// ---- matrices

// M rows x V vectors of a panel: acc[m][v] over all k. `rows` may lie anywhere: scoring uses landmarks as rows.
template <int M, int V>
INLINED static inline void products(const int8_t* const* rows, const uint8_t* w, int k4, Acc (&acc)[M][V]) {
  const int8_t* r[M];
  each<M>([&](auto m) INLINED {
    r[m] = rows[m];
    each<V>([&](auto v) INLINED { acc[m][v] = zeroAcc(); });
  });
  for (int s = 0; s < k4; ++s, w += 256) {
    Weights wv[V];
    each<V>([&](auto v) INLINED { wv[v] = loadWeights(w + v * W * 4); });
    each<M>([&](auto m) INLINED {
      const Acts a = broadcastActs(r[m] + 4 * s);
      each<V>([&](auto v) INLINED { acc[m][v] = dot4(acc[m][v], wv[v], a); });
    });
  }
}

template <int M, int V>
static inline void tile(const int8_t* const* rows, const uint8_t* w, int k4, float* out) {
  Acc acc[M][V];
  products<M, V>(rows, w, k4, acc);
  each<M>([&](auto m) INLINED { each<V>([&](auto v) INLINED { store(out + m * 64 + v * W, toFloat(finish(acc[m][v]))); }); });
}

// The same, a scale for each kGroup values.
template <int M, int V>
static inline void tileOfGroups(const int8_t* const* rows, const float* const* scales, const uint8_t* w, int k4, float* out) {
  each<M>([&](auto m) INLINED { each<V>([&](auto v) INLINED { store(out + m * 64 + v * W, F{}); }); });
  for (int g = 0; g * kGroup < k4 * 4; ++g, w += kGroup / 4 * 256) {
    const int8_t* r[M];
    each<M>([&](auto m) INLINED { r[m] = rows[m] + g * kGroup; });
    Acc acc[M][V];
    products<M, V>(r, w, kGroup / 4, acc);
    each<M>([&](auto m) INLINED {
      const F scale = set1(scales[m][g]);
      each<V>([&](auto v) INLINED { store(out + m * 64 + v * W, fma(toFloat(finish(acc[m][v])), scale, load(out + m * 64 + v * W))); });
    });
  }
}

template <int M>
static inline void panelOfGroups(const int8_t* const* rows, const float* const* scales, int m, const uint8_t* w, int k4, float* out) {
  if constexpr (M > 1) {
    if (m < M) return panelOfGroups<M - 1>(rows, scales, m, w, k4, out);
  }
  for (int c = 0; c < 64; c += NV * W) tileOfGroups<M, NV>(rows, scales, w + c * 4, k4, out + c);
}

// All 64 columns of a panel for m <= M tokens.
template <int M>
static inline void panelTile(const int8_t* const* rows, int m, const uint8_t* w, int k4, float* out) {
  if constexpr (M > 1) {
    if (m < M) return panelTile<M - 1>(rows, m, w, k4, out);
  }
  for (int c = 0; c < 64; c += NV * W) tile<M, NV>(rows, w + c * 4, k4, out + c);
}

template <int M, int V>
static inline void tileFloat(const float* a, size_t lda, const uint8_t* w, int k4, float* out) {
  F acc[M][V];
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) acc[m][v] = F{};
  for (int s = 0; s < k4; ++s, w += 256) {
    for (int j = 0; j < 4; ++j) {
      F wv[V];
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) wv[v] = toFloat(((loadInts(w + v * W * 4) >> (8 * j)) & 255) - 128);
#pragma GCC unroll 16
      for (int m = 0; m < M; ++m) {
        F x = set1(a[m * lda + 4 * s + j]);
#pragma GCC unroll 8
        for (int v = 0; v < V; ++v) acc[m][v] = fma(x, wv[v], acc[m][v]);
      }
    }
  }
#pragma GCC unroll 16
  for (int m = 0; m < M; ++m)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) store(out + m * 64 + v * W, acc[m][v]);
}

template <int M>
static inline void panelTileFloat(const float* a, size_t lda, int m, const uint8_t* w, int k4, float* out) {
  if constexpr (M > 1) {
    if (m < M) return panelTileFloat<M - 1>(a, lda, m, w, k4, out);
  }
  for (int c = 0; c < 64; c += NV * W) tileFloat<M, NV>(a, lda, w + c * 4, k4, out + c);
}

// One token's 64 products of panel p, scaled, into its row of the output.
static inline void finishRow(const float* acc, float bias, float rowScale, const float* columnScale, Epilogue epilogue, int p, float* row) {
  F b = set1(bias), s = set1(rowScale);
  if (epilogue == Epilogue::siluMul) {
    for (int c = 0; c < 32; c += W) {
      F x = (load(acc + c) - b) * (s * load(columnScale + c));
      F y = (load(acc + 32 + c) - b) * (s * load(columnScale + 32 + c));
      store(row + p * 32 + c, silu(x) * y);
    }
    return;
  }
  for (int c = 0; c < 64; c += W) {
    F x = (load(acc + c) - b) * (s * load(columnScale + c));
    if (epilogue == Epilogue::add) x = x + load(row + p * 64 + c);
    store(row + p * 64 + c, x);
  }
}

static void gemm(const Quantized& a, const Packed& w, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) {
  alignas(64) float acc[MR * 64];
  const int k4 = w.k / 4;
  const int each = a.low ? 2 : 1;  // rows of products a token
  for (int p = panel0; p < panel1; ++p) {
    const uint8_t* panel = w.data + (size_t)p * k4 * 256;
    for (int m0 = 0; m0 < a.m; m0 += MR / each) {
      const int m = a.m - m0 < MR / each ? a.m - m0 : MR / each;
      const int8_t* rows[MR];
      if (a.groups) {
        const float* scales[MR];
        for (int i = 0; i < m; ++i) rows[i] = a.data + (m0 + i) * a.stride, scales[i] = a.groups + (m0 + i) * kMostGroups;
        panelOfGroups<MR>(rows, scales, m, panel, k4, acc);
        for (int i = 0; i < m; ++i) finishRow(acc + i * 64, biased ? 128.0f * a.total[m0 + i] : 0.0f, 1.0f, w.scale + p * 64, epilogue, p, out + (m0 + i) * ldo);
        continue;
      }
      for (int i = 0; i < m; ++i) {
        rows[i * each] = a.data + (m0 + i) * a.stride;
        if (a.low) rows[i * 2 + 1] = a.low + (m0 + i) * a.stride;
      }
      panelTile<MR>(rows, m * each, panel, k4, acc);
      for (int i = 0; i < m; ++i) {
        float* row = acc + i * each * 64;
        if (a.low)
          for (int c = 0; c < 64; c += W) store(row + c, fma(load(row + c), set1(128.0f), load(row + 64 + c)));
        float bias = biased ? 128.0f * (float)a.sum[m0 + i] : 0.0f;
        finishRow(row, bias, a.scale[m0 + i], w.scale + p * 64, epilogue, p, out + (m0 + i) * ldo);
      }
    }
  }
}

static void gemmFloat(const float* a, size_t lda, int rows, const Packed& w, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) {
  alignas(64) float acc[MR * 64];
  const int k4 = w.k / 4;
  for (int p = panel0; p < panel1; ++p) {
    const uint8_t* panel = w.data + (size_t)p * k4 * 256;
    for (int m0 = 0; m0 < rows; m0 += MR) {
      const int m = rows - m0 < MR ? rows - m0 : MR;
      panelTileFloat<MR>(a + m0 * lda, lda, m, panel, k4, acc);
      for (int i = 0; i < m; ++i) finishRow(acc + i * 64, 0.0f, 1.0f, w.scale + p * 64, epilogue, p, out + (m0 + i) * ldo);
    }
  }
}

// ---- attention

static void rmsHeads(float* x, int heads, int dim, float scale) {
  for (int h = 0; h < heads; ++h, x += dim) {
    F r = set1(inverseRms(x, dim) * scale);
    for (int i = 0; i < dim; i += W) store(x + i, load(x + i) * r);
  }
}

static inline void rotate(float* head, const float* cos, const float* sin) {
  for (int i = 0; i < 32; i += W) {
    F a = load(head + i), b = load(head + 32 + i), c = load(cos + i), s = load(sin + i);
    store(head + i, a * c - b * s);
    store(head + 32 + i, b * c + a * s);
  }
}

static void splitHeads(float* qkv, const float* cos, const float* sin, float* block, int r) {
  rmsHeads(qkv, 8, 64, 1.44269504f / 8);
  rmsHeads(qkv + 512, 2, 64, 1.0f);
  for (int h = 0; h < 10; ++h) rotate(qkv + h * 64, cos, sin);
  for (int g = 0; g < 2; ++g) {
    float* kt = block + g * 8192;
    const float* k = qkv + 512 + g * 64;
    for (int d = 0; d < 64; ++d) kt[d * 64 + r] = k[d];
    __builtin_memcpy(kt + 4096 + r * 64, qkv + 640 + g * 64, 256);
  }
}

#include "cpu/floats.inl"
#include "cpu/pairs.inl"
#include "cpu/stored.inl"

static void accumulate(float* out, const float* in, const float* scale) {
  for (int h = 0; h < 4; ++h)
    for (int i = 0; i < 64; i += W) store(out + h * 64 + i, fma(load(in + h * 64 + i), set1(scale[h]), load(out + h * 64 + i)));
}

// ---- landmarks

static void readMarks(const int8_t* const* rows, int n, int scaleOffset, float* scale, float* bias) {
  for (int c = 0; c < n; ++c) {
    __builtin_memcpy(scale + c, rows[c] + scaleOffset, 4);
    bias[c] = biased ? -128.0f * (float)byteSum(rows[c], 128) * scale[c] : 0.0f;
  }
}

// M landmarks x V vectors of tokens: take(m, v, their scores).
template <int M, int V, class Take>
static inline void scoreRows(const int8_t* const* rows, const uint8_t* queries, const float* scale, const float* bias, const Take& take) {
  Acc acc[M][V];
  products<M, V>(rows, queries, 32, acc);
  each<M>([&](auto m) INLINED {
    const F s = set1(scale[m]), b = set1(bias[m]);
    each<V>([&](auto v) INLINED { take(m, v, fma(toFloat(finish(acc[m][v])), s, b)); });
  });
}

template <int V, class Take>
static inline void scoreColumn(const int8_t* const* rows, int n, const uint8_t* queries, const float* scale, const float* bias, const Take& take) {
  constexpr int M = V == 1 ? 2 * MR : MR;
  int c = 0;
  for (; c + M <= n; c += M) scoreRows<M, V>(rows + c, queries, scale + c, bias + c, [&](int m, int v, F x) { take(c + m, v, x); });
  for (; c + 4 <= n; c += 4) scoreRows<4, V>(rows + c, queries, scale + c, bias + c, [&](int m, int v, F x) { take(c + m, v, x); });
  for (; c < n; ++c) scoreRows<1, V>(rows + c, queries, scale + c, bias + c, [&](int, int v, F x) { take(c, v, x); });
}

static void scoreTile(const uint8_t* queries, int tokens, const int8_t* const* rows, int n, const float* scale, const float* bias, float* out) {
  int t = 0;
  const auto keep = [&](int c, int v, F x) { store(out + c * 64 + t + v * W, x); };
  for (; t + NV * W <= (tokens + W - 1) / W * W; t += NV * W) scoreColumn<NV>(rows, n, queries + t * 4, scale, bias, keep);
  for (; t < tokens; t += W) scoreColumn<1>(rows, n, queries + t * 4, scale, bias, keep);
}

static int findTile(const uint8_t* queries, int tokens, const int8_t* const* rows, int n, const float* scale, const float* bias, const float* limit, Hit* hits) {
  int found = 0, t = 0;
  const auto compare = [&](int c, int v, F x) {
    for (uint32_t mask = above(x, load(limit + t + v * W)); mask; mask &= mask - 1) hits[found++] = (Hit)(c * 64 + t + v * W + __builtin_ctz(mask));
  };
  for (; t + NV * W <= (tokens + W - 1) / W * W; t += NV * W) scoreColumn<NV>(rows, n, queries + t * 4, scale, bias, compare);
  for (; t < tokens; t += W) scoreColumn<1>(rows, n, queries + t * 4, scale, bias, compare);
  return found;
}

static int filterTile(const float* x, int n, int tokens, const float* scale, const float* threshold, Hit* hits) {
  int found = 0;
  for (int t = 0; t < tokens; t += W) {
    F s = load(scale + t), limit = load(threshold + t);
    for (int c = 0; c < n; ++c) {
      uint32_t mask = above(load(x + c * 64 + t) * s, limit);
      for (; mask; mask &= mask - 1) hits[found++] = (Hit)(c * 64 + t + __builtin_ctz(mask));
    }
  }
  return found;
}

static void sumExpTile(const float* x, int n, int tokens, const float* scale, float* sums) {
  for (int t = 0; t < tokens; t += W) {
    F s = load(scale + t), sum = load(sums + t);
    for (int c = 0; c < n; ++c) sum += exp2Lanes(maximum(load(x + c * 64 + t) * s, set1(-126.0f)));
    store(sums + t, sum);
  }
}

static void scoreOne(const uint8_t* query, const int8_t* const* rows, int n, float* out) {
  constexpr int parts = 128 / (4 * W);
  for (int head = 0; head < 2; ++head) {
    Weights q[parts];
#pragma GCC unroll 8
    for (int i = 0; i < parts; ++i) q[i] = loadWeights(query + head * 128 + i * 4 * W);
    for (int c = 0; c < n; ++c) {
      const int8_t* row = rows[c] + head * 128;
      Acc acc = zeroAcc();
#pragma GCC unroll 8
      for (int i = 0; i < parts; ++i) acc = dot4(acc, q[i], loadActs(row + i * 4 * W));
      int32_t dot = reduceAdd(finish(acc));
      if (biased) dot -= 128 * byteSum(row, 128);
      float scale;
      __builtin_memcpy(&scale, rows[c] + 256 + head * 4, 4);
      out[head * n + c] = (float)dot * scale;
    }
  }
}

static float dot(const float* q, const int8_t* x) {
  F s = F{};
  for (int i = 0; i < 128; i += W) s = fma(load(q + i), bytesToFloat(x + i), s);
  return reduceAdd(s);
}

static float dotFloat(const float* q, const float* x) {
  F s = F{};
  for (int i = 0; i < 128; i += W) s = fma(load(q + i), load(x + i), s);
  return reduceAdd(s);
}

static void powers(const float* x, int n, float* out) {
  F top = load(x);
  for (int i = W; i < n; i += W) top = maximum(top, load(x + i));
  const F most = set1(reduceMax(top));
  for (int i = 0; i < n; i += W) store(out + i, exp2Lanes(maximum((load(x + i) - most) * set1(1.44269504f), set1(-126.0f))));
}

static double dots(int steps, int8_t* seed) {
  Acc acc[MR][NV];
  Weights w[NV];
  each<NV>([&](auto v) INLINED {
    w[v] = loadWeights((const uint8_t*)seed + v * W * 4);
    each<MR>([&](auto m) INLINED { acc[m][v] = zeroAcc(); });
  });
  for (int s = 0; s < steps; ++s) {
    each<MR>([&](auto m) INLINED {
      const Acts a = broadcastActs(seed + 4 * m);  // no two sums are alike, and none is known before
      each<NV>([&](auto v) INLINED { acc[m][v] = dot4(acc[m][v], w[v], a); });
    });
    asm volatile("" ::: "memory");
  }
  I sum = I{};
  each<MR>([&](auto m) INLINED { each<NV>([&](auto v) INLINED { sum += finish(acc[m][v]); }); });
  seed[0] = (int8_t)reduceAdd(sum);
  return 2.0 * 4 * W * MR * NV * steps;
}

static constexpr Kernels rowNamed(const char* isa) {
  return {isa,    norm,   quantize, quantizeGroups, quantizeFine,  gemm,      gemmFloat,  splitHeads, rmsHeads, attend, splitWords, attendWords,
          attendStored, accumulate, readMarks, scoreTile, findTile, filterTile, sumExpTile, scoreOne, dot, dotFloat, powers, dots};
}
