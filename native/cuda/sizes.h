// The model's sizes (model/README.md), as the kernels have them built in.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline::cuda {

constexpr int kWidth = 512, kHeads = 8, kGroups = 2, kHead = 64, kInner = 1408, kRetrieval = 128, kTop = 16, kChunk = 64;
constexpr int kLower = 4, kUpperGroups = 2, kUpperLayers = 3, kVocabulary = 32768, kQkv = 768, kReceptiveChunks = 16, kBefore = 4;
constexpr int kLayers = kLower + kUpperGroups * kUpperLayers;
constexpr size_t kLandmarkBytes = 264, kKvBytes = 64 * 264, kStoredHead = 8448;
constexpr uint32_t kOwn = 0x80000000u, kNone = 0xffffffffu;  // a chunk of the context itself; no chunk
constexpr float kLog2e = 1.44269504f;

}  // namespace everyline::cuda
