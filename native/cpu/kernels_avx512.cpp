// The kernels of kernels.inl for "avx512".
#include "cpu/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace everyline {
namespace avx512 {
#include "cpu/simd_avx512.h"

#include "cpu/kernels.inl"
}  // namespace avx512

extern const Kernels kernelsAvx512;
const Kernels kernelsAvx512 = avx512::rowNamed("avx512");
}  // namespace everyline
#endif
