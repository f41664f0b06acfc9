// The memory's mirror on the device: all landmarks; keys and values of chunks that were wanted, least recently used first to go.
#pragma once
#include <list>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api.h"
#include "attention.h"
#include "scan.h"

namespace everyline::cuda {

class Mirror {
 public:
  // Makes the device hold the landmarks of `memory` and, with `view`, its lists. Sends what is new only.
  bool sync(Run& run, const EverylineCudaMemory& memory, bool view);
  Landmarks landmarks() const { return {bytes_.get(), scales_.get()}; }
  List all() const { return {nullptr, rows_.get(), (int)chunks_}; }
  List attendable() const { return {lists_.get(), rows_.get(), (int)attendable_}; }
  List evicted() const { return {lists_.get() + attendable_, rows_.get(), (int)evicted_}; }

  // Where the chunk's keys and values lie on the device, copied there first (in stream order) when they were not. False: no room
  // before `release`.
  bool chunk(Run& run, const EverylineCudaMemory& memory, uint32_t number, Chosen& out);
  // Chunks handed out may be replaced from here on (in stream order).
  void release() { ++use_; }
  void forget();

 private:
  struct Document {
    int64_t row;
    int32_t chunks, tokens;
    const uint8_t* kv;
    uint64_t seen;
  };
  struct Slot {
    uint64_t row, use;
    int32_t keys;
  };
  bool sendLandmarks(Run& run, const EverylineCudaMemory& memory);
  bool moreSlots(Run& run, uint32_t chunks);

  uint64_t snapshot_ = 0, view_ = 0, round_ = 0, use_ = 1;
  const uint8_t* file_ = nullptr;
  uint32_t chunks_ = 0, attendable_ = 0, evicted_ = 0;
  std::unordered_map<int32_t, Document> documents_;
  Buffer<int8_t> bytes_;
  Buffer<float> scales_;
  Buffer<uint32_t> rows_, lists_;

  // Slots by landmark row, which no two chunks of a file share.
  std::vector<std::unique_ptr<Buffer<uint8_t>>> slabs_;
  std::vector<Slot> slots_;
  std::vector<uint32_t> at_;   // a row's slot, or kNone
  std::list<uint32_t> order_;  // least recently used first
  std::vector<std::list<uint32_t>::iterator> places_;
  bool full_ = false;
  Pinned<uint8_t> stage_;
  uint32_t staged_ = 0;
};

}  // namespace everyline::cuda
