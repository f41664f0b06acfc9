// Loads and packs the weights: int8 rows become bytes + 128 in panels of 64 outputs (kernels.h, Packed).
#include "model/weights.h"

#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>

#include "model/json.h"
#include "model/safetensors.h"
#include "model/walk.h"

namespace everyline {

namespace {

class Loader {
 public:
  Loader(const Safetensors& file, std::string path, Arena& arena) : file_(file), path_(std::move(path)), arena_(arena) {}

  void vector(const std::string& name, int n, std::vector<float>& out) {
    const Tensor* t = expect(name, Tensor::Type::float32, {n});
    if (t) out.assign((const float*)t->data, (const float*)t->data + n);
  }

  void numbers(const std::string& name, float (&out)[kGroups]) {
    const Tensor* t = expect(name, Tensor::Type::float32, {kGroups});
    if (t) std::memcpy(out, t->data, sizeof out);
  }

  void matrix(const std::string& name, int n, int k, Matrix& out) { pack(name, n, k, out, false); }
  void paired(const std::string& name, int n, int k, Matrix& out) { pack(name, n, k, out, true); }

  void keysAndValues(const std::string& keys, const std::string& values, int n, int k, Weights& out) {
    matrix(keys, n, k, out.key);
    matrix(values, n, k, out.value);
  }

  bool failed() const { return !problem_.empty(); }
  Error error() const {
    return {"bad-model", "The model file " + path_ + " is damaged: " + problem_ + ". Install the extension again or restore the file."};
  }

 private:
  void fail(const std::string& what) {
    if (problem_.empty()) problem_ = what;
  }

  // `paired`: rows of the second half are interleaved with those of the first in groups of 32.
  void pack(const std::string& name, int n, int k, Matrix& out, bool paired) {
    const Tensor* t = expect(name, Tensor::Type::int8, {n, k});
    const Tensor* s = expect(name + ".scale", Tensor::Type::float32, {n});
    if (!t || !s) return;
    const int8_t* rows = (const int8_t*)t->data;
    out.bytes = arena_.take((size_t)n * k);
    if (!out.bytes) return fail("tensor " + name + " is not expected to be so large");
    out.scales.resize(n);
    for (int i = 0; i < n; ++i) {
      const int source = !paired ? i : (i / 64) * 32 + i % 32 + (i % 64 < 32 ? 0 : n / 2);
      std::memcpy(&out.scales[i], s->data + 4 * source, 4);
      if (!std::isfinite(out.scales[i])) return fail("tensor " + name + ".scale holds a value that is not a number");
      uint8_t* to = out.bytes + (size_t)(i / 64) * k * 64 + (i % 64) * 4;
      const int8_t* from = rows + (size_t)source * k;
      for (int j = 0; j < k; j += 4, to += 256) {
        uint32_t four;
        std::memcpy(&four, from + j, 4);
        four ^= 0x80808080u;  // adds 128 to each byte
        std::memcpy(to, &four, 4);
      }
    }
    out.packed = {out.bytes, out.scales.data(), n, k};
  }

  const Tensor* expect(const std::string& name, Tensor::Type type, std::vector<int64_t> shape) {
    if (failed()) return nullptr;
    const Tensor* t = file_.find(name);
    if (!t) return fail("tensor " + name + " is missing"), nullptr;
    if (t->type != type || t->shape != shape) return fail("tensor " + name + " has an unexpected type or shape"), nullptr;
    return t;
  }

  const Safetensors& file_;
  std::string path_, problem_;
  Arena& arena_;
};

// Nothing is wrong: "". Otherwise the first entry that differs from the sizes built in.
std::string configProblem(const Json& config) {
  const std::pair<const char*, double> expected[] = {{"V", kVocabulary}, {"d", kWidth},      {"h", kHeads}, {"hk", kGroups},  {"lower", kLower}, {"enc", 1},
                                                     {"f", kInner},      {"dr", kRetrieval}, {"K", kTop},   {"win", kWindow}, {"chunk", kChunk}};
  for (auto [key, value] : expected) {
    const Json* entry = config.get(key);
    if (!entry || entry->number != value) return std::string("\"") + key + "\" is missing or not the size this program was built for";
  }
  const Json* upper = config.get("upper");
  if (!upper || upper->array.size() != kUpperGroups) return "\"upper\" is missing or not the size this program was built for";
  for (const Json& n : upper->array)
    if (n.number != kUpperLayers) return "\"upper\" is not the size this program was built for";
  const Json* id = config.get("model_id");
  if (!id || id->string.empty()) return "\"model_id\" is missing";
  return "";
}

}  // namespace

Result<std::shared_ptr<Weights>> Weights::load(const std::string& folder) {
  const std::string configPath = folder + "/config.json", path = folder + "/model.safetensors";
  std::ifstream stream(configPath);
  if (!stream) return Error{"bad-model", "The model's config " + configPath + " cannot be opened. Install the extension again or restore the file."};
  std::stringstream text;
  text << stream.rdbuf();
  auto config = parseJson(text.str());
  std::string problem = config ? configProblem(*config) : "it is not JSON";
  if (!problem.empty()) return Error{"bad-model", "The model's config " + configPath + " does not fit: " + problem + "."};

  auto file = Safetensors::open(path);
  if (!file) return file.error();
  auto w = std::make_shared<Weights>();
  w->modelId = config->get("model_id")->string;
  if ((*file)->metadata("model") != w->modelId)
    return Error{"bad-model", "The model file " + path + " is for model \"" + (*file)->metadata("model") + "\", but config.json says \"" + w->modelId + "\"."};

  // Matrices take what they take in the file, and up to a cache line each (there are fewer than a hundred).
  if (!w->arena.reserve((*file)->size() + 100 * 64)) return Error{"no-memory", "There is no memory for the model " + path + "."};
  Loader load(**file, path, w->arena);
  walkWeights(load, *w);
  if (load.failed()) return load.error();
  return w;
}

void Weights::embed(int32_t id, float* x) const {
  const uint8_t* from = embedding.bytes + (size_t)(id / 64) * kWidth * 64 + (id % 64) * 4;
  const float scale = embedding.scales[id];
  for (int j = 0; j < kWidth; j += 4, from += 256)
    for (int b = 0; b < 4; ++b) x[j + b] = (float)(from[b] - 128) * scale;
}

}  // namespace everyline
