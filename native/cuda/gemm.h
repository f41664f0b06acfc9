// y = x W^T on tensor cores: half-precision activations, int8 weights held as halves (exact), float sums, the row's scale at the end.
#pragma once
#include "device.h"

namespace everyline::cuda {

// n outputs, k inputs. SwiGLU's first matrix has a's and b's rows in turn.
struct Matrix {
  Buffer<__half> weights;
  Buffer<float> scales;
  int n = 0, k = 0;
};

enum class Epilogue {
  store,    // out = product (float)
  add,      // out = from + product (float)
  siluMul,  // out[j] = silu(product[2j]) * product[2j + 1] (half, n/2 columns)
};

// m tokens; a: [m][k]. out and from have rows of n (siluMul: n/2). Every output's sum runs over k in the same order whatever m is.
void multiply(Run& run, const Matrix& w, const __half* a, int m, Epilogue epilogue, void* out, const float* from = nullptr);

// Raises the shared memory that the kernels may use; once a process and device.
bool prepareGemm(Run& run);

}  // namespace everyline::cuda
