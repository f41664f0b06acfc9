#include "cpu/rows.h"

namespace everyline {

Rows::Rows(const Kernels& kernels, Precision precision, int tokens)
    : kernels_(kernels), precision_(precision), floats_(precision == Precision::exact ? (size_t)tokens * kInner : 0),
      bytes_(precision == Precision::stored ? (size_t)tokens * kInner : 0), low_(bytes_.size()), scales_(tokens), sums_(tokens) {}

void Rows::load(const float* x, size_t stride, int first, int m, int k, const float* gain, bool fine) {
  if (first == 0) fine_ = fine;
  alignas(64) float normed[kWidth];
  for (int i = first; i < first + m; ++i) {
    const float* row = x + i * stride;
    if (precision_ == Precision::exact) {
      float* to = floats_.data() + (size_t)i * kInner;
      if (gain) kernels_.norm(row, gain, k, to);
      else std::copy(row, row + k, to);
      continue;
    }
    if (gain) {
      kernels_.norm(row, gain, k, normed);
      row = normed;
    }
    if (fine) {
      sums_[i] = kernels_.quantizeFine(row, k, bytes_.data() + (size_t)i * kInner, low_.data() + (size_t)i * kInner, &scales_[i]);
      continue;
    }
    sums_[i] = kernels_.quantize(row, k, bytes_.data() + (size_t)i * kInner, &scales_[i]);
  }
}

void Rows::multiply(const Matrix& w, int first, int m, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) const {
  if (precision_ == Precision::exact) {
    kernels_.gemmFloat(floats_.data() + (size_t)first * kInner, kInner, m, w.packed, panel0, panel1, epilogue, out, ldo);
    return;
  }
  const int8_t* low = fine_ ? low_.data() + (size_t)first * kInner : nullptr;
  const Quantized a{bytes_.data() + (size_t)first * kInner, low, scales_.data() + first, sums_.data() + first, kInner, m};
  kernels_.gemm(a, w.packed, panel0, panel1, epilogue, out, ldo);
}

}  // namespace everyline
