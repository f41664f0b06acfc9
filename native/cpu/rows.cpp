#include "cpu/rows.h"

namespace everyline {

Rows::Rows(const Kernels& kernels, Precision precision, int tokens)
    : kernels_(kernels), precision_(precision), floats_(precision == Precision::exact ? (size_t)tokens * kInner : 0),
      bytes_(precision == Precision::stored ? (size_t)tokens * kInner : 0), low_(bytes_.size()), scales_(tokens),
      groups_((size_t)tokens * kMostGroups), totals_(tokens), sums_(tokens) {}

void Rows::load(const float* x, size_t stride, int first, int m, int k, const float* gain, Rounding rounding) {
  if (first == 0) rounding_ = rounding;
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
    int8_t* bytes = bytes_.data() + (size_t)i * kInner;
    if (rounding == Rounding::fine) sums_[i] = kernels_.quantizeFine(row, k, bytes, low_.data() + (size_t)i * kInner, &scales_[i]);
    else if (rounding == Rounding::groups) totals_[i] = kernels_.quantizeGroups(row, k, bytes, groups_.data() + (size_t)i * kMostGroups);
    else sums_[i] = kernels_.quantize(row, k, bytes, &scales_[i]);
  }
}

void Rows::multiply(const Matrix& w, int first, int m, int panel0, int panel1, Epilogue epilogue, float* out, size_t ldo) const {
  if (precision_ == Precision::exact) {
    kernels_.gemmFloat(floats_.data() + (size_t)first * kInner, kInner, m, w.packed, panel0, panel1, epilogue, out, ldo);
    return;
  }
  Quantized a{bytes_.data() + (size_t)first * kInner, nullptr, scales_.data() + first, sums_.data() + first, kInner, m};
  if (rounding_ == Rounding::fine) a.low = low_.data() + (size_t)first * kInner;
  if (rounding_ == Rounding::groups) a.groups = groups_.data() + (size_t)first * kMostGroups, a.total = totals_.data() + first;
  kernels_.gemm(a, w.packed, panel0, panel1, epilogue, out, ldo);
}

}  // namespace everyline
