// Window attention in floats, a part of kernels.inl.

// exp2 of the scores of 4 heads with V vectors of keys from `first` on, into p[4][64]; sums[h] += them.
template <int V>
static inline void scoreKeys(const float* q, const float* kt, int first, int low, int high, float* p, F* sums) {
  F acc[4][V];
#pragma GCC unroll 4
  for (int h = 0; h < 4; ++h)
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) acc[h][v] = F{};
  for (int d = 0; d < 64; ++d) {
    F k[V];
#pragma GCC unroll 8
    for (int v = 0; v < V; ++v) k[v] = load(kt + d * 64 + first + v * W);
#pragma GCC unroll 4
    for (int h = 0; h < 4; ++h) {
      F x = set1(q[h * 64 + d]);
#pragma GCC unroll 8
      for (int v = 0; v < V; ++v) acc[h][v] = fma(x, k[v], acc[h][v]);
    }
  }
  I lane = I{};
  for (int i = 0; i < W; ++i) lane[i] = i;
#pragma GCC unroll 8
  for (int v = 0; v < V; ++v) {
    const int key = first + v * W;
    const bool partial = key < low || key + W > high;
#pragma GCC unroll 4
    for (int h = 0; h < 4; ++h) {
      F e = exp2Lanes(acc[h][v]);
      if (partial) e = (F)((I)e & ((lane + key) >= low) & ((lane + key) < high));
      sums[h] += e;
      store(p + h * 64 + key, e);
    }
  }
}

// o[4][64] += p[4][keys] · v for V vectors of dims.
template <int V>
static inline void addValues(const float* p, const float* v, int low, int high, float* o) {
  F acc[4][V];
#pragma GCC unroll 4
  for (int h = 0; h < 4; ++h)
#pragma GCC unroll 8
    for (int i = 0; i < V; ++i) acc[h][i] = load(o + h * 64 + i * W);
  for (int j = low; j < high; ++j) {
    F x[V];
#pragma GCC unroll 8
    for (int i = 0; i < V; ++i) x[i] = load(v + j * 64 + i * W);
#pragma GCC unroll 4
    for (int h = 0; h < 4; ++h) {
      F w = set1(p[h * 64 + j]);
#pragma GCC unroll 8
      for (int i = 0; i < V; ++i) acc[h][i] = fma(w, x[i], acc[h][i]);
    }
  }
#pragma GCC unroll 4
  for (int h = 0; h < 4; ++h)
#pragma GCC unroll 8
    for (int i = 0; i < V; ++i) store(o + h * 64 + i * W, acc[h][i]);
}

static void attend(const float* q, size_t qStride, int n, int r0, const float* kt, const float* v, Sees sees, int keys, float* o, size_t oStride,
                   float* sum) {
  alignas(64) float p[4 * 64];
  for (int t = 0; t < n; ++t, q += qStride, o += oStride, sum += 4) {
    const int low = sees == Sees::beyond ? r0 + t + 1 : 0;
    const int high = sees == Sees::upTo ? r0 + t + 1 : keys;
    if (low >= high) continue;
    F sums[4] = {F{}, F{}, F{}, F{}};
    int key = low / W * W;
    for (; key + NV * W <= (high + W - 1) / W * W; key += NV * W) scoreKeys<NV>(q, kt, key, low, high, p, sums);
    if constexpr (NV > 1) {
      for (; key + 2 * W <= (high + W - 1) / W * W; key += 2 * W) scoreKeys<2>(q, kt, key, low, high, p, sums);
    }
    for (; key < high; key += W) scoreKeys<1>(q, kt, key, low, high, p, sums);
    for (int h = 0; h < 4; ++h) sum[h] += reduceAdd(sums[h]);
    for (int d = 0; d < 64; d += NV * W) addValues<NV>(p, v + d, low, high, o + d);
  }
}
