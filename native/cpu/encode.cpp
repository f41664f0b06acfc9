#include "cpu/encode.h"

#include <algorithm>
#include <cstring>

#include "cpu/rope.h"
#include "cpu/rows.h"

namespace everyline {

namespace {

constexpr int kBatch = 32;  // chunks
constexpr int kBefore = 4;  // chunks that a window of 256 reaches back

int chunksOf(size_t tokens) { return (int)((tokens + kChunk - 1) / kChunk); }

}  // namespace

// ---- chunk encoder

struct ChunkEncoder::Room {
  Room(const Kernels& kernels, Precision precision)
      : rows(kernels, precision, 65), y(65 * kWidth), qkv(65 * kQkv), attended(65 * kWidth), inner(65 * kInner), blocks(2 * kBlockFloats),
        keys(64 * 128), values(64 * 128), rope(65 * 64), sums(65 * 4) {
    ropeTable(0, 65, rope.data());
  }
  Rows rows;
  std::vector<float> y, qkv, attended, inner, blocks, keys, values, rope, sums;
};

ChunkEncoder::ChunkEncoder(const Weights& weights, const Kernels& kernels, Precision precision)
    : weights_(weights), kernels_(kernels), precision_(precision), room_(std::make_unique<Room>(kernels, precision)) {}
ChunkEncoder::~ChunkEncoder() = default;

void ChunkEncoder::encode(const float* x, uint8_t* landmark, uint8_t* kv) {
  Room& r = *room_;
  const Layer& layer = weights_.encoder;
  std::memcpy(r.y.data(), x, sizeof(float) * 64 * kWidth);
  std::memcpy(r.y.data() + 64 * kWidth, weights_.cls.data(), sizeof(float) * kWidth);

  r.rows.load(r.y.data(), kWidth, 0, 65, kWidth, layer.norm1.data());
  r.rows.multiply(layer.qkv, 0, 65, Epilogue::store, r.qkv.data(), kQkv);
  for (int t = 0; t < 65; ++t) {
    float* block = r.blocks.data() + (t / 64) * kBlockFloats;
    kernels_.splitHeads(r.qkv.data() + t * kQkv, r.rope.data() + t * 64, r.rope.data() + t * 64 + 32, block, t % 64);
  }
  std::fill(r.attended.begin(), r.attended.end(), 0.0f);
  for (int g = 0; g < kGroups; ++g) {
    std::fill(r.sums.begin(), r.sums.end(), 0.0f);
    for (int b = 0; b < 2; ++b) {
      const float* block = r.blocks.data() + b * kBlockFloats + g * 8192;
      kernels_.attend(r.qkv.data() + g * 256, kQkv, 65, 0, block, block + 4096, Sees::all, b == 0 ? 64 : 1, r.attended.data() + g * 256, kWidth, r.sums.data());
    }
    for (int t = 0; t < 65; ++t)
      for (int h = 0; h < 4; ++h) {
        const float inverse = 1.0f / r.sums[t * 4 + h];
        float* o = r.attended.data() + t * kWidth + g * 256 + h * 64;
        for (int d = 0; d < 64; ++d) o[d] *= inverse;
      }
  }
  r.rows.load(r.attended.data(), kWidth, 0, 65, kWidth, nullptr, true);
  r.rows.multiply(layer.out, 0, 65, Epilogue::add, r.y.data(), kWidth);
  r.rows.load(r.y.data(), kWidth, 0, 65, kWidth, layer.norm2.data());
  r.rows.multiply(layer.mlp.up, 0, 65, Epilogue::siluMul, r.inner.data(), kInner);
  r.rows.load(r.inner.data(), kInner, 0, 65, kInner, nullptr);
  r.rows.multiply(layer.mlp.down, 0, 65, Epilogue::add, r.y.data(), kWidth);

  r.rows.load(r.y.data(), kWidth, 0, 65, kWidth, weights_.encoderNorm.data());
  alignas(64) float mark[256];
  r.rows.multiply(weights_.landmark, 64, 1, Epilogue::store, mark, 256);
  kernels_.rmsHeads(mark, 2, 128, 1.0f);
  storeLandmark(precision_, mark, landmark);
  r.rows.multiply(weights_.key, 0, 64, Epilogue::store, r.keys.data(), 128);
  r.rows.multiply(weights_.value, 0, 64, Epilogue::store, r.values.data(), 128);
  kernels_.rmsHeads(r.keys.data(), 64 * 2, 64, 1.0f);
  storeChunk(precision_, r.keys.data(), r.values.data(), 128, kv);
}

// ---- documents

// A chunk of a batch: its tokens, how far its attention may reach back, and where its encoding goes (null: before firstChunk).
struct Encoder::Chunk {
  const int32_t* ids;
  int tokens;
  int index;   // in its document
  int before;  // chunks of the same document before it that were computed, at most kBefore
  uint8_t* landmark;
  uint8_t* kv;
};

struct Encoder::Worker {
  Worker(const Weights& weights, const Kernels& kernels, Precision precision)
      : rows(kernels, precision, 64), encoder(weights, kernels, precision), attended(64 * kWidth), inner(64 * kInner), sums(64 * 4) {}
  Rows rows;
  ChunkEncoder encoder;
  std::vector<float> attended, inner, sums;
};

Encoder::Encoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool)
    : weights_(weights), kernels_(kernels), precision_(precision), pool_(pool) {}
