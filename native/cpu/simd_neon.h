// 4 lanes: NEON with the dot product instruction (ARMv8.2). Included inside the namespace of kernels_neon.cpp.
static constexpr int W = 4, MR = 4, NV = 4;
static constexpr bool biased = false;

typedef float F __attribute__((vector_size(16)));
typedef int32_t I __attribute__((vector_size(16)));
typedef int8_t Bytes __attribute__((vector_size(4)));
using Weights = int8x16_t;
using Acts = int8x16_t;
using Acc = int32x4_t;

static inline F fma(F a, F b, F c) { return (F)vfmaq_f32((float32x4_t)c, (float32x4_t)a, (float32x4_t)b); }
static inline float reduceAdd(F a) { return vaddvq_f32((float32x4_t)a); }
static inline float reduceMax(F a) { return vmaxvq_f32((float32x4_t)a); }
static inline int32_t reduceAdd(I a) { return vaddvq_s32((int32x4_t)a); }
static inline F maximum(F a, F b) { return (F)vmaxq_f32((float32x4_t)a, (float32x4_t)b); }
static inline F minimum(F a, F b) { return (F)vminq_f32((float32x4_t)a, (float32x4_t)b); }
static inline uint32_t above(F a, F b) {
  I m = a > b;
  return (uint32_t)((m[0] & 1) | (m[1] & 2) | (m[2] & 4) | (m[3] & 8));
}
static inline F toFloat(I a) { return (F)vcvtq_f32_s32((int32x4_t)a); }
static inline F bytesToFloat(const int8_t* p) { return F{(float)p[0], (float)p[1], (float)p[2], (float)p[3]}; }
static inline F halfToFloat(const uint16_t* p) { return (F)vcvt_f32_f16(vreinterpret_f16_u16(vld1_u16(p))); }

static inline Weights loadWeights(const uint8_t* p) { return vreinterpretq_s8_u8(veorq_u8(vld1q_u8(p), vdupq_n_u8(128))); }
static inline Acts broadcastActs(const int8_t* p) {
  int32_t four;
  __builtin_memcpy(&four, p, 4);
  return vreinterpretq_s8_s32(vdupq_n_s32(four));
}
static inline Acts loadActs(const int8_t* p) { return vld1q_s8(p); }
// Signed bytes as weights.
static inline Weights loadSigned(const int8_t* p) { return vld1q_s8(p); }
static inline Acc zeroAcc() { return vdupq_n_s32(0); }
static inline Acc dot4(Acc acc, Weights w, Acts a) { return vdotq_s32(acc, w, a); }
// Sums of four products; p in [0, 127].
static inline Acc dotPositive(Acc acc, Acts p, Acts a) { return vdotq_s32(acc, p, a); }
static inline I finish(Acc a) { return (I)a; }
// Lanes of two words.
using Pairs = int16x8_t;
static inline Pairs loadPairs(const int16_t* p) { return vld1q_s16(p); }
static inline Pairs broadcastPair(const int16_t* p) { return vreinterpretq_s16_s8(broadcastActs((const int8_t*)p)); }
static inline I dotPairs(I acc, Pairs a, Pairs b) {
  return acc + (I)vpaddq_s32(vmull_s16(vget_low_s16(a), vget_low_s16(b)), vmull_high_s16(a, b));
}
static inline int32_t byteSum(const int8_t*, int) { return 0; }
