#include "cpu/encode.h"

#include <algorithm>
#include <cstring>

#include "cpu/rope.h"
#include "cpu/rows.h"

namespace everyline {

namespace {

constexpr int kBatch = 32;  // chunks
constexpr int kBefore = 4;  // chunks that a window of 256 reaches back
constexpr int kRing = kBatch + kBefore;  // chunks whose keys and values are kept

int chunksOf(size_t tokens) { return (int)((tokens + kChunk - 1) / kChunk); }

}  // namespace

// ---- chunk encoder

struct ChunkEncoder::Room {
  Room(const Kernels& kernels, Precision precision)
      : rows(kernels, precision, 65), window(kernels, precision), y(65 * kWidth), qkv(65 * kQkv), attended(65 * kWidth), inner(65 * kInner), keys(64 * 128),
        values(64 * 128), rope(65 * 64), chunk(window.blockBytes()), mark(window.blockBytes()), seen{{chunk.data(), Sees::all, 64}, {mark.data(), Sees::all, 1}} {
    ropeTable(0, 65, rope.data());
  }
  Rows rows;
  Window window;
  Buffer<float> y, qkv, attended, inner, keys, values, rope;
  Buffer<uint8_t> chunk, mark;  // keys and values of the chunk's tokens and of the landmark's
  const std::vector<Window::Block> seen;
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
  r.window.split(r.qkv.data(), r.rope.data(), 64, r.chunk.data());
  r.window.split(r.qkv.data() + 64 * kQkv, r.rope.data() + 64 * 64, 1, r.mark.data());
  r.window.attend(r.qkv.data(), 65, r.seen, r.attended.data());
  r.rows.load(r.attended.data(), kWidth, 0, 65, kWidth, nullptr, Rounding::fine);
  r.rows.multiply(layer.out, 0, 65, Epilogue::add, r.y.data(), kWidth);
  r.rows.load(r.y.data(), kWidth, 0, 65, kWidth, layer.norm2.data());
  r.rows.multiply(layer.mlp.up, 0, 65, Epilogue::siluMul, r.inner.data(), kInner);
  r.rows.load(r.inner.data(), kInner, 0, 65, kInner, nullptr, Rounding::groups);
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
      : rows(kernels, precision, 64), encoder(weights, kernels, precision), attended(64 * kWidth), inner(64 * kInner) {}
  Rows rows;
  ChunkEncoder encoder;
  Buffer<float> attended, inner;
  std::vector<Window::Block> seen;
};

Encoder::Encoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool)
    : weights_(weights), kernels_(kernels), precision_(precision), pool_(pool), window_(kernels, precision), done_(kBatch) {}
Encoder::~Encoder() = default;

Result<std::vector<EncodedChunks>> Encoder::encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) {
  if (workers_.empty()) {
    for (int i = 0; i < pool_.size(); ++i) workers_.push_back(std::make_unique<Worker>(weights_, kernels_, precision_));
    x_.resize((size_t)kBatch * 64 * kWidth);
    qkv_.resize((size_t)kBatch * 64 * kQkv);
    rope_.resize((size_t)kBatch * 64 * 64);
    for (auto& layer : blocks_) layer.resize(kRing * window_.blockBytes());
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

// A chunk's layers come one after the other, but it waits for no other chunks than those that its window reaches: tasks are handed out layer by
// layer, so what one waits for is done or under way.
bool Encoder::runBatch(const std::vector<Chunk>& batch, const std::atomic<bool>& stop) {
  const int n = (int)batch.size();
  for (int slot = 0; slot < n; ++slot) done_[slot] = 0;
  pool_.run(n * (kLower + 1), [&](int task, int w) {
    const int slot = task % n, layer = task / n;
    const Chunk& chunk = batch[slot];
    if (!stop) {
      for (int back = std::min(chunk.before, slot); back >= 0; --back) await(slot - back, layer);
      runLayer(layer, chunk, slot, *workers_[w]);
    }
    done_[slot].store(layer + 1, std::memory_order_release);
    done_[slot].notify_all();
  });
  first_ = (first_ + n) % kRing;
  return !stop;
}

// Waits until so many tasks of a slot are done.
void Encoder::await(int slot, int tasks) const {
  for (int done; (done = done_[slot].load(std::memory_order_acquire)) < tasks;) done_[slot].wait(done, std::memory_order_acquire);
}

// Finishes the layer before, then begins `layer` (or the chunk encoder after the last one), all on the chunk's own rows.
void Encoder::runLayer(int layer, const Chunk& chunk, int slot, Worker& worker) {
  float* x = x_.data() + (size_t)slot * 64 * kWidth;
  if (layer == 0) {
    for (int t = 0; t < 64; ++t) weights_.embed(t < chunk.tokens ? chunk.ids[t] : 0, x + t * kWidth);
    ropeTable((long)chunk.index * kChunk, 64, rope_.data() + (size_t)slot * 64 * 64);
  } else {
    attendAndFeed(layer - 1, chunk, slot, worker);
  }
  if (layer < kLower) project(layer, slot, worker);
  else if (chunk.landmark) worker.encoder.encode(x, chunk.landmark, chunk.kv);
}

uint8_t* Encoder::block(int layer, int slot) { return blocks_[layer].data() + (size_t)((first_ + slot + kRing) % kRing) * window_.blockBytes(); }

void Encoder::project(int layer, int slot, Worker& worker) {
  const Layer& l = weights_.lower[layer];
  float* qkv = qkv_.data() + (size_t)slot * 64 * kQkv;
  worker.rows.load(x_.data() + (size_t)slot * 64 * kWidth, kWidth, 0, 64, kWidth, l.norm1.data());
  worker.rows.multiply(l.qkv, 0, 64, Epilogue::store, qkv, kQkv);
  window_.split(qkv, rope_.data() + (size_t)slot * 64 * 64, 64, block(layer, slot));
}

void Encoder::attendAndFeed(int layer, const Chunk& chunk, int slot, Worker& worker) {
  const Layer& l = weights_.lower[layer];
  float* x = x_.data() + (size_t)slot * 64 * kWidth;
  worker.seen.clear();
  for (int back = chunk.before; back >= 0; --back)
    worker.seen.push_back({block(layer, slot - back), back == 0 ? Sees::upTo : back == kBefore ? Sees::beyond : Sees::all, 64});
  window_.attend(qkv_.data() + (size_t)slot * 64 * kQkv, 64, worker.seen, worker.attended.data());
  worker.rows.load(worker.attended.data(), kWidth, 0, 64, kWidth, nullptr, Rounding::fine);
  worker.rows.multiply(l.out, 0, 64, Epilogue::add, x, kWidth);
  worker.rows.load(x, kWidth, 0, 64, kWidth, l.norm2.data());
  worker.rows.multiply(l.mlp.up, 0, 64, Epilogue::siluMul, worker.inner.data(), kInner);
  worker.rows.load(worker.inner.data(), kInner, 0, 64, kInner, nullptr, Rounding::groups);
  worker.rows.multiply(l.mlp.down, 0, 64, Epilogue::add, x, kWidth);
}

}  // namespace everyline
