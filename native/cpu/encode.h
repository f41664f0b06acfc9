// Encoding: the lower stack over documents' tokens, then the chunk encoder, a chunk of 64 tokens the unit of work.
//
// A batch holds up to kBatch chunks of one or more documents; a layer of a chunk is one task. A chunk's attention reads the keys and values of the
// four chunks before it: its task waits for theirs. A document that goes on in the next batch finds the last four where they are.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "cpu/buffer.h"
#include "cpu/kernels.h"
#include "cpu/pool.h"
#include "cpu/window.h"
#include "model/encoding.h"
#include "model/weights.h"
#include "result.h"

namespace everyline {

struct EncodeInput {
  std::vector<int32_t> ids;  // without padding
  int firstChunk = 0;
};

struct EncodedChunks {
  int chunks = 0;
  std::vector<uint8_t> landmarks, kv;
};

// The chunk encoder over one chunk's lower-stack output x[64][512]: landmark and K/V in their stored form.
class ChunkEncoder {
 public:
  ChunkEncoder(const Weights& weights, const Kernels& kernels, Precision precision);
  ~ChunkEncoder();
  void encode(const float* x, uint8_t* landmark, uint8_t* kv);

 private:
  struct Room;
  const Weights& weights_;
  const Kernels& kernels_;
  Precision precision_;
  std::unique_ptr<Room> room_;
};

class Encoder {
 public:
  Encoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool);
  ~Encoder();
  // Stops soon after `stop` becomes true: "cancelled". tokens is increased as chunks are done.
  Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens);

 private:
  struct Chunk;
  struct Worker;
  bool runBatch(const std::vector<Chunk>& batch, const std::atomic<bool>& stop);
  void await(int slot, int tasks) const;
  void runLayer(int layer, const Chunk& chunk, int slot, Worker& worker);
  void project(int layer, int slot, Worker& worker);
  void attendAndFeed(int layer, const Chunk& chunk, int slot, Worker& worker);
  // Keys and values of a slot; those before 0 are of the batch before.
  uint8_t* block(int layer, int slot);

  const Weights& weights_;
  const Kernels& kernels_;
  Precision precision_;
  Pool& pool_;
  const Window window_;
  Buffer<float> x_, qkv_, rope_;
  Buffer<uint8_t> blocks_[kLower];  // keys and values of the batch's chunks and the four before, in a ring
  int first_ = 0;                   // where the batch begins in it
  std::vector<std::atomic<int>> done_;  // tasks of each slot
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace everyline
