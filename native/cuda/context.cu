#include "context.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "rows.h"

namespace everyline::cuda {

namespace {

constexpr int kBlock = 2048;  // tokens: enough to fill the device, few enough to be cancelled between them
constexpr int kBlockChunks = kBlock / kChunk;
constexpr int kPer = kGroups * kTop;  // chunks chosen by a token
constexpr size_t kItems = (size_t)kBlock * kPer;

}  // namespace

bool Bench::prepare(Run& run, int longest) {
  const size_t m = kBlock + kBlockChunks;
  if (longest > positions) {
    int n = 16384;
    while (n < longest) n *= 2;
    if (!rope.room(run, (size_t)n * 64)) return false;
    ropeTable(run, n, rope.get());
    positions = n;
  }
  for (auto& b : r)
    if (!b.room(run, (size_t)std::max(longest, kBlock) * 256)) return false;
  return rows.room(run, m) && marks.room(run, kBlockChunks * 256) && logits.room(run, (size_t)kEverylineCudaStates * kVocabulary) && scores.room(run, kItems) && weights.room(run, kItems) &&
         mean.room(run, 256) && constant.room(run, 1) && encoderKv.room(run, m * 256) && ids.room(run, 2 * kBlock) && encoderPositions.room(run, m) &&
         tiles.room(run, kBlockChunks + 1) && encoderTiles.room(run, 2 * kBlockChunks) && chunks.room(run, kItems) && chosen.room(run, kItems) &&
         hostIds.room(run, 2 * kBlock) && hostTiles.room(run, kBlockChunks + 1) && hostEncoderTiles.room(run, 2 * kBlockChunks) && hostEncoderPositions.room(run, m) &&
         hostChunks.room(run, kItems) && hostEvicted.room(run, kItems) && hostScores.room(run, kItems) && hostEvictedScores.room(run, kItems) &&
         lastChunks.room(run, kEverylineCudaStates * kUpperGroups * kPer) &&
         lastWeights.room(run, kEverylineCudaStates * kUpperGroups * kPer);
}

bool Context::room(int n) {
  if (!bench_.prepare(run_, (n + kChunk) / kChunk * kChunk)) return false;
  size_t rows = std::max<size_t>(1024, lower_.size() / kWidth);
  while (rows < (size_t)n + kChunk) rows *= 2;
  for (auto& b : kv_)
    if (!b.room(run_, rows * 256, true)) return false;
  return lower_.room(run_, rows * kWidth, true) && ownLandmarks_.room(run_, rows / kChunk * kLandmarkBytes, true) && ownKv_.room(run_, rows / kChunk * kKvBytes, true);
}

bool Context::advance(const int32_t* ids, int n, const EverylineCudaMemory& memory, EverylineCudaStep& step, const Callbacks& call) {
  size_t same = 0;
  while (same < ids_.size() && (int)same + step.states < n && ids_[same] == ids[same]) ++same;
  ids_.resize(same);
  step.computed = n - (int)same;
  return go(ids, n, kUpperGroups, false, memory, &step, call);
}

bool Context::queries(const int32_t* ids, int n, int layers, const EverylineCudaMemory& memory, const Callbacks& call) {
  ids_.clear();
  return go(ids, n, layers, true, memory, nullptr, call);
}

bool Context::go(const int32_t* ids, int n, int layers, bool queriesOnly, const EverylineCudaMemory& memory, EverylineCudaStep* step, const Callbacks& call) {
  if (n < 1) return run_.fail("bad-argument", "A context needs at least one token."), false;
  for (int i = 0; i < n; ++i)
    if (ids[i] < 0 || ids[i] >= kVocabulary) return run_.fail("bad-argument", "A token id lies outside the vocabulary."), false;
  if (!room(n) || !bench_.mirror.sync(run_, memory, true)) return false;
  Bench& b = bench_;
  const auto stopped = [&] {
    if (!call.stopped()) return false;
    run_.wait();
    run_.fail("cancelled", "The call was cancelled.");
    return true;
  };
  while ((int)ids_.size() < n) {
    if (stopped()) return false;
    const int first = (int)ids_.size(), last = std::min(n, first / kChunk * kChunk + kBlock), m = last - first;
    int tiles = 0;
    for (int s = first / kChunk; s * kChunk < last; ++s)
      b.hostTiles.get()[tiles++] = {s * kChunk - first, std::max(first - s * kChunk, 0), std::min(last - s * kChunk, kChunk), s * kChunk, std::min(kBefore, s), -1};
    for (int i = 0; i < m; ++i) {
      b.hostIds.get()[i] = ids[first + i];
      b.hostIds.get()[kBlock + i] = first + i;
    }
    run_.toDevice(b.ids.get(), b.hostIds.get(), 2 * kBlock * sizeof(int32_t));
    run_.toDevice(b.tiles.get(), b.hostTiles.get(), tiles * sizeof(Tile));
    const auto layer = [&](const Layer& l, int cache) {
      windowLayer(run_, l, b.rows, m, b.ids.get() + kBlock, b.rope.get(), b.tiles.get(), tiles, kv_[cache].get(), kv_[cache].get() + (size_t)first * 256);
    };
    embed(run_, model_.embedding.weights.get(), model_.embedding.scales.get(), b.ids.get(), m, b.rows.x.get());
    for (int i = 0; i < kLower; ++i) layer(model_.lower[i], i);
    run_.copy(lower_.get() + (size_t)first * kWidth, b.rows.x.get(), (size_t)m * kWidth * sizeof(float));
    encodeOwn(first, last);
    for (int g = 0; g < layers; ++g) {
      const bool queryOnly = queriesOnly && g + 1 == layers;
      if (!hsaLayer(g, first, m, n, queryOnly, memory, step, call)) return false;
      if (queryOnly) break;
      if (stopped()) return false;
      for (int i = 0; i < kUpperLayers; ++i) layer(model_.upper[g][i], kLower + g * kUpperLayers + i);
    }
    if (step) tellLogits(first, last, n, *step);
    if (!run_.wait()) return false;
    ids_.insert(ids_.end(), ids + first, ids + last);
  }
  if (step) tell(*step);
  return true;
}

// Encodes the context's own chunks that are complete now; x is as before afterwards.
void Context::encodeOwn(int first, int last) {
  Bench& b = bench_;
  const int from = first / kChunk, chunks = last / kChunk - from;
  if (chunks == 0) return;
  encoderTiles(chunks, b.hostEncoderTiles.get(), b.hostEncoderPositions.get());
  run_.toDevice(b.encoderTiles.get(), b.hostEncoderTiles.get(), 2 * chunks * sizeof(Tile));
  run_.toDevice(b.encoderPositions.get(), b.hostEncoderPositions.get(), chunks * 65 * sizeof(int32_t));
  run_.copy(b.rows.x.get(), lower_.get() + (size_t)from * kChunk * kWidth, (size_t)chunks * kChunk * kWidth * sizeof(float));
  encodeChunks(run_, model_, b.rows, chunks, b.encoderPositions.get(), b.rope.get(), b.encoderTiles.get(), b.encoderKv.get(), b.marks.get(),
               ownLandmarks_.get() + from * kLandmarkBytes, ownKv_.get() + from * kKvBytes);
  run_.copy(b.rows.x.get(), lower_.get() + (size_t)first * kWidth, (size_t)(last - first) * kWidth * sizeof(float));
}

bool Context::hsaLayer(int group, int first, int m, int n, bool queryOnly, const EverylineCudaMemory& memory, EverylineCudaStep* step, const Callbacks& call) {
  Bench& b = bench_;
  const HsaLayer& layer = model_.hsa[group];
  float* r = b.r[group].get() + (step ? 0 : (size_t)first * 256);  // queries keep all tokens'
  norm(run_, b.rows.x.get(), layer.norm1.get(), m, b.rows.h.get());
  multiply(run_, layer.retrieval, b.rows.h.get(), m, Epilogue::store, r);
  rmsHeads(run_, r, m, kGroups, kRetrieval, 1.0f);
  if (queryOnly) return run_.ok();
  multiply(run_, layer.query, b.rows.h.get(), m, Epilogue::store, b.rows.wide.get());
  rmsHeads(run_, b.rows.wide.get(), m, kHeads, kHead, kLog2e / 8);

  const size_t items = (size_t)m * kPer;
  const auto best = [&](const List& list, const uint8_t* own) {
    b.scan.best(run_, b.mirror.landmarks(), list, r, m, layer.temperature);
    b.scan.merge(run_, own, first, r, m, layer.temperature, layer.null, b.scores.get(), b.chunks.get(), b.weights.get());
  };
  const auto toHost = [&](uint32_t* chunks, float* scores) {
    run_.toHost(chunks, b.chunks.get(), items * sizeof(uint32_t));
    run_.toHost(scores, b.scores.get(), items * sizeof(float));
  };
  if (memory.evictedCount) {
    best(b.mirror.evicted(), nullptr);
    toHost(b.hostEvicted.get(), b.hostEvictedScores.get());
  }
  best(b.mirror.attendable(), ownLandmarks_.get());
  if (memory.evictedCount) {
    toHost(b.hostChunks.get(), b.hostScores.get());
    if (!run_.wait()) return false;
    want(m, memory, call);
  }
  if (step) {
    const int told = n - step->states, from = std::max(first, told), count = first + m - from;
    const size_t at = ((size_t)group * step->states + from - told) * kPer, of = (size_t)(from - first) * kPer;
    if (count > 0) {
      run_.toHost(b.lastChunks.get() + at, b.chunks.get() + of, count * kPer * sizeof(uint32_t));
      run_.toHost(b.lastWeights.get() + at, b.weights.get() + of, count * kPer * sizeof(float));
    }
  }
  if (!attend(m, memory, call)) return false;
  // The retrieved vector feeds the MLP but does not enter the residual stream.
  multiply(run_, layer.out, b.rows.h.get(), m, Epilogue::add, b.rows.second.get(), b.rows.x.get());
  feed(run_, layer.mlp, layer.norm2.get(), b.rows, b.rows.second.get(), m);
  return run_.ok();
}

// Attends to the chosen chunks, in several parts where the device cannot hold all of them at once.
bool Context::attend(int m, const EverylineCudaMemory& memory, const Callbacks& call) {
  Bench& b = bench_;
  for (int done = 0, part = m; done < m; done += part) {
    part = std::min(part, m - done);
    const auto fits = [&] {
      return b.mirror.resolve(run_, memory, call, b.chunks.get() + (size_t)done * kPer, part * kPer, ownKv_.get(), b.chosen.get() + (size_t)done * kPer);
    };
    while (!fits()) {
      if (!run_.ok()) return false;
      if (part == 1) return run_.fail("no-memory", "The memory allowed on the GPU has no room for the chunks of one token."), false;
      part = (part + 1) / 2;
    }
    attendChunks(run_, b.chosen.get() + (size_t)done * kPer, b.weights.get() + (size_t)done * kPer, part, b.rows.wide.get() + (size_t)done * kWidth,
                 b.rows.h.get() + (size_t)done * kWidth);
  }
  return run_.ok();
}

// Logits of the block's tokens whose states are wanted.
void Context::tellLogits(int first, int last, int n, EverylineCudaStep& step) {
  const int told = n - step.states, from = std::max(first, told), count = last - from;
  if (count <= 0) return;
  norm(run_, bench_.rows.x.get() + (size_t)(from - first) * kWidth, model_.finalNorm.get(), count, bench_.rows.h.get());
  multiply(run_, model_.embedding, bench_.rows.h.get(), count, Epilogue::store, bench_.logits.get());
  run_.toHost(step.logits + (size_t)(from - told) * kVocabulary, bench_.logits.get(), (size_t)count * kVocabulary * sizeof(float));
}

// The tokens' chunks, of all layers.
void Context::tell(EverylineCudaStep& step) const {
  for (int group = 0; group < kUpperGroups; ++group)
    for (int state = 0; state < step.states; ++state)
      for (int i = 0; i < kPer; ++i) {
        const size_t from = ((size_t)group * step.states + state) * kPer + i, to = ((size_t)state * kUpperGroups + group) * kPer + i;
        const uint32_t c = bench_.lastChunks.get()[from];
        step.chosen[to] = c == kNone ? -1 : c & kOwn ? -2 - (int32_t)(c & ~kOwn) : (int32_t)c;
        step.weights[to] = bench_.lastWeights.get()[from];
      }
}

// Evicted chunks that would be among a token's 16 best: their documents are wanted.
void Context::want(int m, const EverylineCudaMemory& memory, const Callbacks& call) {
  const Bench& b = bench_;
  for (size_t i = 0; i < (size_t)m * kGroups; ++i) {
    const uint32_t *chosen = b.hostChunks.get() + i * kTop, *evicted = b.hostEvicted.get() + i * kTop;
    const float *scores = b.hostScores.get() + i * kTop, *its = b.hostEvictedScores.get() + i * kTop;
    int a = 0, e = 0;
    while (a + e < kTop && e < kTop && evicted[e] != kNone) {
      if (a < kTop && chosen[a] != kNone && (scores[a] > its[e] || (scores[a] == its[e] && chosen[a] < evicted[e]))) {
        ++a;
        continue;
      }
      const auto* end = memory.documents + memory.documentCount;
      const auto* d = std::upper_bound(memory.documents, end, evicted[e], [](uint32_t n, const EverylineCudaDocument& x) { return n < (uint32_t)x.first; }) - 1;
      call.wanted(d->document);
      ++e;
    }
  }
}

}  // namespace everyline::cuda
