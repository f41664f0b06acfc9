// 4 lanes in plain C++ (compilers turn them into SSE2, or whatever the target has). Included inside the namespace of kernels_baseline.cpp.
static constexpr int W = 4, MR = 4, NV = 1;
static constexpr bool biased = false;

typedef float F __attribute__((vector_size(16)));
typedef int32_t I __attribute__((vector_size(16)));
typedef int16_t Shorts __attribute__((vector_size(16)));
typedef int8_t Bytes __attribute__((vector_size(4)));
// Four lanes of four bytes as shorts: lanes 0, 1 in low, 2, 3 in high.
struct Weights {
  Shorts low, high;
};
using Acts = Weights;
// Pair sums: [lane][pair], two lanes each.
struct Acc {
  I low, high;
};

static inline F fma(F a, F b, F c) { return a * b + c; }
static inline float reduceAdd(F a) { return (a[0] + a[2]) + (a[1] + a[3]); }
static inline F maximum(F a, F b) { return a > b ? a : b; }
static inline F minimum(F a, F b) { return a < b ? a : b; }
static inline float reduceMax(F a) {
  float x = a[0] > a[1] ? a[0] : a[1], y = a[2] > a[3] ? a[2] : a[3];
  return x > y ? x : y;
}
static inline int32_t reduceAdd(I a) { return a[0] + a[1] + a[2] + a[3]; }
static inline uint32_t above(F a, F b) {
  I m = a > b;
  return (uint32_t)((m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8));
}
static inline F toFloat(I a) { return __builtin_convertvector(a, F); }
static inline F bytesToFloat(const int8_t* p) { return F{(float)p[0], (float)p[1], (float)p[2], (float)p[3]}; }
static inline float halfToFloat1(uint16_t h) {
  // Scales are positive; subnormals are exact through the multiplication.
  uint32_t bits = (uint32_t)(h & 0x7fff) << 13;
  float f;
  __builtin_memcpy(&f, &bits, 4);
  return f * 0x1p112f;
}
static inline F halfToFloat(const uint16_t* p) { return F{halfToFloat1(p[0]), halfToFloat1(p[1]), halfToFloat1(p[2]), halfToFloat1(p[3])}; }

#if defined(__SSE2__)
static inline I multiplyPairs(Shorts a, Shorts b) { return (I)_mm_madd_epi16((__m128i)a, (__m128i)b); }
static inline Weights widen(__m128i x) {
  return {(Shorts)_mm_srai_epi16(_mm_unpacklo_epi8(x, x), 8), (Shorts)_mm_srai_epi16(_mm_unpackhi_epi8(x, x), 8)};
}
static inline Weights loadWeights(const uint8_t* p) { return widen(_mm_xor_si128(_mm_loadu_si128((const __m128i*)p), _mm_set1_epi8(-128))); }
static inline Acts loadActs(const int8_t* p) { return widen(_mm_loadu_si128((const __m128i*)p)); }
static inline Acts broadcastActs(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return widen(_mm_set1_epi32(four));
}
#else
static inline I multiplyPairs(Shorts a, Shorts b) {
  return I{a[0] * b[0] + a[1] * b[1], a[2] * b[2] + a[3] * b[3], a[4] * b[4] + a[5] * b[5], a[6] * b[6] + a[7] * b[7]};
}
static inline Weights loadWeights(const uint8_t* p) {
  Weights w;
  for (int i = 0; i < 8; ++i) w.low[i] = (int16_t)(p[i] - 128), w.high[i] = (int16_t)(p[8 + i] - 128);
  return w;
}
static inline Acts loadActs(const int8_t* p) {
  Acts a;
  for (int i = 0; i < 8; ++i) a.low[i] = p[i], a.high[i] = p[8 + i];
  return a;
}
static inline Acts broadcastActs(const int8_t* p) {
  Shorts s{p[0], p[1], p[2], p[3], p[0], p[1], p[2], p[3]};
  return {s, s};
}
#endif
// Signed bytes as weights.
static inline Weights loadSigned(const int8_t* p) { return loadActs(p); }
static inline Acc zeroAcc() { return {I{0, 0, 0, 0}, I{0, 0, 0, 0}}; }
static inline Acc dot4(Acc acc, Weights w, Acts a) { return {acc.low + multiplyPairs(w.low, a.low), acc.high + multiplyPairs(w.high, a.high)}; }
// Sums of four products; p in [0, 127].
static inline Acc dotPositive(Acc acc, Acts p, Acts a) { return dot4(acc, p, a); }
static inline I finish(Acc a) { return I{a.low[0] + a.low[1], a.low[2] + a.low[3], a.high[0] + a.high[1], a.high[2] + a.high[3]}; }
// Lanes of two words.
using Pairs = Shorts;
static inline Pairs loadPairs(const int16_t* p) {
  Pairs v;
  __builtin_memcpy(&v, p, sizeof v);
  return v;
}
static inline Pairs broadcastPair(const int16_t* p) {
  int32_t two;
  __builtin_memcpy(&two, p, 4);
  return (Pairs)I{two, two, two, two};
}
static inline I dotPairs(I acc, Pairs a, Pairs b) { return acc + multiplyPairs(a, b); }
static inline int32_t byteSum(const int8_t*, int) { return 0; }
