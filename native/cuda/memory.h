// The memory's mirror on the device: all landmarks; keys and values of chunks that were wanted, least recently used first to go.
// Where a chunk lies is known on the device, so a call whose chunks are all there never asks the host.
#pragma once
#include <functional>
#include <memory>
#include <unordered_map>
#include <vector>

#include "api.h"
#include "attention.h"
#include "scan.h"

namespace everyline::cuda {

// What a call asks of its owner while it runs (api.h).
struct Callbacks {
  std::function<bool()> stopped;
  std::function<void(int32_t document)> wanted;
  std::function<bool(uint32_t chunk, uint8_t* to)> read;
};

// A row's new slot, or none.
struct Move {
  uint32_t row, slot;
  int32_t keys;
};

class Mirror {
 public:
  // Makes the device hold the landmarks of `memory` and, with `view`, its lists. Sends what is new only.
  bool sync(Run& run, const EverylineCudaMemory& memory, bool view);
  Landmarks landmarks() const { return {bytes_.get(), scales_.get()}; }
  List all() const { return {nullptr, rows_.get(), (int)chunks_}; }
  List attendable() const { return {lists_.get(), listRows_.get(), (int)attendable_}; }
  List evicted() const { return {lists_.get() + attendable_, listRows_.get() + attendable_, (int)evicted_}; }

  // Where `n` chosen chunks (numbers on the device; own ones lie at `own`) have their keys and values, copied to the device first where
  // they were not. They stay until the next call. False without a failure: they do not fit at once.
  bool resolve(Run& run, const EverylineCudaMemory& memory, const Callbacks& call, const uint32_t* chunks, int n, const uint8_t* own, Chosen* chosen);
  void forget();

 private:
  struct Document {
    int64_t row;
    int32_t chunks, tokens;
    const uint8_t* kv;
    uint64_t seen;
  };
  bool sendLandmarks(Run& run, const EverylineCudaMemory& memory);
  int look(Run& run, const uint32_t* chunks, int n, const uint8_t* own, Chosen* chosen);
  bool fetch(Run& run, const EverylineCudaMemory& memory, const Callbacks& call, int missing);
  bool makeRoom(Run& run, const EverylineCudaMemory& memory, size_t slots);
  bool moreSlots(Run& run, uint32_t chunks);
  void leave(uint32_t slot);
  bool send(Run& run);

  uint64_t snapshot_ = 0, view_ = 0, round_ = 0;
  const uint8_t* file_ = nullptr;
  uint32_t chunks_ = 0, attendable_ = 0, evicted_ = 0;
  std::unordered_map<int32_t, Document> documents_;
  Buffer<int8_t> bytes_;
  Buffer<float> scales_;
  Buffer<uint32_t> rows_, lists_, listRows_;

  // Slots by landmark row, which no two chunks of a file share.
  std::vector<std::unique_ptr<Buffer<uint8_t>>> slabs_;
  std::vector<uint32_t> at_;      // a row's slot, or kNone
  std::vector<uint32_t> rowOf_;   // a slot's row, or kNone
  std::vector<uint32_t> free_;    // the last one next
  std::vector<Move> moves_;       // not yet known on the device
  bool full_ = false;
  uint32_t use_ = 0;              // calls of resolve
  // On the device: a row's slot and the last call that missed it; a slot's keys and last use; slabs; the numbers missing, after their count.
  Buffer<uint32_t> slots_, missed_, uses_, missing_;
  Buffer<int32_t> keys_;
  Buffer<uint8_t*> slabAt_;
  Buffer<Move> deviceMoves_;
  Pinned<uint32_t> hostMissing_, hostUses_;
  Pinned<uint8_t> stage_;
};

}  // namespace everyline::cuda
