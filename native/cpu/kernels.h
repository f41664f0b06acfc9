// The table of kernels, one row of function pointers an instruction set; chosen once at load (dispatch.cpp).
//
// Everything here works on one thread and allocates nothing. Widths are those of the model: matrices have a multiple of 64 rows,
// rows a multiple of 64 columns, so no kernel has a tail. Every result of a token depends on that token's inputs alone, never
// on how many others are in the call: an incremental encode is bit-equal to a full one.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline {

// A matrix of n rows (outputs) and k columns: bytes are weight + 128 in panels of 64 outputs, [n/64][k/4][64][4].
struct Packed {
  const uint8_t* data = nullptr;
  const float* scale = nullptr;  // one an output, in the packed order
  int n = 0, k = 0;
};

// m tokens' activations, int8 with one scale a token. sum: of a token's values (takes the +128 out again).
// low, where given: seven more bits; a value is then 128 * data + low. Twice the products, for calls of few tokens, which wait for
// the weights anyway.
// groups, where given: a scale for each kGroup values, [m][kMostGroups], in place of `scale`; total: of a token's values times their scales, in place
// of `sum`.
struct Quantized {
  const int8_t* data;
  const int8_t* low;
  const float* scale;
  const int32_t* sum;
  size_t stride;
  int m;
  const float* groups = nullptr;
  const float* total = nullptr;
};

constexpr int kGroup = 64, kMostGroups = 1408 / kGroup;

enum class Epilogue {
  store,    // out = product
  add,      // out += product
  siluMul,  // the panel holds 32 outputs a and their 32 partners b: out = silu(a) * b, 32 columns a panel
};

// Which of a block's 64 keys token r (0..63, the place in its own chunk) sees.
enum class Sees {
  all,     // the first `keys`
  upTo,    // keys 0..r: the token's own chunk
  beyond,  // keys r+1..63: the chunk four before, where the window of 256 ends
};

// Words of one head of a block of 64 keys and values.
constexpr size_t kWordsHead = 2 * 32 * 64 * 2 + 64 * 2;

// A tile's threshold test found score c*64+t.
using Hit = uint16_t;

struct Kernels {
  const char* isa;

  // out = rms(x) * gain (k values; gain null = 1).
  void (*norm)(const float* x, const float* gain, int k, float* out);
  // int8 with scale = max|x|/127; returns the sum of the int8 values.
  int32_t (*quantize)(const float* x, int k, int8_t* out, float* scale);
  // int8 with a scale for each kGroup values; returns the sum of the int8 values times their scales.
  float (*quantizeGroups)(const float* x, int k, int8_t* out, float* scales);
  // 15 bits, as 128 * high + low; scale = max|x|/16256. Returns the sum of the values.
  int32_t (*quantizeFine)(const float* x, int k, int8_t* high, int8_t* low, float* scale);
  // out[m][..] for the panels [panel0, panel1) of w. ldo: floats from one token's row to the next.
  void (*gemm)(const Quantized& a, const Packed& w, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo);
  // The same with float activations (the exact path).
  void (*gemmFloat)(const float* a, size_t lda, int m, const Packed& w, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo);

  // One token's q (8x64), k (2x64), v (2x64): rms a head, RoPE by cos/sin[32]; q comes back scaled by log2(e)/8 in place;
  // k and v go to column/row r of the token's block.
  void (*splitHeads)(float* qkv, const float* cos, const float* sin, float* block, int r);
  // rms of `heads` vectors of `dim`, times scale, in place.
  void (*rmsHeads)(float* x, int heads, int dim, float scale);

  // n tokens (places r0..) of one KV head over a block of 64 keys: o += exp2(q·k) v, sum += exp2(q·k).
  // q, o: 4 heads x 64 a token with strides; kt [64 dims][64 keys]; v [64 keys][64 dims]; sum [token][4].
  // Scores need no maximum: q and k are rms-normed, so |q·k|/8 <= 8.
  void (*attend)(const float* q, size_t qStride, int n, int r0, const float* kt, const float* v, Sees sees, int keys, float* o, size_t oStride,
                 float* sum);
  // The same in words of 16 bits, which take half of the products: queries come back as words in place of the first half of their floats; keys go
  // to column r, values with a scale a token to row r of the block, [head]{keys [32][64][2], values [32][64][2], float scales [64]}.
  void (*splitWords)(float* qkv, const float* cos, const float* sin, int16_t* block, int r);
  // qStride: words from one token's queries to the next; head: of the block.
  void (*attendWords)(const int16_t* q, size_t qStride, int n, int r0, const int16_t* head, Sees sees, int keys, float* o, size_t oStride, float* sum);
  // One token and KV head over its n chosen chunks in their stored form (model/encoding.h), by byte products:
  // out[4][64] = sum over i of weights[i] * softmax(q . k_i) v_i. q: 4 heads x 64 as `attend` takes it; heads[i]: that chunk's run
  // of this KV head; keys[i] of its 64 count. q has 15 bits, a softmax's numerators 14 of their largest.
  void (*attendStored)(const float* q, const uint8_t* const* heads, const int* keys, const float* weights, int n, float* out);
  // out[4][64] += in[4][64] * scale[4].
  void (*accumulate)(float* out, const float* in, const float* scale);

  // A landmark is 128 bytes of a head, `scale` of them, and `bias` what the products of bytes + 128 come out too large.
  // rows: the landmarks' 128 bytes of one retrieval head; scaleOffset: from there to the float scale.
  void (*readMarks)(const int8_t* const* rows, int n, int scaleOffset, float* scale, float* bias);
  // Landmark scores of up to 64 tokens, one retrieval head: tile[c][t] = <query_t, landmark_c> without the query's scale.
  // queries: [32][64][4] bytes + 128.
  void (*scoreTile)(const uint8_t* queries, int tokens, const int8_t* const* rows, int n, const float* scale, const float* bias, float* tile);
  // Those of the same scores that are above limit[t] (64 floats), without writing any down; hits holds n*64.
  int (*findTile)(const uint8_t* queries, int tokens, const int8_t* const* rows, int n, const float* scale, const float* bias, const float* limit, Hit* hits);
  // Entries with tile[c][t] * scale[t] > threshold[t]; hits holds n*64.
  int (*filterTile)(const float* tile, int n, int tokens, const float* scale, const float* threshold, Hit* hits);
  // sums[t] += sum over c of exp2(tile[c][t] * scale[t]).
  void (*sumExpTile)(const float* tile, int n, int tokens, const float* scale, float* sums);
  // One token, both heads: out[c] and out[n + c]. query: 2x128 bytes + 128. rows: whole landmarks.
  void (*scoreOne)(const uint8_t* query, const int8_t* const* rows, int n, float* out);
  // <q, x> of 128 floats with 128 int8.
  float (*dot)(const float* q, const int8_t* x);
  float (*dotFloat)(const float* q, const float* x);

  // out = e^(x - the largest of x), of n values.
  void (*powers)(const float* x, int n, float* out);

  // The int8 ceiling: `steps` rounds of dot products out of registers, as many at once as gemm has. Returns the operations done;
  // `seed` keeps the compiler from knowing the result.
  double (*dots)(int steps, int8_t* seed);
};

extern const Kernels kernelsBaseline;
#if defined(__x86_64__)
extern const Kernels kernelsAvx2;
extern const Kernels kernelsAvxVnni;
extern const Kernels kernelsAvx512;
#elif defined(__aarch64__)
extern const Kernels kernelsNeon;
#endif

// The best this machine runs, or the named one where it is at or below that; null for an unknown or too high one. "" = best.
const Kernels* chooseKernels(const char* isa);

}  // namespace everyline