Encoder::~Encoder() = default;

Result<std::vector<EncodedChunks>> Encoder::encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) {
  if (workers_.empty()) {
    for (int i = 0; i < pool_.size(); ++i) workers_.push_back(std::make_unique<Worker>(weights_, kernels_, precision_));
    x_.resize((size_t)kBatch * 64 * kWidth);
    qkv_.resize((size_t)kBatch * 64 * kQkv);
    rope_.resize((size_t)kBatch * 64 * 64);
    for (auto& b : blocks_) b.resize((kBefore + kBatch) * kBlockFloats);
    carry_.resize(kLower * kBefore * kBlockFloats);
  }
  std::vector<EncodedChunks> out(inputs.size());
  std::vector<Chunk> batch;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const EncodeInput& input = inputs[i];
    const int chunks = chunksOf(input.ids.size());
    if (input.firstChunk < 0 || input.firstChunk > chunks) return Error{"bad-argument", "firstChunk lies outside the document."};
    for (int32_t id : input.ids)
      if (id < 0 || id >= kVocabulary) return Error{"bad-argument", "A token id lies outside the vocabulary."};
    EncodedChunks& result = out[i];
    result.chunks = chunks - input.firstChunk;
    result.landmarks.resize((size_t)result.chunks * landmarkBytes(precision_));
    result.kv.resize((size_t)result.chunks * kvBytes(precision_));
    if (result.chunks == 0) continue;
    const int start = std::max(0, input.firstChunk - kReceptiveChunks);
    for (int c = start; c < chunks; ++c) {
      const int kept = c - input.firstChunk;
      batch.push_back({input.ids.data() + c * kChunk, (int)std::min<size_t>(kChunk, input.ids.size() - (size_t)c * kChunk), c, std::min(kBefore, c - start),
                       kept < 0 ? nullptr : result.landmarks.data() + kept * landmarkBytes(precision_),
                       kept < 0 ? nullptr : result.kv.data() + kept * kvBytes(precision_)});
      if ((int)batch.size() < kBatch) continue;
      if (!runBatch(batch, stop)) return Error{"cancelled", "The encoding was cancelled."};
      tokens += (int64_t)batch.size() * kChunk;
      batch.clear();
    }
  }
  if (!batch.empty()) {
    if (!runBatch(batch, stop)) return Error{"cancelled", "The encoding was cancelled."};
    tokens += (int64_t)batch.size() * kChunk;
  }
  return out;
}

