// The kernels of kernels.inl for "avxvnni".
#include "cpu/kernels.h"

#if defined(__x86_64__)
#include <immintrin.h>

namespace everyline {
namespace avxvnni {
#include "cpu/simd_avxvnni.h"

#include "cpu/kernels.inl"
}  // namespace avxvnni

extern const Kernels kernelsAvxVnni;
const Kernels kernelsAvxVnni = avxvnni::rowNamed("avxvnni");
}  // namespace everyline
#endif
