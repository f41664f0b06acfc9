// The weights' names and shapes in model.safetensors (model/README.md), once for every backend: `load` is told each with the place in the
// model where it goes. What a place holds (packed rows, a device's memory) is the backend's.
//
// A loader has: vector(name, n, place), numbers(name, two floats), matrix(name, rows, inputs, place), paired (the same for a SwiGLU matrix, whose
// first half of rows is interleaved with the second), keysAndValues(keys' name, values' name, rows of each, inputs, model).
#pragma once
#include <cmath>
#include <string>

#include "model/sizes.h"

namespace everyline {

template <class Loader, class Mlp>
void walkMlp(Loader& load, const std::string& name, Mlp& out) {
  load.paired(name + ".up.weight", 2 * kInner, kWidth, out.up);
  load.matrix(name + ".dn.weight", kWidth, kInner, out.down);
}

template <class Loader, class Layer>
void walkLayer(Loader& load, const std::string& name, Layer& out) {
  load.vector(name + ".n1.g", kWidth, out.norm1);
  load.vector(name + ".n2.g", kWidth, out.norm2);
  load.matrix(name + ".qkv.weight", kQkv, kWidth, out.qkv);
  load.matrix(name + ".o.weight", kWidth, kWidth, out.out);
  walkMlp(load, name + ".mlp", out.mlp);
}

template <class Loader, class HsaLayer>
void walkHsaLayer(Loader& load, const std::string& name, HsaLayer& out) {
  load.vector(name + ".n1.g", kWidth, out.norm1);
  load.vector(name + ".n2.g", kWidth, out.norm2);
  load.matrix(name + ".q.weight", kWidth, kWidth, out.query);
  load.matrix(name + ".rq.weight", kGroups * kRetrieval, kWidth, out.retrieval);
  load.matrix(name + ".o.weight", kWidth, kWidth, out.out);
  walkMlp(load, name + ".mlp", out.mlp);
  load.numbers(name + ".null", out.null);
  load.numbers(name + ".tau", out.temperature);
  for (float& t : out.temperature) t = std::exp(t) / std::sqrt((float)kRetrieval);
}

template <class Loader, class Model>
void walkWeights(Loader& load, Model& m) {
  load.matrix("emb.weight", kVocabulary, kWidth, m.embedding);
  load.vector("cls", kWidth, m.cls);
  for (int i = 0; i < kLower; ++i) walkLayer(load, "lower." + std::to_string(i), m.lower[i]);
  walkLayer(load, "enc.0", m.encoder);
  load.vector("en.g", kWidth, m.encoderNorm);
  load.matrix("lm.weight", kGroups * kRetrieval, kWidth, m.landmark);
  load.keysAndValues("kp.weight", "vp.weight", kGroups * kHead, kWidth, m);
  for (int g = 0; g < kUpperGroups; ++g) {
    walkHsaLayer(load, "hsa." + std::to_string(g), m.hsa[g]);
    for (int i = 0; i < kUpperLayers; ++i) walkLayer(load, "upper." + std::to_string(g) + "." + std::to_string(i), m.upper[g][i]);
  }
  load.vector("fn.g", kWidth, m.finalNorm);
}

}  // namespace everyline