bool Encoder::runBatch(std::vector<Chunk>& batch, const std::atomic<bool>& stop) {
  const int n = (int)batch.size();
  for (int layer = 0; layer <= kLower; ++layer) {
    // Task: finish layer-1, then begin `layer` (or the chunk encoder after the last one), all on the chunk's own rows.
    if (layer < kLower) std::memcpy(blocks_[layer & 1].data(), carry_.data() + layer * kBefore * kBlockFloats, sizeof(float) * kBefore * kBlockFloats);
    pool_.run(n, [&](int slot, int w) {
      if (stop) return;
      const Chunk& chunk = batch[slot];
      Worker& worker = *workers_[w];
      if (layer == 0) {
        float* x = x_.data() + (size_t)slot * 64 * kWidth;
        for (int t = 0; t < 64; ++t) weights_.embed(t < chunk.tokens ? chunk.ids[t] : 0, x + t * kWidth);
        ropeTable((long)chunk.index * kChunk, 64, rope_.data() + (size_t)slot * 64 * 64);
      } else {
        attendAndFeed(layer - 1, chunk, slot, worker);
      }
      if (layer < kLower) project(layer, chunk, slot, worker);
      else if (chunk.landmark) worker.encoder.encode(x_.data() + (size_t)slot * 64 * kWidth, chunk.landmark, chunk.kv);
    });
    if (stop) return false;
    if (layer < kLower)  // the last four chunks' keys and values, for a document that goes on
      std::memcpy(carry_.data() + layer * kBefore * kBlockFloats, blocks_[layer & 1].data() + (size_t)n * kBlockFloats, sizeof(float) * kBefore * kBlockFloats);
  }
  return true;
}

void Encoder::project(int layer, const Chunk&, int slot, Worker& worker) {
  const Layer& l = weights_.lower[layer];
  float* qkv = qkv_.data() + (size_t)slot * 64 * kQkv;
  float* block = blocks_[layer & 1].data() + (size_t)(kBefore + slot) * kBlockFloats;
  const float* rope = rope_.data() + (size_t)slot * 64 * 64;
  worker.rows.load(x_.data() + (size_t)slot * 64 * kWidth, kWidth, 0, 64, kWidth, l.norm1.data());
  worker.rows.multiply(l.qkv, 0, 64, Epilogue::store, qkv, kQkv);
  for (int t = 0; t < 64; ++t) kernels_.splitHeads(qkv + t * kQkv, rope + t * 64, rope + t * 64 + 32, block, t);
}

void Encoder::attendAndFeed(int layer, const Chunk& chunk, int slot, Worker& worker) {
  const Layer& l = weights_.lower[layer];
  const float* qkv = qkv_.data() + (size_t)slot * 64 * kQkv;
  float* x = x_.data() + (size_t)slot * 64 * kWidth;
  std::fill(worker.attended.begin(), worker.attended.end(), 0.0f);
  for (int g = 0; g < kGroups; ++g) {
    std::fill(worker.sums.begin(), worker.sums.end(), 0.0f);
    for (int back = chunk.before; back >= 0; --back) {
      const float* block = blocks_[layer & 1].data() + (size_t)(kBefore + slot - back) * kBlockFloats + g * 8192;
      const Sees sees = back == 0 ? Sees::upTo : back == kBefore ? Sees::beyond : Sees::all;
      kernels_.attend(qkv + g * 256, kQkv, 64, 0, block, block + 4096, sees, 64, worker.attended.data() + g * 256, kWidth, worker.sums.data());
    }
    for (int t = 0; t < 64; ++t)
      for (int h = 0; h < 4; ++h) {
        const float inverse = 1.0f / worker.sums[t * 4 + h];
        float* o = worker.attended.data() + t * kWidth + g * 256 + h * 64;
        for (int d = 0; d < 64; ++d) o[d] *= inverse;
      }
  }
  worker.rows.load(worker.attended.data(), kWidth, 0, 64, kWidth, nullptr, true);
  worker.rows.multiply(l.out, 0, 64, Epilogue::add, x, kWidth);
  worker.rows.load(x, kWidth, 0, 64, kWidth, l.norm2.data());
  worker.rows.multiply(l.mlp.up, 0, 64, Epilogue::siluMul, worker.inner.data(), kInner);
  worker.rows.load(worker.inner.data(), kInner, 0, 64, kInner, nullptr);
  worker.rows.multiply(l.mlp.down, 0, 64, Epilogue::add, x, kWidth);
}

}  // namespace everyline
