#include "memory.h"

#include <algorithm>

#include "sizes.h"

namespace everyline::cuda {

namespace {

constexpr uint32_t kSlab = 1024;   // chunks a slab of slots, 17 MB
constexpr uint32_t kStage = 1024;  // chunks in page-locked memory on their way
constexpr uint32_t kFew = 1024;    // missing numbers that are copied along with their count

__global__ void fillKernel(uint32_t* to, uint32_t value, size_t n) {
  const size_t i = (size_t)blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) to[i] = value;
}

// The rows of a list's chunks.
__global__ void rowsKernel(const uint32_t* list, const uint32_t* rows, uint32_t n, uint32_t* out) {
  const uint32_t i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i < n) out[i] = rows[list[i]];
}

// What the device knows of slots.
struct Slots {
  const uint32_t* rows;  // a chunk's row
  uint32_t *slots, *missed, *uses;
  int32_t* keys;
  uint8_t* const* slabs;
};

__global__ void lookKernel(Slots known, const uint32_t* chunks, int n, const uint8_t* own, uint32_t use, Chosen* chosen, uint32_t* missing) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  const uint32_t c = chunks[i];
  Chosen out{nullptr, 0};
  if (c != kNone && c & kOwn) {
    out = {own + (size_t)(c & ~kOwn) * kKvBytes, kChunk};
  } else if (c != kNone) {
    const uint32_t row = known.rows[c], slot = known.slots[row];
    if (slot != kNone) {
      known.uses[slot] = use;
      out = {known.slabs[slot / kSlab] + (size_t)(slot % kSlab) * kKvBytes, known.keys[slot]};
    } else if (atomicExch(known.missed + row, use) != use) {
      missing[1 + atomicAdd(missing, 1u)] = c;
    }
  }
  chosen[i] = out;
}

__global__ void moveKernel(const Move* moves, int n, uint32_t* slots, int32_t* keys) {
  const int i = blockIdx.x * blockDim.x + threadIdx.x;
  if (i >= n) return;
  slots[moves[i].row] = moves[i].slot;
  if (moves[i].slot != kNone) keys[moves[i].slot] = moves[i].keys;
}

unsigned blocksOf(size_t n) { return (unsigned)((n + 255) / 256); }

