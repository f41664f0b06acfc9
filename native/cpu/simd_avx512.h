// 16 lanes: AVX-512 with VNNI. Included inside the namespace of kernels_avx512.cpp.
static constexpr int W = 16, MR = 6, NV = 4;
static constexpr bool biased = true;  // dot4 multiplies weight + 128

typedef float F __attribute__((vector_size(64)));
typedef int32_t I __attribute__((vector_size(64)));
typedef int8_t Bytes __attribute__((vector_size(16)));
using Weights = __m512i;
using Acts = __m512i;
using Acc = I;  // not __m512i: GCC 12 then writes every sum of a product to the stack, which takes half the speed

static inline F fma(F a, F b, F c) { return (F)_mm512_fmadd_ps((__m512)a, (__m512)b, (__m512)c); }
static inline float reduceAdd(F a) { return _mm512_reduce_add_ps((__m512)a); }
static inline float reduceMax(F a) { return _mm512_reduce_max_ps((__m512)a); }
static inline int32_t reduceAdd(I a) { return _mm512_reduce_add_epi32((__m512i)a); }
static inline F maximum(F a, F b) { return (F)_mm512_max_ps((__m512)a, (__m512)b); }
static inline F minimum(F a, F b) { return (F)_mm512_min_ps((__m512)a, (__m512)b); }
static inline uint32_t above(F a, F b) { return _mm512_cmp_ps_mask((__m512)a, (__m512)b, _CMP_GT_OQ); }
static inline F toFloat(I a) { return (F)_mm512_cvtepi32_ps((__m512i)a); }
static inline F bytesToFloat(const int8_t* p) { return (F)_mm512_cvtepi32_ps(_mm512_cvtepi8_epi32(_mm_loadu_si128((const __m128i*)p))); }
static inline F halfToFloat(const uint16_t* p) { return (F)_mm512_cvtph_ps(_mm256_loadu_si256((const __m256i*)p)); }

static inline Weights loadWeights(const uint8_t* p) { return _mm512_loadu_si512(p); }
static inline Acts broadcastActs(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm512_set1_epi32(four);
}
static inline Acts loadActs(const int8_t* p) { return _mm512_loadu_si512(p); }
// Signed bytes as weights.
static inline Weights loadSigned(const int8_t* p) { return _mm512_xor_si512(_mm512_loadu_si512(p), _mm512_set1_epi8(-128)); }
static inline Acc zeroAcc() { return I{}; }
static inline Acc dot4(Acc acc, Weights w, Acts a) { return (I)_mm512_dpbusd_epi32((__m512i)acc, w, a); }
// Sums of four products; p in [0, 127].
static inline Acc dotPositive(Acc acc, Acts p, Acts a) { return (I)_mm512_dpbusd_epi32((__m512i)acc, p, a); }
static inline I finish(Acc a) { return a; }
// Lanes of two words.
using Pairs = __m512i;
static inline Pairs loadPairs(const int16_t* p) { return _mm512_loadu_si512(p); }
static inline Pairs broadcastPair(const int16_t* p) {
  int32_t two;
  __builtin_memcpy(&two, p, 4);
  return _mm512_set1_epi32(two);
}
static inline I dotPairs(I acc, Pairs a, Pairs b) { return (I)_mm512_dpwssd_epi32((__m512i)acc, a, b); }
static inline int32_t byteSum(const int8_t* p, int n) {
  __m512i acc = _mm512_setzero_si512();
  const __m512i ones = _mm512_set1_epi8(1);
  for (int i = 0; i < n; i += 64) acc = _mm512_dpbusd_epi32(acc, ones, _mm512_loadu_si512(p + i));
  return _mm512_reduce_add_epi32(acc);
}
