// The model's sizes (model/README.md), as the kernels have them built in; a config.json with others is refused.
#pragma once

namespace everyline {

constexpr int kWidth = 512, kHeads = 8, kGroups = 2, kHead = 64, kInner = 1408, kRetrieval = 128, kTop = 16, kChunk = 64, kWindow = 256;
constexpr int kLower = 4, kUpperGroups = 2, kUpperLayers = 3, kVocabulary = 32768;
constexpr int kQkv = 768, kReceptiveChunks = 16;

}  // namespace everyline
