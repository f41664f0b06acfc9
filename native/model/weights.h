// The model: matrices packed as the kernels read them.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "cpu/kernels.h"
#include "model/arena.h"
#include "model/sizes.h"
#include "result.h"

namespace everyline {

struct Matrix {
  Packed packed;
  uint8_t* bytes = nullptr;  // in the weights' arena
  std::vector<float> scales;
};

struct Mlp {
  Matrix up, down;  // up: panels of 32 a and their 32 b
};

struct Layer {
  std::vector<float> norm1, norm2;
  Matrix qkv, out;
  Mlp mlp;
};

struct HsaLayer {
  std::vector<float> norm1, norm2;
  Matrix query, retrieval, out;
  Mlp mlp;
  float null[kGroups];
  float temperature[kGroups];  // exp(tau) / sqrt(128): what a retrieval dot product is multiplied by
};

struct Weights {
  std::string modelId;
  Arena arena;
  Matrix embedding;  // also the output
  std::vector<float> cls;
  Layer lower[kLower];
  Layer encoder;
  std::vector<float> encoderNorm;
  Matrix landmark, key, value;
  HsaLayer hsa[kUpperGroups];
  Layer upper[kUpperGroups][kUpperLayers];
  std::vector<float> finalNorm;

  // Reads `folder`/config.json and model.safetensors. Errors: "bad-model".
  static Result<std::shared_ptr<Weights>> load(const std::string& folder);
  // E[id] to x (512 floats).
  void embed(int32_t id, float* x) const;
};

}  // namespace everyline
