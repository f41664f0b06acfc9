#include "model.h"

#include <cstring>

#include "model/safetensors.h"
#include "model/walk.h"
#include "rows.h"

namespace everyline::cuda {

namespace {

class Loader {
 public:
  Loader(Run& run, const Safetensors& file) : run_(run), file_(file) {}

  void vector(const std::string& name, int n, Buffer<float>& out) {
    const Tensor* t = expect(name, Tensor::Type::float32, {n});
    if (t && out.room(run_, n)) run_.toDevice(out.get(), t->data, n * sizeof(float));
  }

  void numbers(const std::string& name, float (&out)[kGroups]) {
    const Tensor* t = expect(name, Tensor::Type::float32, {kGroups});
    if (t) std::memcpy(out, t->data, sizeof out);
  }

  void matrix(const std::string& name, int n, int k, Matrix& out) {
    if (shape(out, n, k)) rows(name, n, k, out, 0, false);
  }
  void paired(const std::string& name, int n, int k, Matrix& out) {
    if (shape(out, n, k)) rows(name, n, k, out, 0, true);
  }

  // One matrix: keys' rows, then values'.
  void keysAndValues(const std::string& keys, const std::string& values, int n, int k, Model& out) {
    if (!shape(out.keyValue, 2 * n, k)) return;
    rows(keys, n, k, out.keyValue, 0, false);
    rows(values, n, k, out.keyValue, n, false);
  }

 private:
  bool shape(Matrix& out, int n, int k) {
    out.n = n;
    out.k = k;
    return out.weights.room(run_, (size_t)n * k) && out.scales.room(run_, n);
  }

  // Rows [first, first + n) of out; out has room for all of its rows. `paired`: those of the second half are interleaved with the first's.
  void rows(const std::string& name, int n, int k, Matrix& out, int first, bool paired) {
    const Tensor* t = expect(name, Tensor::Type::int8, {n, k});
    const Tensor* s = expect(name + ".scale", Tensor::Type::float32, {n});
    if (!t || !s || !bytes_.room(run_, (size_t)kVocabulary * kWidth) || !scales_.room(run_, kVocabulary)) return;
    run_.toDevice(bytes_.get(), t->data, (size_t)n * k);
    run_.toDevice(scales_.get(), s->data, n * sizeof(float));
    convertWeights(run_, bytes_.get(), scales_.get(), n, k, paired, out.weights.get() + (size_t)first * k, out.scales.get() + first);
    run_.wait();
  }

  const Tensor* expect(const std::string& name, Tensor::Type type, std::vector<int64_t> shape) {
    if (!run_.ok()) return nullptr;
    const Tensor* t = file_.find(name);
    if (t && t->type == type && t->shape == shape) return t;
    run_.fail("bad-model", "The model's tensor " + name + " is missing or has an unexpected type or shape.");
    return nullptr;
  }

  Run& run_;
  const Safetensors& file_;
  Buffer<int8_t> bytes_;
  Buffer<float> scales_;
};

}  // namespace

std::unique_ptr<Model> Model::load(Run& run, const std::string& folder) {
  auto file = Safetensors::open(folder + "/model.safetensors");
  if (!file) {
    run.fail(file.error().code, file.error().message);
    return nullptr;
  }
  auto m = std::make_unique<Model>();
  Loader load(run, **file);
  walkWeights(load, *m);
  run.wait();
  return run.ok() ? std::move(m) : nullptr;
}

bool Rows::room(Run& run, size_t rows) {
  return x.room(run, rows * kWidth) && second.room(run, rows * kWidth) && wide.room(run, rows * kQkv) && h.room(run, rows * kWidth) && q.room(run, rows * kWidth) &&
         inner.room(run, rows * kInner);
}

void feed(Run& run, const Mlp& mlp, const float* gain, Rows& rows, const float* from, int m) {
  norm(run, from, gain, m, rows.h.get());
  multiply(run, mlp.up, rows.h.get(), m, Epilogue::siluMul, rows.inner.get());
  multiply(run, mlp.down, rows.inner.get(), m, Epilogue::add, rows.x.get(), rows.x.get());
}

void windowLayer(Run& run, const Layer& layer, Rows& rows, int m, const int32_t* positions, const float* rope, const Tile* tiles, int tileCount, const __half* kv,
                 __half* kvOut) {
  norm(run, rows.x.get(), layer.norm1.get(), m, rows.h.get());
  multiply(run, layer.qkv, rows.h.get(), m, Epilogue::store, rows.wide.get());
  splitHeads(run, rows.wide.get(), positions, rope, m, rows.q.get(), kvOut);
  attendWindow(run, tiles, tileCount, rows.q.get(), kv, rows.h.get());
  multiply(run, layer.out, rows.h.get(), m, Epilogue::add, rows.x.get(), rows.x.get());
  feed(run, layer.mlp, layer.norm2.get(), rows, rows.x.get(), m);
}

void encodeChunks(Run& run, const Model& model, Rows& rows, int chunks, const int32_t* positions, const float* rope, const Tile* tiles, __half* keep, float* marks,
                  uint8_t* landmarks, uint8_t* kv) {
  const int tokens = chunks * kChunk, m = tokens + chunks;
  fillRows(run, model.cls.get(), chunks, rows.x.get() + (size_t)tokens * kWidth);
  windowLayer(run, model.encoder, rows, m, positions, rope, tiles, 2 * chunks, keep, keep);
  norm(run, rows.x.get(), model.encoderNorm.get(), m, rows.h.get());
  multiply(run, model.landmark, rows.h.get() + (size_t)tokens * kWidth, chunks, Epilogue::store, marks);
  storeLandmarks(run, marks, chunks, landmarks);
  multiply(run, model.keyValue, rows.h.get(), tokens, Epilogue::store, rows.wide.get());
  storeChunks(run, rows.wide.get(), chunks, kv);
}

void encoderTiles(int chunks, Tile* tiles, int32_t* positions) {
  for (int c = 0; c < chunks; ++c) {
    const int cls = chunks * kChunk + c;
    tiles[c] = {c * kChunk, 0, kChunk, c * kChunk, 0, cls};
    tiles[chunks + c] = {cls, 0, 1, c * kChunk, 0, cls};
    for (int t = 0; t < kChunk; ++t) positions[c * kChunk + t] = t;
    positions[cls] = kChunk;
  }
}

}  // namespace everyline::cuda
