// Activations of some tokens made ready for a matrix: normalised floats (exact) or int8 with a scale a token (stored).
#pragma once
#include <vector>

#include "cpu/buffer.h"
#include "cpu/kernels.h"
#include "model/encoding.h"
#include "model/weights.h"

namespace everyline {

// What activations are rounded to.
enum class Rounding {
  token,   // 8 bits, a scale a token
  groups,  // 8 bits, a scale for 64 values: where peaks stand far out
  fine,    // 15 bits, a scale a token, at twice the products
};

class Rows {
 public:
  // Room for `tokens` of at most kInner values.
  Rows(const Kernels& kernels, Precision precision, int tokens);
  // Readies tokens [first, first + m) of x; gain null: as they are, else rms-normed with that gain. In stored precision values are rounded. All tokens
  // of a call alike.
  void load(const float* x, size_t stride, int first, int m, int k, const float* gain, Rounding rounding = Rounding::token);
  // (op)= w · row for the loaded tokens [first, first + m), panels [panel0, panel1); out: the row of token `first`.
  void multiply(const Matrix& w, int first, int m, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) const;
  void multiply(const Matrix& w, int first, int m, Epilogue epilogue, float* out, size_t ldo) const {
    multiply(w, first, m, 0, w.packed.n / 64, epilogue, out, ldo);
  }

 private:
  const Kernels& kernels_;
  Precision precision_;
  Buffer<float> floats_;
  Buffer<int8_t> bytes_, low_;
  Rounding rounding_ = Rounding::token;
  std::vector<float> scales_, groups_, totals_;
  std::vector<int32_t> sums_;
};

}  // namespace everyline
