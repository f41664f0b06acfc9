// Window attention in words of 16 bits, multiplied in pairs (vpdpwssd): half of the products of floats. A part of kernels.inl.
//
// Sums stay within 31 bits whatever the input: |q| is 1.4427 and |k| is 8 after rms a head, so |q·k| in words is at most 1.1e9 (Cauchy-Schwarz), and
// exponentials are scaled so that theirs is 2^15 a token and head, times values of 15 bits. What a token's queries, keys and values are rounded
// by depends on that token alone.

typedef int16_t Words __attribute__((vector_size(W * 2)));

static constexpr float kQueryWords = 22500.0f, kKeyWords = 4095.0f, kMostWord = 32767.0f;
static constexpr int kValuesAt = 32 * 64 * 2, kScalesAt = 2 * kValuesAt;  // in a head's block

static inline void storeWords(int16_t* to, F x) {
  const Words w = __builtin_convertvector(rounded(x), Words);
  __builtin_memcpy(to, &w, sizeof w);
}

static void splitWords(float* qkv, const float* cos, const float* sin, int16_t* block, int r) {
  rmsHeads(qkv, 8, 64, 1.44269504f / 8 * kQueryWords);
  rmsHeads(qkv + 512, 2, 64, kKeyWords);
  for (int h = 0; h < 10; ++h) rotate(qkv + h * 64, cos, sin);
  for (int g = 0; g < 2; ++g) {
    int16_t* head = block + g * kWordsHead;
    alignas(64) int16_t words[64];
    for (int d = 0; d < 64; d += W) storeWords(words + d, load(qkv + 512 + g * 64 + d));
    for (int d2 = 0; d2 < 32; ++d2) __builtin_memcpy(head + d2 * 128 + r * 2, words + d2 * 2, 4);
    const float* v = qkv + 640 + g * 64;
    const float peak = peakOf(v, 64), scale = peak / kMostWord;
    const F inverse = set1(peak > 0 ? kMostWord / peak : 0.0f);
    for (int d = 0; d < 64; d += W) storeWords(words + d, load(v + d) * inverse);
    for (int d = 0; d < 64; ++d) head[kValuesAt + r / 2 * 128 + d * 2 + r % 2] = words[d];
    __builtin_memcpy(head + kScalesAt + r * 2, &scale, 4);
  }
  // Last, as they take the place of what was read.
  for (int d = 0; d < 512; d += W) storeWords((int16_t*)qkv + d, load(qkv + d));
}

// exp2 of the scores of 4 heads with V vectors of keys from `first` on; sums[h] += them, heavy[h] += them times the values' scales, which p[4][64] is.
template <int V>
static inline void scoreWords(const int16_t* q, const int16_t* head, int first, int low, int high, float* p, F* sums, F* heavy) {
  I acc[4][V];
  each<4>([&](auto h) INLINED { each<V>([&](auto v) INLINED { acc[h][v] = I{}; }); });
  for (int d2 = 0; d2 < 32; ++d2) {
    Pairs k[V];
    each<V>([&](auto v) INLINED { k[v] = loadPairs(head + d2 * 128 + (first + v * W) * 2); });
    each<4>([&](auto h) INLINED {
      const Pairs x = broadcastPair(q + h * 64 + d2 * 2);
      each<V>([&](auto v) INLINED { acc[h][v] = dotPairs(acc[h][v], x, k[v]); });
    });
  }
  I lane = I{};
  for (int i = 0; i < W; ++i) lane[i] = i;
  each<V>([&](auto v) INLINED {
    const int key = first + v * W;
    const bool partial = key < low || key + W > high;
    const I seen = ((lane + key) >= low) & ((lane + key) < high);
    F scale;
    __builtin_memcpy(&scale, head + kScalesAt + key * 2, sizeof scale);
    each<4>([&](auto h) INLINED {
      F e = exp2Lanes(toFloat(acc[h][v]) * set1(1.0f / (kQueryWords * kKeyWords)));
      F w = e * scale;
      if (partial) e = (F)((I)e & seen), w = (F)((I)w & seen);
      sums[h] += e;
      heavy[h] += w;
      store(p + h * 64 + key, w);
    });
  });
}

// o[4][64] += p[4][keys] · values for V vectors of dims; p in words of `unit`.
template <int V>
static inline void addWords(const int16_t* p, const int16_t* values, int low, int high, const float* unit, float* o) {
  I acc[4][V];
  each<4>([&](auto h) INLINED { each<V>([&](auto i) INLINED { acc[h][i] = I{}; }); });
  for (int j2 = low / 2; j2 < (high + 1) / 2; ++j2) {
    Pairs x[V];
    each<V>([&](auto i) INLINED { x[i] = loadPairs(values + j2 * 128 + i * W * 2); });
    each<4>([&](auto h) INLINED {
      const Pairs w = broadcastPair(p + h * 64 + j2 * 2);
      each<V>([&](auto i) INLINED { acc[h][i] = dotPairs(acc[h][i], w, x[i]); });
    });
  }
  each<4>([&](auto h) INLINED {
    each<V>([&](auto i) INLINED { store(o + h * 64 + i * W, fma(toFloat(acc[h][i]), set1(unit[h]), load(o + h * 64 + i * W))); });
  });
}

static void attendWords(const int16_t* q, size_t qStride, int n, int r0, const int16_t* head, Sees sees, int keys, float* o, size_t oStride, float* sum) {
  alignas(64) float p[4 * 64];
  alignas(64) int16_t words[4 * 64];
  for (int t = 0; t < n; ++t, q += qStride, o += oStride, sum += 4) {
    const int low = sees == Sees::beyond ? r0 + t + 1 : 0;
    const int high = sees == Sees::upTo ? r0 + t + 1 : keys;
    if (low >= high) continue;
    const int from = low / W * W, to = (high + W - 1) / W * W;
    F sums[4] = {F{}, F{}, F{}, F{}}, heavy[4] = {F{}, F{}, F{}, F{}};
    int key = from;
    for (; key + NV * W <= to; key += NV * W) scoreWords<NV>(q, head, key, low, high, p, sums, heavy);
    if constexpr (NV > 2) {
      for (; key + 2 * W <= to; key += 2 * W) scoreWords<2>(q, head, key, low, high, p, sums, heavy);
    }
    for (; key < to; key += W) scoreWords<1>(q, head, key, low, high, p, sums, heavy);
    float unit[4];
    for (int h = 0; h < 4; ++h) {
      sum[h] += reduceAdd(sums[h]);
      const float total = reduceAdd(heavy[h]);
      unit[h] = total / kMostWord;
      const F inverse = set1(total > 0 ? kMostWord / total : 0.0f);
      for (int j = from; j < to; j += W) storeWords(words + h * 64 + j, load(p + h * 64 + j) * inverse);
    }
    for (int d = 0; d < 64; d += NV * W) addWords<NV>(words, head + kValuesAt + d * 2, low, high, unit, o + d);
  }
}
