// The GPU backend: everyline-cuda.so, opened at run time and only when a driver answers. Nothing here needs CUDA to be built or run.
#pragma once
#include <memory>
#include <string>

#include "backend/backend.h"

namespace everyline {

// Opens the library at `file` with the model in `folder`; vram: bytes it may hold on the device, 0 = half of what is free.
// The error's message says for a person why there is no GPU backend.
Result<std::unique_ptr<Backend>> openCuda(const std::string& file, const std::string& folder, uint64_t vram);

// "" when an NVIDIA driver that can run the library answers, or what is missing.
std::string cudaDriverProblem();

}  // namespace everyline
