// The kernels of kernels.inl for "baseline".
#include "cpu/kernels.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace everyline {
namespace baseline {
#include "cpu/simd_baseline.h"

#include "cpu/kernels.inl"
}  // namespace baseline

extern const Kernels kernelsBaseline;
const Kernels kernelsBaseline = baseline::rowNamed("baseline");
}  // namespace everyline
