// AVX2 with AVX-VNNI (processors without AVX-512). Included inside the namespace of kernels_avxvnni.cpp.
#include "cpu/simd_256.h"

static constexpr int MR = 6, NV = 2;
static constexpr bool biased = true;  // dot4 multiplies weight + 128

using Weights = __m256i;

static inline Weights loadWeights(const uint8_t* p) { return _mm256_loadu_si256((const __m256i*)p); }
// Signed bytes as weights.
static inline Weights loadSigned(const int8_t* p) { return _mm256_xor_si256(_mm256_loadu_si256((const __m256i*)p), _mm256_set1_epi8(-128)); }
static inline Acc dot4(Acc acc, Weights w, Acts a) { return (I)_mm256_dpbusd_avx_epi32((__m256i)acc, w, a); }
// Sums of four products; p in [0, 127].
static inline Acc dotPositive(Acc acc, Acts p, Acts a) { return (I)_mm256_dpbusd_avx_epi32((__m256i)acc, p, a); }
static inline I dotPairs(I acc, Pairs a, Pairs b) { return (I)_mm256_dpwssd_avx_epi32((__m256i)acc, a, b); }
static inline int32_t byteSum(const int8_t* p, int n) {
  I acc = I{};
  for (int i = 0; i < n; i += 32) acc = (I)_mm256_dpbusd_avx_epi32((__m256i)acc, _mm256_set1_epi8(1), _mm256_loadu_si256((const __m256i*)(p + i)));
  return reduceAdd(acc);
}
