// The kernels of kernels.inl for "avx2".
#include "cpu/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace everyline {
namespace avx2 {
#include "cpu/simd_avx2.h"

#include "cpu/kernels.inl"
}  // namespace avx2

extern const Kernels kernelsAvx2;
const Kernels kernelsAvx2 = avx2::rowNamed("avx2");
}  // namespace everyline
#endif
