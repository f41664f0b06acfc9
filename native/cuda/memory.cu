#include "memory.h"

#include <algorithm>
#include <cstring>

#include "sizes.h"

namespace everyline::cuda {

namespace {

constexpr uint32_t kSlab = 1024;   // chunks a slab of slots, 17 MB
constexpr uint32_t kStage = 1024;  // chunks in page-locked memory on their way

}  // namespace

bool Mirror::sync(Run& run, const EverylineCudaMemory& memory, bool view) {
  if (memory.snapshot != snapshot_) {
    if (!sendLandmarks(run, memory)) return false;
    if (!rows_.room(run, memory.chunks + memory.chunks / 4 + 1)) return false;
    run.toDevice(rows_.get(), memory.rows, memory.chunks * sizeof(uint32_t));
    chunks_ = memory.chunks;
    if (!run.wait()) return false;
    snapshot_ = memory.snapshot;
    view_ = 0;
  }
  if (view && memory.view != view_) {
    const uint32_t n = memory.attendableCount + memory.evictedCount;
    if (!lists_.room(run, n + n / 4 + 1)) return false;
    run.toDevice(lists_.get(), memory.attendable, memory.attendableCount * sizeof(uint32_t));
    run.toDevice(lists_.get() + memory.attendableCount, memory.evicted, memory.evictedCount * sizeof(uint32_t));
    attendable_ = memory.attendableCount;
    evicted_ = memory.evictedCount;
    if (!run.wait()) return false;
    view_ = memory.view;
  }
  return run.ok();
}

// Landmarks lie in the order of the file's rows. Documents that came or moved are sent, neighbouring ones together.
bool Mirror::sendLandmarks(Run& run, const EverylineCudaMemory& memory) {
  if (memory.landmarks != file_) {
    forget();
    file_ = memory.landmarks;
  }
  int64_t rows = 0;
  for (uint32_t i = 0; i < memory.documentCount; ++i) rows = std::max(rows, memory.documents[i].row + memory.documents[i].chunks);
  if ((size_t)rows * 256 > bytes_.size()) {
    const size_t more = (size_t)rows + rows / 4 + 1024;
    if (!bytes_.room(run, more * 256, true) || !scales_.room(run, more * 2, true)) {
      // Growing needs the old and the new at once: without the old there may be room.
      run.recover();
      forget();
      file_ = memory.landmarks;
      if (!bytes_.room(run, (size_t)rows * 256) || !scales_.room(run, (size_t)rows * 2)) return false;
    }
  }
  if ((size_t)rows > at_.size()) at_.resize(rows, kNone);
  ++round_;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (uint32_t i = 0; i < memory.documentCount; ++i) {
    const auto& d = memory.documents[i];
    Document& mine = documents_[d.document];
    if (!mine.seen || mine.row != d.row || mine.chunks != d.chunks || mine.tokens != d.tokens) {
      ranges.emplace_back(d.row, d.row + d.chunks);
      for (int64_t r = d.row; r < d.row + d.chunks; ++r) {
        if ((size_t)r >= at_.size() || at_[r] == kNone) continue;
        slots_[at_[r]].row = UINT64_MAX;
        at_[r] = kNone;
      }
    }
    mine = {d.row, d.chunks, d.tokens, d.kv, round_};
  }
  for (auto it = documents_.begin(); it != documents_.end();) it = it->second.seen == round_ ? std::next(it) : documents_.erase(it);
  std::sort(ranges.begin(), ranges.end());
  for (size_t i = 0; i < ranges.size() && run.ok();) {
    auto [first, last] = ranges[i];
    for (++i; i < ranges.size() && ranges[i].first <= last; ++i) last = std::max(last, ranges[i].second);
    const uint8_t* from = memory.landmarks + first * kLandmarkBytes;
    run.check(cudaMemcpy2DAsync(bytes_.get() + first * 256, 256, from, kLandmarkBytes, 256, last - first, cudaMemcpyHostToDevice, run.stream), "sending landmarks");
    run.check(cudaMemcpy2DAsync(scales_.get() + first * 2, 8, from + 256, kLandmarkBytes, 8, last - first, cudaMemcpyHostToDevice, run.stream), "sending landmarks");
  }
  if (!run.wait()) forget();  // what arrived is not known
  return run.ok();
}

void Mirror::forget() {
  documents_.clear();
  bytes_.free();
  scales_.free();
  slabs_.clear();
  slots_.clear();
  at_.clear();
  order_.clear();
  places_.clear();
  full_ = false;
  snapshot_ = view_ = 0;
  file_ = nullptr;
}

bool Mirror::moreSlots(Run& run, uint32_t chunks) {
  if (full_ || slots_.size() >= chunks) return false;
  auto slab = std::make_unique<Buffer<uint8_t>>();
  // The last quarter of the budget stays free for landmarks that grow and for contexts.
  if (run.budget.used + (uint64_t)kSlab * kKvBytes > run.budget.limit - run.budget.limit / 4 || !slab->room(run, (size_t)kSlab * kKvBytes)) {
    run.recover();
    full_ = true;
    return false;
  }
  slabs_.push_back(std::move(slab));
  for (uint32_t i = 0; i < kSlab; ++i) {
    places_.push_back(order_.insert(order_.begin(), (uint32_t)slots_.size()));
    slots_.push_back({UINT64_MAX, 0, 0});
  }
  return true;
}

bool Mirror::chunk(Run& run, const EverylineCudaMemory& memory, uint32_t number, Chosen& out) {
  const uint32_t row = memory.rows[number];
  uint32_t slot = at_[row];
  if (slot == kNone) {
    if (!run.ok() || !stage_.room(run, (size_t)kStage * kKvBytes)) return false;
    if (slots_.empty() || slots_[order_.front()].row != UINT64_MAX) moreSlots(run, memory.chunks);
    if (!run.ok()) return false;
    if (slots_.empty()) {
      run.fail("no-memory", "The memory allowed on the GPU (" + std::to_string(run.budget.limit >> 20) + " MiB) leaves no room for keys and values.");
      return false;
    }
    slot = order_.front();
    if (slots_[slot].use == use_) return false;
    if (slots_[slot].row != UINT64_MAX) at_[slots_[slot].row] = kNone;
    if (staged_ == kStage) {
      if (!run.wait()) return false;
      staged_ = 0;
    }
    const auto* end = memory.documents + memory.documentCount;
    const auto* document = std::upper_bound(memory.documents, end, number, [](uint32_t n, const EverylineCudaDocument& d) { return n < (uint32_t)d.first; }) - 1;
    const int c = (int)number - document->first;
    uint8_t* stage = stage_.get() + (size_t)staged_++ * kKvBytes;
    std::memcpy(stage, document->kv + (size_t)c * kKvBytes, kKvBytes);
    run.toDevice(slabs_[slot / kSlab]->get() + (size_t)(slot % kSlab) * kKvBytes, stage, kKvBytes);
    slots_[slot].row = row;
    slots_[slot].keys = std::min(kChunk, document->tokens - c * kChunk);
    at_[row] = slot;
  }
  if (slots_[slot].use != use_) {
    slots_[slot].use = use_;
    order_.splice(order_.end(), order_, places_[slot]);
  }
  out = {slabs_[slot / kSlab]->get() + (size_t)(slot % kSlab) * kKvBytes, slots_[slot].keys};
  return true;
}

}  // namespace everyline::cuda
