// Chooses the kernels for this machine.
#include <cstring>

#include "cpu/kernels.h"

#if defined(__aarch64__) && defined(__linux__)
#include <asm/hwcap.h>
#include <sys/auxv.h>
#endif

namespace everyline {

namespace {

// From the best down.
const Kernels* const* available(int* count) {
  static const Kernels* list[4];
  static const int n = [] {
    int i = 0;
#if defined(__x86_64__)
    __builtin_cpu_init();
    const bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") && __builtin_cpu_supports("f16c") && __builtin_cpu_supports("bmi2");
    const bool avx512 = avx2 && __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") && __builtin_cpu_supports("avx512vl") &&
                        __builtin_cpu_supports("avx512dq") && __builtin_cpu_supports("avx512vnni");
    if (avx512) list[i++] = &kernelsAvx512;
    if (avx2 && __builtin_cpu_supports("avxvnni")) list[i++] = &kernelsAvxVnni;
    if (avx2) list[i++] = &kernelsAvx2;
#elif defined(__aarch64__) && defined(__linux__)
    if (getauxval(AT_HWCAP) & HWCAP_ASIMDDP) list[i++] = &kernelsNeon;
#elif defined(__aarch64__)
    list[i++] = &kernelsNeon;
#endif
    list[i++] = &kernelsBaseline;
    return i;
  }();
  *count = n;
  return list;
}

}  // namespace

const Kernels* chooseKernels(const char* isa) {
  int count;
  const Kernels* const* list = available(&count);
  if (!*isa) return list[0];
  for (int i = 0; i < count; ++i)
    if (!std::strcmp(list[i]->isa, isa)) return list[i];
  return nullptr;
}

}  // namespace everyline
