// The tensor core instructions used, and their neighbours, from compute capability 8.0 on: 16 x 8 x 16 in half precision with float sums,
// 16 x 8 x 32 in bytes with integer sums.
#pragma once
#include <cuda_fp16.h>

#include <cstdint>

namespace everyline::cuda {

__device__ inline uint32_t sharedAddress(const void* p) { return (uint32_t)__cvta_generic_to_shared(p); }

// 16 bytes to shared memory in the background; zeros where `valid` is false.
__device__ inline void copyAsync(void* to, const void* from, bool valid) {
  asm volatile("cp.async.cg.shared.global [%0], [%1], 16, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(valid ? 16 : 0) : "memory");
}
__device__ inline void copyAsyncWord(void* to, const void* from, bool valid) {
  asm volatile("cp.async.ca.shared.global [%0], [%1], 4, %2;" ::"r"(sharedAddress(to)), "l"(from), "r"(valid ? 4 : 0) : "memory");
}
__device__ inline void commitAsync() { asm volatile("cp.async.commit_group;" ::: "memory"); }
template <int N>
__device__ inline void waitAsync() {
  asm volatile("cp.async.wait_group %0;" ::"n"(N) : "memory");
}

__device__ inline void loadMatrix(uint32_t (&r)[4], const void* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.shared.b16 {%0,%1,%2,%3}, [%4];" : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3]) : "r"(sharedAddress(p)) : "memory");
}
__device__ inline void loadMatrixTransposed(uint32_t (&r)[4], const void* p) {
  asm volatile("ldmatrix.sync.aligned.m8n8.x4.trans.shared.b16 {%0,%1,%2,%3}, [%4];"
               : "=r"(r[0]), "=r"(r[1]), "=r"(r[2]), "=r"(r[3])
               : "r"(sharedAddress(p))
               : "memory");
}
__device__ inline void mma(float (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm volatile("mma.sync.aligned.m16n8k16.row.col.f32.f16.f16.f32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
               : "+f"(c[0]), "+f"(c[1]), "+f"(c[2]), "+f"(c[3])
               : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}
__device__ inline void mmaBytes(int32_t (&c)[4], const uint32_t (&a)[4], uint32_t b0, uint32_t b1) {
  asm("mma.sync.aligned.m16n8k32.row.col.s32.s8.s8.s32 {%0,%1,%2,%3}, {%4,%5,%6,%7}, {%8,%9}, {%0,%1,%2,%3};"
      : "+r"(c[0]), "+r"(c[1]), "+r"(c[2]), "+r"(c[3])
      : "r"(a[0]), "r"(a[1]), "r"(a[2]), "r"(a[3]), "r"(b0), "r"(b1));
}

// Rows of 64 halves in shared memory, 16-byte pieces exchanged so that eight rows' same piece lie in different banks.
__device__ inline int swizzled(int row, int piece) { return row * 64 + ((piece ^ (row & 7)) << 3); }

__device__ inline float exp2Fast(float x) {
  float y;
  asm("ex2.approx.ftz.f32 %0, %1;" : "=f"(y) : "f"(x));
  return y;
}
__device__ inline uint32_t packHalves(float a, float b) {
  const __half2 h = __floats2half2_rn(a, b);
  return *(const uint32_t*)&h;
}
// Four int8 to four halves: 1024 + (b + 128) by bytes, less 1152.
__device__ inline uint2 bytesToHalves(uint32_t four) {
  four ^= 0x80808080u;
  const uint32_t a = __byte_perm(four, 0x64646464u, 0x4140), b = __byte_perm(four, 0x64646464u, 0x4342);
  const __half2 bias = __float2half2_rn(1152.0f);
  const __half2 x = __hsub2(*(const __half2*)&a, bias), y = __hsub2(*(const __half2*)&b, bias);
  return {*(const uint32_t*)&x, *(const uint32_t*)&y};
}
// A value that half precision may not hold is cut to its largest.
__device__ inline float clampHalf(float x) { return fminf(65504.0f, fmaxf(-65504.0f, x)); }

__device__ inline float sumWarp(float x) {
  for (int i = 16; i; i >>= 1) x += __shfl_xor_sync(0xffffffffu, x, i);
  return x;
}
__device__ inline float maxWarp(float x) {
  for (int i = 16; i; i >>= 1) x = fmaxf(x, __shfl_xor_sync(0xffffffffu, x, i));
  return x;
}

}  // namespace everyline::cuda
