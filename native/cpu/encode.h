// Encoding: the lower stack over documents' tokens, then the chunk encoder, a chunk of 64 tokens the unit of work.
//
// A batch holds up to kBatch chunks of one or more documents. Layer by layer, each chunk is one task; between layers all wait
// once, because a chunk's attention reads the keys and values of the four chunks before it. A document that goes on in the next
// batch carries these over.
#pragma once
#include <atomic>
#include <memory>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/pool.h"
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

// One layer's attention input of a chunk: keys and values of 2 heads, [head]{kt[64][64], v[64][64]}.
constexpr size_t kBlockFloats = 2 * 2 * 64 * 64;

class Encoder {
 public:
  Encoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool);
  ~Encoder();
  // Stops soon after `stop` becomes true: "cancelled". tokens is increased as chunks are done.
  Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens);

 private:
  struct Chunk;
  struct Worker;
  bool runBatch(std::vector<Chunk>& batch, const std::atomic<bool>& stop);
  void project(int layer, const Chunk& chunk, int slot, Worker& worker);
  void attendAndFeed(int layer, const Chunk& chunk, int slot, Worker& worker);

  const Weights& weights_;
  const Kernels& kernels_;
  Precision precision_;
  Pool& pool_;
  std::vector<float> x_, qkv_, rope_, blocks_[2], carry_;
  std::vector<std::unique_ptr<Worker>> workers_;
};

}  // namespace everyline