void fill(Run& run, uint32_t* to, uint32_t value, size_t n) {
  if (!run.ok() || n == 0) return;
  fillKernel<<<blocksOf(n), 256, 0, run.stream>>>(to, value, n);
  run.launched("filling");
}

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
    if (!lists_.room(run, n + n / 4 + 1) || !listRows_.room(run, n + n / 4 + 1)) return false;
    run.toDevice(lists_.get(), memory.attendable, memory.attendableCount * sizeof(uint32_t));
    run.toDevice(lists_.get() + memory.attendableCount, memory.evicted, memory.evictedCount * sizeof(uint32_t));
    if (n && run.ok()) rowsKernel<<<blocksOf(n), 256, 0, run.stream>>>(lists_.get(), rows_.get(), n, listRows_.get());
    run.launched("looking up rows");
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
  if ((size_t)rows > at_.size()) {
    const size_t had = at_.size(), more = (size_t)rows + rows / 4;
    if (!slots_.room(run, more, true) || !missed_.room(run, more, true)) return false;
    at_.resize(more, kNone);
    fill(run, slots_.get() + had, kNone, more - had);
  }
  ++round_;
  std::vector<std::pair<int64_t, int64_t>> ranges;
  for (uint32_t i = 0; i < memory.documentCount; ++i) {
    const auto& d = memory.documents[i];
    Document& mine = documents_[d.document];
    if (!mine.seen || mine.row != d.row || mine.chunks != d.chunks || mine.tokens != d.tokens) {
      ranges.emplace_back(d.row, d.row + d.chunks);
      for (int64_t r = d.row; r < d.row + d.chunks; ++r)
        if (at_[r] != kNone) leave(at_[r]);
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
  if (!send(run) || !run.wait()) forget();  // what arrived is not known
  return run.ok();
}

void Mirror::forget() {
  documents_.clear();
  bytes_.free();
  scales_.free();
  slots_.free();
  missed_.free();
  slabs_.clear();
  at_.clear();
  rowOf_.clear();
  free_.clear();
  moves_.clear();
  full_ = false;
  snapshot_ = view_ = 0;
  file_ = nullptr;
}

// A slot's chunk is no longer there.
void Mirror::leave(uint32_t slot) {
  moves_.push_back({rowOf_[slot], kNone, 0});
  at_[rowOf_[slot]] = kNone;
  rowOf_[slot] = kNone;
  free_.push_back(slot);
}

// Tells the device of moves: those that leave come before those that take their slots.
bool Mirror::send(Run& run) {
  if (moves_.empty() || !run.ok()) return run.ok();
  if (!deviceMoves_.room(run, std::max<size_t>(moves_.size(), kStage))) return false;
  run.toDevice(deviceMoves_.get(), moves_.data(), moves_.size() * sizeof(Move));
  if (run.ok()) moveKernel<<<blocksOf(moves_.size()), 256, 0, run.stream>>>(deviceMoves_.get(), (int)moves_.size(), slots_.get(), keys_.get());
  run.launched("moving chunks");
  moves_.clear();
  return run.ok();
}

bool Mirror::moreSlots(Run& run, uint32_t chunks) {
  if (full_ || rowOf_.size() >= chunks) return false;
  auto slab = std::make_unique<Buffer<uint8_t>>();
  const size_t had = rowOf_.size(), slots = had + kSlab;
  // The last quarter of the budget stays free for landmarks that grow and for contexts.
  if (run.budget.used + (uint64_t)kSlab * kKvBytes > run.budget.limit - run.budget.limit / 4 || !slab->room(run, (size_t)kSlab * kKvBytes)) {
    run.recover();
    full_ = true;
    return false;
  }
  size_t room = std::max<size_t>(uses_.size(), 16 * kSlab);
  while (room < slots) room *= 2;
  if (!uses_.room(run, room, true) || !keys_.room(run, room, true) || !slabAt_.room(run, room / kSlab, true)) {
    run.recover();
    full_ = true;
    return false;
  }
  uint8_t* at = slab->get();
  run.toDevice(slabAt_.get() + slabs_.size(), &at, sizeof at);
  if (!run.wait()) return false;
  slabs_.push_back(std::move(slab));
  rowOf_.resize(slots, kNone);
  for (size_t slot = slots; slot > had; --slot) free_.push_back((uint32_t)slot - 1);
  return true;
}

// Makes `wanted` slots free, by more memory or by chunks that this round does not use.
bool Mirror::makeRoom(Run& run, const EverylineCudaMemory& memory, size_t wanted) {
  while (free_.size() < wanted && moreSlots(run, memory.chunks)) {
  }
  if (free_.size() >= wanted || !run.ok()) return run.ok();
  if (!hostUses_.room(run, rowOf_.size())) return false;
  run.toHost(hostUses_.get(), uses_.get(), rowOf_.size() * sizeof(uint32_t));
  if (!run.wait()) return false;
  const uint32_t* uses = hostUses_.get();
  std::vector<uint32_t> others;
  for (uint32_t slot = 0; slot < rowOf_.size(); ++slot)
    if (rowOf_[slot] != kNone && uses[slot] != use_) others.push_back(slot);
  if (free_.size() + others.size() < wanted) return false;
  // Some more than is wanted, so that the next call does not ask again.
  const size_t n = std::min(others.size(), std::max(wanted - free_.size(), rowOf_.size() / 8));
  std::nth_element(others.begin(), others.begin() + (n - 1), others.end(), [&](uint32_t a, uint32_t b) { return use_ - uses[a] > use_ - uses[b]; });
  std::sort(others.begin(), others.begin() + n, std::greater<>());
  for (size_t i = 0; i < n; ++i) leave(others[i]);
  return true;
}

// Finds chosen chunks on the device; returns how many are missing there, -1 on a failure.
int Mirror::look(Run& run, const uint32_t* chunks, int n, const uint8_t* own, Chosen* chosen) {
  if (!missing_.room(run, (size_t)n + 1 + kFew) || !hostMissing_.room(run, (size_t)n + 1 + kFew)) return -1;
  run.check(cudaMemsetAsync(missing_.get(), 0, sizeof(uint32_t), run.stream), "clearing memory");
  if (run.ok())
    lookKernel<<<blocksOf(n), 256, 0, run.stream>>>({rows_.get(), slots_.get(), missed_.get(), uses_.get(), keys_.get(), slabAt_.get()}, chunks, n, own, use_, chosen,
                                                    missing_.get());
  run.launched("looking for chunks");
  if (attendable_ == 0) return run.ok() ? 0 : -1;  // own chunks only
  run.toHost(hostMissing_.get(), missing_.get(), (1 + kFew) * sizeof(uint32_t));
  if (!run.wait()) return -1;
  const uint32_t missing = hostMissing_.get()[0];
  if (missing > kFew) {
    run.toHost(hostMissing_.get(), missing_.get(), (1 + missing) * sizeof(uint32_t));
    if (!run.wait()) return -1;
  }
  return (int)missing;
}

bool Mirror::resolve(Run& run, const EverylineCudaMemory& memory, const Callbacks& call, const uint32_t* chunks, int n, const uint8_t* own, Chosen* chosen) {
  ++use_;
  const int missing = look(run, chunks, n, own, chosen);
  if (missing <= 0) return missing == 0;
  if (!fetch(run, memory, call, missing)) return false;
  ++use_;  // what this round missed, it may not find missing again
  return look(run, chunks, n, own, chosen) == 0;
}

// By way of the stage alone: the files' pages stay where the system keeps them.
bool Mirror::fetch(Run& run, const EverylineCudaMemory& memory, const Callbacks& call, int missing) {
  if (!stage_.room(run, (size_t)kStage * kKvBytes) || !makeRoom(run, memory, missing) || !send(run)) return false;
  uint32_t* numbers = hostMissing_.get() + 1;
  std::sort(numbers, numbers + missing);
  const auto* end = memory.documents + memory.documentCount;
  uint32_t staged = 0, first = 0;  // chunks in the stage, and the first slot of those not yet on their way
  uint32_t waiting = 0;
  const auto flush = [&] {
    if (waiting) run.toDevice(slabs_[first / kSlab]->get() + (size_t)(first % kSlab) * kKvBytes, stage_.get() + (size_t)(staged - waiting) * kKvBytes, (size_t)waiting * kKvBytes);
    waiting = 0;
  };
  for (int i = 0; i < missing && run.ok(); ++i) {
    const uint32_t number = numbers[i], slot = free_.back();
    free_.pop_back();
    const auto* document = std::upper_bound(memory.documents, end, number, [](uint32_t n, const EverylineCudaDocument& d) { return n < (uint32_t)d.first; }) - 1;
    const int c = (int)number - document->first;
    // Neighbouring slots of one slab go together.
    if (waiting && (slot != first + waiting || slot % kSlab == 0)) flush();
    if (staged == kStage) {
      flush();
      if (!run.wait()) return false;
      staged = 0;
    }
    if (!waiting) first = slot;
    if (!call.read(number, stage_.get() + (size_t)staged++ * kKvBytes)) {
      run.wait();
      forget();
      return run.fail("io", "The cache's keys and values cannot be read."), false;
    }
    ++waiting;
    rowOf_[slot] = memory.rows[number];
    at_[rowOf_[slot]] = slot;
    moves_.push_back({rowOf_[slot], slot, std::min(kChunk, document->tokens - c * kChunk)});
  }
  flush();
  // The stage is free again before the next call fills it.
  return send(run) && run.wait();
}

}  // namespace everyline::cuda
