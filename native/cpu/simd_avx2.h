// AVX2 with FMA and F16C. Included inside the namespace of kernels_avx2.cpp.
#include "cpu/simd_256.h"

static constexpr int MR = 4, NV = 2;
static constexpr bool biased = false;

// |w| and w: maddubs wants one unsigned side. |w| <= 128 and |a| <= 127, so a pair's sum stays below 2^15.
struct Weights {
  __m256i magnitude, sign;
};

static inline Weights loadWeights(const uint8_t* p) {
  __m256i w = _mm256_xor_si256(_mm256_loadu_si256((const __m256i*)p), _mm256_set1_epi8(-128));
  return {_mm256_abs_epi8(w), w};
}
// Signed bytes as weights.
static inline Weights loadSigned(const int8_t* p) {
  __m256i w = _mm256_loadu_si256((const __m256i*)p);
  return {_mm256_abs_epi8(w), w};
}
static inline Acc dot4(Acc acc, Weights w, Acts a) {
  __m256i pairs = _mm256_maddubs_epi16(w.magnitude, _mm256_sign_epi8(a, w.sign));
  return acc + (I)_mm256_madd_epi16(pairs, _mm256_set1_epi16(1));
}
// Sums of four products; p in [0, 127].
static inline Acc dotPositive(Acc acc, Acts p, Acts a) {
  return acc + (I)_mm256_madd_epi16(_mm256_maddubs_epi16(p, a), _mm256_set1_epi16(1));
}
static inline I dotPairs(I acc, Pairs a, Pairs b) { return acc + (I)_mm256_madd_epi16(a, b); }
static inline int32_t byteSum(const int8_t*, int) { return 0; }
