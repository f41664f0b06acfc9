// The GPU backend: everyline-cuda.so, opened at run time and only when a driver answers. Nothing here needs CUDA to be built or run.
#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"

namespace everyline {

// What a GPU may be used for.
struct CudaOptions {
  std::string library;  // file of everyline-cuda.so
  std::string model;    // folder
  uint64_t vram = 0;    // bytes on the device at most, 0: half of what is free when they are taken
  double idle = 300;    // seconds without a call after which all of them are given back, until the next call
};

// The error's message says for a person why there is no GPU backend.
Result<std::unique_ptr<Backend>> openCuda(const CudaOptions& options);

// "" when an NVIDIA driver that can run the library answers, or what is missing.
std::string cudaDriverProblem();

}  // namespace everyline
