#include "encode.h"

#include <algorithm>
#include <cstring>

#include "rows.h"

namespace everyline::cuda {

namespace {
constexpr int kBatch = 256;  // chunks
}

bool Encoder::prepare(int longest) {
  const size_t tokens = (size_t)kBatch * kChunk, all = tokens + kBatch;
  if (longest + kChunk > positions_) {
    int n = 16384;
    while (n < longest + kChunk) n *= 2;
    if (!rope_.room(run_, (size_t)n * 64)) return false;
    ropeTable(run_, n, rope_.get());
    positions_ = n;
  }
  if (!rows_.room(run_, all) || !kv_.room(run_, (all + kBefore * kChunk) * 256) || !carry_.room(run_, (size_t)kLower * kBefore * kChunk * 256) ||
      !marks_.room(run_, kBatch * 256) || !encoderPositions_.room(run_, all) || !encoderTiles_.room(run_, 2 * kBatch))
    return false;
  for (Half& h : halves_) {
    if (!h.ids.room(run_, 2 * tokens) || !h.deviceIds.room(run_, 2 * tokens) || !h.tiles.room(run_, kBatch) || !h.deviceTiles.room(run_, kBatch) ||
        !h.landmarks.room(run_, kBatch * kLandmarkBytes) || !h.kv.room(run_, kBatch * kKvBytes) || !h.deviceLandmarks.room(run_, kBatch * kLandmarkBytes) ||
        !h.deviceKv.room(run_, kBatch * kKvBytes))
      return false;
    if (!h.done) run_.check(cudaEventCreateWithFlags(&h.done, cudaEventDisableTiming | cudaEventBlockingSync), "creating an event");
  }
  return run_.ok();
}

bool Encoder::encode(const EverylineCudaInput* inputs, int count, const std::function<bool()>& stopped, const std::function<void(int64_t)>& encoded) {
  int longest = 0;
  for (int i = 0; i < count; ++i) {
    const auto& input = inputs[i];
    const int chunks = (input.tokens + kChunk - 1) / kChunk;
    longest = std::max(longest, input.tokens);
    if (input.firstChunk < 0 || input.firstChunk > chunks) return run_.fail("bad-argument", "firstChunk lies outside the document."), false;
    for (int t = 0; t < input.tokens; ++t)
      if (input.ids[t] < 0 || input.ids[t] >= kVocabulary) return run_.fail("bad-argument", "A token id lies outside the vocabulary."), false;
  }
  if (!prepare(longest)) return false;
  for (Half& h : halves_) h.batch.clear();

  std::vector<Chunk> batch;
  int which = 0;
  // Starts the batch, then copies out the one before.
  const auto flush = [&] {
    if (stopped()) {
      run_.wait();
      run_.fail("cancelled", "The encoding was cancelled.");
      return false;
    }
    const int64_t tokens = (int64_t)halves_[1 - which].batch.size() * kChunk;
    if (!begin(batch, which) || !finish(1 - which)) return false;
    encoded(tokens);
    batch.clear();
    which = 1 - which;
    return true;
  };
  for (int i = 0; i < count; ++i) {
    const auto& input = inputs[i];
    const int chunks = (input.tokens + kChunk - 1) / kChunk, start = std::max(0, input.firstChunk - kReceptiveChunks);
    for (int c = input.firstChunk < chunks ? start : chunks; c < chunks; ++c) {
      const int kept = c - input.firstChunk;
      batch.push_back({input.ids + c * kChunk, std::min(kChunk, input.tokens - c * kChunk), c, std::min(kBefore, c - start),
                       kept < 0 ? nullptr : input.landmarks + kept * kLandmarkBytes, kept < 0 ? nullptr : input.kv + kept * kKvBytes});
      if ((int)batch.size() == kBatch && !flush()) return false;
    }
  }
  if (!batch.empty() && !flush()) return false;
  const int64_t tokens = (int64_t)halves_[1 - which].batch.size() * kChunk;
  if (!finish(1 - which)) return false;
  encoded(tokens);
  return true;
}

bool Encoder::begin(const std::vector<Chunk>& batch, int which) {
  Half& h = halves_[which];
  const int n = (int)batch.size(), m = n * kChunk;
  h.batch = batch;
  for (int i = 0; i < n; ++i) {
    const Chunk& c = batch[i];
    for (int t = 0; t < kChunk; ++t) {
      h.ids.get()[i * kChunk + t] = t < c.tokens ? c.ids[t] : 0;
      h.ids.get()[m + i * kChunk + t] = c.index * kChunk + t;
    }
    h.tiles.get()[i] = {i * kChunk, 0, kChunk, (kBefore + i) * kChunk, c.before, -1};
  }
  run_.toDevice(h.deviceIds.get(), h.ids.get(), 2 * m * sizeof(int32_t));
  run_.toDevice(h.deviceTiles.get(), h.tiles.get(), n * sizeof(Tile));
  embed(run_, model_.embedding.weights.get(), model_.embedding.scales.get(), h.deviceIds.get(), m, rows_.x.get());
  const size_t before = (size_t)kBefore * kChunk * 256;
  for (int layer = 0; layer < kLower; ++layer) {
    __half* carry = carry_.get() + layer * before;
    run_.copy(kv_.get(), carry, before * sizeof(__half));
    windowLayer(run_, model_.lower[layer], rows_, m, h.deviceIds.get() + m, rope_.get(), h.deviceTiles.get(), n, kv_.get(), kv_.get() + before);
    run_.copy(carry, kv_.get() + (size_t)m * 256, before * sizeof(__half));
  }
  if (encoderChunks_ != n) {
    std::vector<Tile> tiles(2 * n);
    std::vector<int32_t> positions(n * 65);
    encoderTiles(n, tiles.data(), positions.data());
    run_.toDevice(encoderTiles_.get(), tiles.data(), tiles.size() * sizeof(Tile));
    run_.toDevice(encoderPositions_.get(), positions.data(), positions.size() * sizeof(int32_t));
    run_.wait();
    encoderChunks_ = n;
  }
  encodeChunks(run_, model_, rows_, n, encoderPositions_.get(), rope_.get(), encoderTiles_.get(), kv_.get(), marks_.get(), h.deviceLandmarks.get(), h.deviceKv.get());
  run_.toHost(h.landmarks.get(), h.deviceLandmarks.get(), n * kLandmarkBytes);
  run_.toHost(h.kv.get(), h.deviceKv.get(), n * kKvBytes);
  if (run_.ok()) run_.check(cudaEventRecord(h.done, run_.stream), "encoding");
  return run_.ok();
}

bool Encoder::finish(int which) {
  Half& h = halves_[which];
  if (h.batch.empty()) return run_.ok();
  if (!run_.ok() || !run_.check(cudaEventSynchronize(h.done), "encoding")) return false;
  for (size_t i = 0; i < h.batch.size(); ++i) {
    if (!h.batch[i].landmark) continue;
    std::memcpy(h.batch[i].landmark, h.landmarks.get() + i * kLandmarkBytes, kLandmarkBytes);
    std::memcpy(h.batch[i].kv, h.kv.get() + i * kKvBytes, kKvBytes);
  }
  h.batch.clear();
  return true;
}

}  // namespace everyline::cuda
