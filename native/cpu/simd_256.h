// 8 lanes of 256 bits, but for products of bytes: a part of simd_avx2.h and simd_avxvnni.h.
static constexpr int W = 8;

typedef float F __attribute__((vector_size(32)));
typedef int32_t I __attribute__((vector_size(32)));
typedef int8_t Bytes __attribute__((vector_size(8)));
using Acts = __m256i;
using Acc = I;

static inline F fma(F a, F b, F c) { return (F)_mm256_fmadd_ps((__m256)a, (__m256)b, (__m256)c); }
static inline float reduceAdd(F a) {
  __m128 x = _mm_add_ps(_mm256_castps256_ps128((__m256)a), _mm256_extractf128_ps((__m256)a, 1));
  x = _mm_add_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_add_ss(x, _mm_shuffle_ps(x, x, 1)));
}
static inline float reduceMax(F a) {
  __m128 x = _mm_max_ps(_mm256_castps256_ps128((__m256)a), _mm256_extractf128_ps((__m256)a, 1));
  x = _mm_max_ps(x, _mm_movehl_ps(x, x));
  return _mm_cvtss_f32(_mm_max_ss(x, _mm_shuffle_ps(x, x, 1)));
}
static inline int32_t reduceAdd(I a) {
  __m128i x = _mm_add_epi32(_mm256_castsi256_si128((__m256i)a), _mm256_extracti128_si256((__m256i)a, 1));
  x = _mm_add_epi32(x, _mm_shuffle_epi32(x, 0x4e));
  return _mm_cvtsi128_si32(_mm_add_epi32(x, _mm_shuffle_epi32(x, 0xb1)));
}
static inline F maximum(F a, F b) { return (F)_mm256_max_ps((__m256)a, (__m256)b); }
static inline F minimum(F a, F b) { return (F)_mm256_min_ps((__m256)a, (__m256)b); }
static inline uint32_t above(F a, F b) { return (uint32_t)_mm256_movemask_ps(_mm256_cmp_ps((__m256)a, (__m256)b, _CMP_GT_OQ)); }
static inline F toFloat(I a) { return (F)_mm256_cvtepi32_ps((__m256i)a); }
static inline F bytesToFloat(const int8_t* p) { return (F)_mm256_cvtepi32_ps(_mm256_cvtepi8_epi32(_mm_loadl_epi64((const __m128i*)p))); }
static inline F halfToFloat(const uint16_t* p) { return (F)_mm256_cvtph_ps(_mm_loadu_si128((const __m128i*)p)); }

static inline Acts broadcastActs(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return _mm256_set1_epi32(four);
}
static inline Acts loadActs(const int8_t* p) { return _mm256_loadu_si256((const __m256i*)p); }
static inline Acc zeroAcc() { return I{}; }
static inline I finish(Acc a) { return a; }
// Lanes of two words.
using Pairs = __m256i;
static inline Pairs loadPairs(const int16_t* p) { return _mm256_loadu_si256((const __m256i*)p); }
static inline Pairs broadcastPair(const int16_t* p) { return broadcastActs((const int8_t*)p); }
