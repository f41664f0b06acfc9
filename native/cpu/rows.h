// Activations of some tokens made ready for a matrix: normalised floats (exact) or int8 with a scale a token (stored).
#pragma once
#include <vector>

#include "cpu/kernels.h"
#include "model/encoding.h"
#include "model/weights.h"

namespace everyline {

class Rows {
 public:
  // Room for `tokens` of at most kInner values.
  Rows(const Kernels& kernels, Precision precision, int tokens);
  // Readies tokens [first, first + m) of x; gain null: as they are, else rms-normed with that gain. In stored precision values
  // get 8 bits, or 15 where `fine`. All tokens of a call alike.
  void load(const float* x, size_t stride, int first, int m, int k, const float* gain, bool fine = false);
  // (op)= w · row for the loaded tokens [first, first + m), panels [panel0, panel1); out: the row of token `first`.
  void multiply(const Matrix& w, int first, int m, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) const;
  void multiply(const Matrix& w, int first, int m, Epilogue epilogue, float* out, size_t ldo) const {
    multiply(w, first, m, 0, w.packed.n / 64, epilogue, out, ldo);
  }

 private:
  const Kernels& kernels_;
  Precision precision_;
  std::vector<float> floats_;
  std::vector<int8_t> bytes_, low_;
  bool fine_ = false;
  std::vector<float> scales_;
  std::vector<int32_t> sums_;
};

}  // namespace everyline
