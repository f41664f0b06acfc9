// Attention to chunks in their stored form (model/encoding.h), a part of kernels.inl.

// Vectors of a stored chunk's keys or values that are multiplied at once: with 4 heads of two halves their sums stay in registers.
static constexpr int SV = NV > 1 ? NV / 2 : 1;

// Two halves of a sum of products: 128 * high + low.
static inline I joined(Acc high, Acc low) { return (finish(high) << 7) + finish(low); }

// exp2 of the scores of 4 heads with all keys of a stored chunk into p[4][64], times each key's value scale; total[h] = their sum without that.
static inline void scoreStored(const int8_t* high, const int8_t* low, const float* scale, const int32_t* sum, const uint8_t* head, int keys, float* p,
                               float* total) {
  const uint16_t* keyScale = (const uint16_t*)(head + 8192);
  F sums[4] = {F{}, F{}, F{}, F{}};
  I lane = I{};
  for (int i = 0; i < W; ++i) lane[i] = i;
  for (int first = 0; first < 64; first += SV * W) {
    Acc tops[4][SV], rests[4][SV];
    each<4>([&](auto h) INLINED { each<SV>([&](auto v) INLINED { tops[h][v] = rests[h][v] = zeroAcc(); }); });
    for (int d4 = 0; d4 < 16; ++d4) {
      Weights k[SV];
      each<SV>([&](auto v) INLINED { k[v] = loadSigned((const int8_t*)head + d4 * 256 + (first + v * W) * 4); });
      each<4>([&](auto h) INLINED {
        const Acts a = broadcastActs(high + h * 64 + d4 * 4), b = broadcastActs(low + h * 64 + d4 * 4);
        each<SV>([&](auto v) INLINED {
          tops[h][v] = dot4(tops[h][v], k[v], a);
          rests[h][v] = dot4(rests[h][v], k[v], b);
        });
      });
    }
    each<SV>([&](auto v) INLINED {
      const int key = first + v * W;
      const F ks = halfToFloat(keyScale + key), vs = halfToFloat(keyScale + 64 + key);
      each<4>([&](auto h) INLINED {
        I dot = joined(tops[h][v], rests[h][v]);
        if (biased) dot -= 128 * sum[h];
        F e = exp2Lanes(toFloat(dot) * (ks * set1(scale[h])));
        if (key + W > keys) e = (F)((I)e & ((lane + key) < keys));
        sums[h] += e;
        store(p + h * 64 + key, e * vs);
      });
    });
  }
  for (int h = 0; h < 4; ++h) total[h] = reduceAdd(sums[h]);
}

// 64 numbers >= 0 to 14 bits of their largest, as 128 * high + low with both below 128; returns the scale.
static inline float quantizePositive(const float* x, int8_t* high, int8_t* low) {
  F most = load(x);
  for (int i = W; i < 64; i += W) most = maximum(most, load(x + i));
  const float peak = reduceMax(most);
  const F inverse = set1(peak > 0 ? 16256.0f / peak : 0.0f), magic = set1(12582912.0f);
  for (int i = 0; i < 64; i += W) {
    const I q = (I)(load(x + i) * inverse + magic) - 0x4B400000;
    const Bytes top = __builtin_convertvector(q >> 7, Bytes), rest = __builtin_convertvector(q & 127, Bytes);
    __builtin_memcpy(high + i, &top, sizeof top);
    __builtin_memcpy(low + i, &rest, sizeof rest);
  }
  return peak / 16256.0f;
}

// out[4][64] += (p · v) * scale[h] over a stored chunk's values.
static inline void addStored(const int8_t* high, const int8_t* low, const float* scale, const uint8_t* head, int keys, float* out) {
  const int groups = (keys + 3) / 4;
  for (int first = 0; first < 64; first += SV * W) {
    Acc tops[4][SV], rests[4][SV];
    each<4>([&](auto h) INLINED { each<SV>([&](auto v) INLINED { tops[h][v] = rests[h][v] = zeroAcc(); }); });
    for (int k4 = 0; k4 < groups; ++k4) {
      Acts x[SV];
      each<SV>([&](auto v) INLINED { x[v] = loadActs((const int8_t*)head + 4096 + k4 * 256 + (first + v * W) * 4); });
      each<4>([&](auto h) INLINED {
        const Acts a = broadcastActs(high + h * 64 + k4 * 4), b = broadcastActs(low + h * 64 + k4 * 4);
        each<SV>([&](auto v) INLINED {
          tops[h][v] = dotPositive(tops[h][v], a, x[v]);
          rests[h][v] = dotPositive(rests[h][v], b, x[v]);
        });
      });
    }
    each<4>([&](auto h) INLINED {
      each<SV>([&](auto v) INLINED {
        float* o = out + h * 64 + first + v * W;
        store(o, fma(toFloat(joined(tops[h][v], rests[h][v])), set1(scale[h]), load(o)));
      });
    });
  }
}

static void attendStored(const float* q, const uint8_t* const* heads, const int* keys, const float* weights, int n, float* out) {
  alignas(64) int8_t high[256], low[256], pHigh[256], pLow[256];
  alignas(64) float p[256];
  float scale[4], total[4];
  int32_t sum[4];
  for (int h = 0; h < 4; ++h) sum[h] = quantizeFine(q + h * 64, 64, high + h * 64, low + h * 64, scale + h);
  for (int i = 0; i < 256; i += W) store(out + i, F{});
  for (int i = 0; i < n; ++i) {
    // Chunks lie anywhere in a large file: the next one is on its way while this one is multiplied.
    if (i + 1 < n)
      for (int line = 0; line < 8448; line += 64) __builtin_prefetch(heads[i + 1] + line);
    scoreStored(high, low, scale, sum, heads[i], keys[i], p, total);
    float factor[4];
    for (int h = 0; h < 4; ++h) factor[h] = quantizePositive(p + h * 64, pHigh + h * 64, pLow + h * 64) * weights[i] / total[h];
    addStored(pHigh, pLow, factor, heads[i], keys[i], out);
  }
}
