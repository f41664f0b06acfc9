// The sizes of the model and of what is stored of a chunk.
#pragma once
#include <cstddef>
#include <cstdint>

#include "model/encoding.h"
#include "model/sizes.h"

namespace everyline::cuda {

constexpr int kBefore = kWindow / kChunk, kLayers = kLower + kUpperGroups * kUpperLayers;
constexpr size_t kLandmarkBytes = landmarkBytes(Precision::stored), kKvBytes = kvBytes(Precision::stored);
constexpr uint32_t kOwn = 0x80000000u, kNone = 0xffffffffu;  // a chunk of the context itself; no chunk
constexpr float kLog2e = 1.44269504f;

}  // namespace everyline::cuda
