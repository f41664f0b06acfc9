// The kernels of kernels.inl for "neon".
#include "cpu/kernels.h"

#if defined(__aarch64__)
#include <arm_neon.h>

namespace everyline {
namespace neon {
#include "cpu/simd_neon.h"

#include "cpu/kernels.inl"
}  // namespace neon

extern const Kernels kernelsNeon;
const Kernels kernelsNeon = neon::rowNamed("neon");
}  // namespace everyline
#endif
