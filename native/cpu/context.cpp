#include "cpu/context.h"

#include <algorithm>
#include <cmath>
#include <cstring>

#include "cpu/rope.h"

namespace everyline {

namespace {

constexpr int kBlock = 256;     // tokens
constexpr size_t kBlockFloats = 2 * 2 * 64 * 64;  // a layer's keys and values of 64 positions, [head]{keys [64][64], values [64][64]}
constexpr int kLayers = kLower + kUpperGroups * kUpperLayers;
constexpr int kRun = 8;          // tokens a task of HSA attention
constexpr int kFine = 40;        // up to so many tokens activations have 15 bits: questions and decoding, not long prefills
constexpr int kKeptSlices = 64;  // slices before the present one whose keys and values are kept for reuse
constexpr uint32_t kOwn = 0x80000000u;  // a chunk of the context itself, beside the memory's

Error cancelled() { return {"cancelled", "The call was cancelled."}; }

}  // namespace

// 64 positions of the context.
struct Context::Slice {
  Buffer<float> blocks[kLayers];  // keys and values a layer
  Buffer<float> lower;            // output of the lower stack
  Buffer<float> rope;
  bool encoded = false;
  std::vector<uint8_t> landmark, kv;
};

struct Context::Room {
  Room(const Weights& weights, const Kernels& kernels, Precision precision, int workers)
      : rows(kernels, precision, kBlock), x(kBlock * kWidth), wide(kBlock * kQkv), attended(kBlock * kWidth), inner(kBlock * kInner), r(kBlock * 256),
        best(kBlock * kGroups) {
    for (int i = 0; i < workers; ++i) encoders.push_back(std::make_unique<ChunkEncoder>(weights, kernels, precision));
  }
  Rows rows;
  Buffer<float> x, wide, attended, inner, r;
  std::vector<Best> best;
  std::vector<std::unique_ptr<ChunkEncoder>> encoders;
};

std::vector<Attended> heaviest(std::vector<std::pair<uint32_t, float>> shares, const Snapshot& snapshot) {
  std::sort(shares.begin(), shares.end());
  std::vector<std::pair<uint32_t, float>> sums;
  for (auto [chunk, weight] : shares) {
    if (!sums.empty() && sums.back().first == chunk) sums.back().second += weight;
    else sums.emplace_back(chunk, weight);
  }
  std::stable_sort(sums.begin(), sums.end(), [](auto& a, auto& b) { return a.second > b.second; });
  if (sums.size() > kTop) sums.resize(kTop);
  std::vector<Attended> out;
  for (auto [chunk, weight] : sums) {
    const int d = snapshot.documentOf(chunk);
    out.push_back({snapshot.documents[d].document, (int32_t)chunk - snapshot.firsts[d], weight / (kUpperGroups * kGroups)});
  }
  return out;
}

View::View(std::shared_ptr<const Snapshot> s, const std::vector<int32_t>& hidden) : snapshot(std::move(s)) {
  attendable = snapshot->attendable;
  evicted = snapshot->evicted;
  if (hidden.empty()) return;
  const std::set<int32_t> documents(hidden.begin(), hidden.end());
  const auto erase = [](std::vector<uint32_t>& ascending, int32_t from, int32_t to) {
    const auto at = [&](int32_t chunk) { return std::lower_bound(ascending.begin(), ascending.end(), (uint32_t)chunk); };
    ascending.erase(at(from), at(to));
  };
  for (size_t i = 0; i < snapshot->documents.size(); ++i) {
    if (!documents.count(snapshot->documents[i].document)) continue;
    erase(attendable, snapshot->firsts[i], snapshot->firsts[i + 1]);
    erase(evicted, snapshot->firsts[i], snapshot->firsts[i + 1]);
  }
}

Context::Context(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool)
    : weights_(weights), kernels_(kernels), precision_(precision), pool_(pool), room_(std::make_unique<Room>(weights, kernels, precision, pool.size())) {}
Context::~Context() = default;

// ---- the calls

Result<Step> Context::begin(const std::vector<int32_t>& ids, const View& view, const std::atomic<bool>& stop, std::set<int32_t>& wanted, int before) {
  if (ids.empty()) return Error{"bad-argument", "A context needs at least one token."};
  for (int32_t id : ids)
    if (id < 0 || id >= kVocabulary) return Error{"bad-argument", "A token id lies outside the vocabulary."};
  before = std::min(before, (int)ids.size() - 1);
  keepPrefix(ids, before);
  const int computed = (int)(ids.size() - ids_.size());
  told_.assign(before + 1, {});
  if (!advance(ids, kUpperGroups, view, stop, wanted, false)) return cancelled();
  return finish(view, computed);
}

Result<std::vector<std::vector<float>>> Context::queries(const std::vector<int32_t>& ids, int layers, const View& view, const std::atomic<bool>& stop,
                                                         std::set<int32_t>& wanted) {
  if (ids.empty()) return Error{"bad-argument", "A question needs at least one token."};
  for (int32_t id : ids)
    if (id < 0 || id >= kVocabulary) return Error{"bad-argument", "A token id lies outside the vocabulary."};
  ids_.clear();
  slices_.clear();
  queries_.assign(layers, {});
  told_.clear();
  if (!advance(ids, layers, view, stop, wanted, true)) return cancelled();
  return std::move(queries_);
}

// Cuts the state back to what `ids` shares with it, less the tokens whose state is told.
bool Context::keepPrefix(const std::vector<int32_t>& ids, int before) {
  size_t same = 0;
  while (same < ids_.size() && same + 1 + before < ids.size() && ids_[same] == ids[same]) ++same;
  // The window before the first new token must still be there.
  for (size_t s = same / 64 >= 4 ? same / 64 - 4 : 0; s < slices_.size() && s * 64 < same; ++s)
    if (slices_[s]->blocks[0].empty()) same = 0;
  ids_.resize(same);
  slices_.resize((same + 63) / 64);
  if (same % 64) slices_.back()->encoded = false;
  return same > 0;
}

bool Context::advance(const std::vector<int32_t>& ids, int layers, const View& view, const std::atomic<bool>& stop, std::set<int32_t>& wanted, bool queriesOnly) {
  Room& room = *room_;
  while (ids_.size() < ids.size()) {
    const int first = (int)ids_.size();
    // Blocks end at multiples of 64 where more follows.
    const int last = (int)std::min<size_t>(ids.size(), (size_t)(first / 64 * 64 + kBlock));
    const int m = last - first;
    while ((int)slices_.size() * 64 < last) {
      auto slice = std::make_unique<Slice>();
      for (auto& b : slice->blocks) b.resize(kBlockFloats);
      slice->lower.resize(64 * kWidth);
      slice->rope.resize(64 * 64);
      ropeTable((long)slices_.size() * 64, 64, slice->rope.data());
      slices_.push_back(std::move(slice));
      if ((int)slices_.size() > kKeptSlices)
        for (auto& b : slices_[slices_.size() - 1 - kKeptSlices]->blocks) Buffer<float>().swap(b);
    }
    for (int i = 0; i < m; ++i) weights_.embed(ids[first + i], room.x.data() + i * kWidth);
    for (int n = 0; n < kLower; ++n)
      if (!windowLayer(weights_.lower[n], n, first, m, stop)) return false;
    for (int i = 0; i < m; ++i)
      std::memcpy(slices_[(first + i) / 64]->lower.data() + (first + i) % 64 * kWidth, room.x.data() + i * kWidth, sizeof(float) * kWidth);
    encodeOwn(first, last);
    for (int g = 0; g < layers; ++g) {
      const bool queryOnly = queriesOnly && g + 1 == layers;
      if (!hsaLayer(g, first, m, view, queryOnly, stop, wanted)) return false;
      if (queryOnly) break;
      const int from = (int)(ids.size() - told_.size());
      for (int t = std::max(first, from); t < last; ++t) tellBest(t - first, told_[t - from]);
      for (int n = 0; n < kUpperLayers; ++n)
        if (!windowLayer(weights_.upper[g][n], kLower + g * kUpperLayers + n, first, m, stop)) return false;
    }
    const int toldFrom = (int)(ids.size() - told_.size());
    for (int t = std::max(first, toldFrom); t < last; ++t)
      told_[t - toldFrom].row.assign(room.x.begin() + (t - first) * kWidth, room.x.begin() + (t - first + 1) * kWidth);
    ids_.insert(ids_.end(), ids.begin() + first, ids.begin() + last);
  }
  return true;
}

Step Context::finish(const View& view, int computed) {
  const int states = (int)told_.size();
  std::vector<float> rows, logits((size_t)states * kVocabulary);
  for (const Told& told : told_) rows.insert(rows.end(), told.row.begin(), told.row.end());
  load(rows.data(), states, kWidth, weights_.finalNorm.data());
  multiply(weights_.embedding, states, Epilogue::store, logits.data(), kVocabulary);

  const auto stepOf = [&](int state) {
    Told& told = told_[state];
    Step step;
    step.logits.assign(logits.begin() + (size_t)state * kVocabulary, logits.begin() + (size_t)(state + 1) * kVocabulary);
    step.chosen = std::move(told.chosen);
    std::erase_if(told.shares, [](const auto& share) { return share.first & kOwn; });
    step.attended = heaviest(std::move(told.shares), *view.snapshot);
    return step;
  };
  Step last = stepOf(states - 1);
  last.computed = computed;
  for (int state = 0; state + 1 < states; ++state) last.before.push_back(stepOf(state));
  return last;
}

// The chunks that the layer of HSA under way attends to for a token of the block.
void Context::tellBest(int token, Told& told) {
  for (int g = 0; g < kGroups; ++g) {
    const Best& best = room_->best[token * kGroups + g];
    for (int i = 0; i < best.n; ++i) told.shares.emplace_back(best.chunk[i], best.score[i]);
    for (int i = 0; i < kTop; ++i) {
      const bool own = i < best.n && (best.chunk[i] & kOwn);
      told.chosen.push_back(i >= best.n ? -1 : own ? -2 - (int32_t)(best.chunk[i] & ~kOwn) : (int32_t)best.chunk[i]);
    }
  }
}

// ---- shared out over the pool

void Context::load(const float* x, int m, int k, const float* gain) {
  const Rounding rounding = m <= kFine || !gain ? Rounding::fine : Rounding::token;  // the outputs of attention and SwiGLU have peaks that stand far out
  if (m < 16) return room_->rows.load(x, k, 0, m, k, gain, rounding);
  pool_.run((m + 15) / 16, [&](int task, int) { room_->rows.load(x, k, task * 16, std::min(16, m - task * 16), k, gain, rounding); });
}

void Context::multiply(const Matrix& w, int m, Epilogue epilogue, float* out, size_t ldo) {
  const int panels = w.packed.n / 64;
  // Few tokens: the weights are what is read, so panels are shared out; many: tokens.
  const int parts = m >= 64 ? 1 : std::min(panels, 2 * pool_.size());
  const int height = m >= 64 ? 48 : m;
  const int tall = (m + height - 1) / height;
  pool_.run(parts * tall, [&](int task, int) {
    const int part = task % parts, at = task / parts * height;
    room_->rows.multiply(w, at, std::min(height, m - at), panels * part / parts, panels * (part + 1) / parts, epilogue, out + at * ldo, ldo);
  });
}

// x = from-normed MLP added to x.
bool Context::feed(const Mlp& mlp, const std::vector<float>& norm, const float* from, int m, const std::atomic<bool>& stop) {
  Room& room = *room_;
  load(from, m, kWidth, norm.data());
  multiply(mlp.up, m, Epilogue::siluMul, room.inner.data(), kInner);
  if (stop) return false;
  load(room.inner.data(), m, kInner, nullptr);
  multiply(mlp.down, m, Epilogue::add, room.x.data(), kWidth);
  return !stop;
}

bool Context::windowLayer(const Layer& layer, int cache, int first, int m, const std::atomic<bool>& stop) {
  Room& room = *room_;
  load(room.x.data(), m, kWidth, layer.norm1.data());
  multiply(layer.qkv, m, Epilogue::store, room.wide.data(), kQkv);
  if (stop) return false;
  const int firstSlice = first / 64, slices = (first + m + 63) / 64 - firstSlice;
  // A slice's part of the block: positions [from, to).
  const auto part = [&](int s, int& from, int& to) {
    from = std::max(first, (firstSlice + s) * 64);
    to = std::min(first + m, (firstSlice + s + 1) * 64);
  };
  const auto split = [&](int s, int) {
    int from, to;
    part(s, from, to);
    Slice& slice = *slices_[firstSlice + s];
    for (int p = from; p < to; ++p) {
      const float* rope = slice.rope.data() + p % 64 * 64;
      kernels_.splitHeads(room.wide.data() + (p - first) * kQkv, rope, rope + 32, slice.blocks[cache].data(), p % 64);
    }
  };
  if (m < 16) {
    for (int s = 0; s < slices; ++s) split(s, 0);
  } else {
    pool_.run(slices, split);
  }
  pool_.run(slices * kGroups, [&](int task, int) {
    const int s = task / kGroups, g = task % kGroups, at = firstSlice + s;
    int from, to;
    part(s, from, to);
    float* o = room.attended.data() + (from - first) * kWidth + g * 256;
    float own[64 * 4] = {};
    for (int t = 0; t < to - from; ++t) std::fill(o + t * kWidth, o + t * kWidth + 256, 0.0f);
    for (int back = std::min(4, at); back >= 0; --back) {
      const float* block = slices_[at - back]->blocks[cache].data() + g * 8192;
      const Sees sees = back == 0 ? Sees::upTo : back == 4 ? Sees::beyond : Sees::all;
      kernels_.attend(room.wide.data() + (from - first) * kQkv + g * 256, kQkv, to - from, from % 64, block, block + 4096, sees, 64, o, kWidth, own);
    }
    for (int t = 0; t < to - from; ++t)
      for (int h = 0; h < 4; ++h) {
        const float inverse = 1.0f / own[t * 4 + h];
        for (int d = 0; d < 64; ++d) o[t * kWidth + h * 64 + d] *= inverse;
      }
  });
  if (stop) return false;
  load(room.attended.data(), m, kWidth, nullptr);
  multiply(layer.out, m, Epilogue::add, room.x.data(), kWidth);
  if (stop) return false;
  return feed(layer.mlp, layer.norm2, room.x.data(), m, stop);
}

// Encodes the context's own chunks that are complete now.
void Context::encodeOwn(int first, int last) {
  const int from = first / 64, to = last / 64;
  pool_.run(to - from, [&](int task, int worker) {
    Slice& slice = *slices_[from + task];
    slice.landmark.resize(landmarkBytes(precision_));
    slice.kv.resize(kvBytes(precision_));
    room_->encoders[worker]->encode(slice.lower.data(), slice.landmark.data(), slice.kv.data());
    slice.encoded = true;
  });
}

// ---- HSA

bool Context::hsaLayer(int group, int first, int m, const View& view, bool queryOnly, const std::atomic<bool>& stop, std::set<int32_t>& wanted) {
  Room& room = *room_;
  const HsaLayer& layer = weights_.hsa[group];
  load(room.x.data(), m, kWidth, layer.norm1.data());
  multiply(layer.retrieval, m, Epilogue::store, room.r.data(), 256);
  kernels_.rmsHeads(room.r.data(), m * kGroups, kRetrieval, 1.0f);
  if (!queries_.empty()) queries_[group].insert(queries_[group].end(), room.r.data(), room.r.data() + m * 256);
  if (queryOnly) return !stop;
  multiply(layer.query, m, Epilogue::store, room.wide.data(), kWidth);
  kernels_.rmsHeads(room.wide.data(), m * kHeads, kHead, 1.44269504f / 8);
  if (stop) return false;

  Scan scan(kernels_, precision_, room.r.data(), m, layer.temperature);
  std::fill(room.best.begin(), room.best.begin() + m * kGroups, Best{});
  scan.choose(pool_, *view.snapshot, view.attendable, room.best.data(), stop);
  if (stop) return false;
  for (int t = 0; t < m; ++t)
    for (int c = 0; c < (first + t) / 64; ++c) scan.add(slices_[c]->landmark.data(), kOwn | (uint32_t)c, t, room.best.data());
  if (!view.evicted.empty()) {
    std::vector<Best> with(room.best.begin(), room.best.begin() + m * kGroups);
    scan.choose(pool_, *view.snapshot, view.evicted, with.data(), stop);
    for (const Best& b : with)
      for (int i = 0; i < b.n; ++i) {
        if (b.chunk[i] & kOwn) continue;
        const int d = view.snapshot->documentOf(b.chunk[i]);
        if (!view.snapshot->kv[d]) wanted.insert(view.snapshot->documents[d].document);
      }
  }
  // Neighbouring tokens choose much the same chunks, so a task has some of them, one head.
  const int runs = (m + kRun - 1) / kRun;
  pool_.run(runs * kGroups, [&](int task, int) {
    for (int t = task % runs * kRun; t < std::min(m, (task % runs + 1) * kRun) && !stop; ++t) attendChunks(layer, view, t, task / runs);
  });
  if (stop) return false;
  // The retrieved vector feeds the MLP but does not enter the residual stream: y = x + out · Wo lives in `inner` only.
  std::copy(room.x.begin(), room.x.begin() + m * kWidth, room.inner.begin());
  load(room.attended.data(), m, kWidth, nullptr);
  multiply(layer.out, m, Epilogue::add, room.inner.data(), kWidth);
  if (stop) return false;
  std::copy(room.inner.begin(), room.inner.begin() + m * kWidth, room.attended.begin());
  return feed(layer.mlp, layer.norm2, room.attended.data(), m, stop);
}

// room.attended of a token and head: its chosen chunks' values; their scores become shares of attention.
void Context::attendChunks(const HsaLayer& layer, const View& view, int token, int g) {
  Best& best = room_->best[token * kGroups + g];
  float* out = room_->attended.data() + token * kWidth + g * 256;
  const float* q = room_->wide.data() + token * kWidth + g * 256;
  std::fill(out, out + 256, 0.0f);
  if (best.n == 0) return;
  const float peak = std::max(best.score[0], layer.null[g]);
  float total = std::exp(layer.null[g] - peak);
  for (int i = 0; i < best.n; ++i) total += best.score[i] = std::exp(best.score[i] - peak);
  const uint8_t* heads[kTop];
  int keys[kTop];
  for (int i = 0; i < best.n; ++i) {
    best.score[i] /= total;
    heads[i] = chunkOf(view, best.chunk[i], keys[i]) + g * kvBytes(precision_) / kGroups;
  }
  if (precision_ == Precision::stored) return kernels_.attendStored(q, heads, keys, best.score, best.n, out);
  for (int i = 0; i < best.n; ++i) {
    const float* kt = (const float*)heads[i];
    alignas(64) float part[256] = {}, sum[4] = {}, scale[4];
    kernels_.attend(q, kWidth, 1, 0, kt, kt + 4096, Sees::all, keys[i], part, 256, sum);
    for (int h = 0; h < 4; ++h) scale[h] = best.score[i] / sum[h];
    kernels_.accumulate(out, part, scale);
  }
}

// A chosen chunk's keys and values, and how many of its 64 tokens count.
const uint8_t* Context::chunkOf(const View& view, uint32_t chunk, int& keys) const {
  keys = 64;
  if (chunk & kOwn) return slices_[chunk & ~kOwn]->kv.data();
  const Snapshot& snapshot = *view.snapshot;
  const int d = snapshot.documentOf(chunk), c = (int)chunk - snapshot.firsts[d];
  keys = std::min(64, snapshot.documents[d].tokens - c * 64);
  const uint8_t* kv = snapshot.kv[d] + (size_t)c * kvBytes(precision_);
  snapshot.segments[d]->touch(kv, kvBytes(precision_));
  return kv;
}

}  // namespace everyline
