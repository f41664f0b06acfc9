// Encoding documents: batches of up to 256 chunks of one or more documents, layer by layer; a document that goes on in the next batch
// carries the keys and values of its last four chunks over. While one batch computes, the one before it is copied out.
#pragma once
#include <functional>
#include <vector>

#include "api.h"
#include "model.h"

namespace everyline::cuda {

class Encoder {
 public:
  Encoder(Run& run, const Model& model) : run_(run), model_(model) {}
  // False when the run failed or was stopped (code "cancelled").
  bool encode(const EverylineCudaInput* inputs, int count, const std::function<bool()>& stopped, const std::function<void(int64_t)>& encoded);

 private:
  struct Chunk {
    const int32_t* ids;
    int tokens;
    int index;   // in its document
    int before;  // chunks of the same document before it that were computed, at most kBefore
    uint8_t *landmark, *kv;  // where its encoding goes; null: before firstChunk
  };
  bool begin(const std::vector<Chunk>& batch, int which);
  bool finish(int which);
  bool prepare(int longest);

  Run& run_;
  const Model& model_;
  Rows rows_;
  int positions_ = 0;  // in the table of rotations
  Buffer<float> rope_, marks_;
  Buffer<__half> kv_, carry_;
  Buffer<int32_t> encoderPositions_;
  Buffer<Tile> encoderTiles_;
  int encoderChunks_ = 0;

  // Two batches take turns.
  struct Half {
    Pinned<int32_t> ids;  // then positions
    Pinned<Tile> tiles;
    Pinned<uint8_t> landmarks, kv;
    Buffer<int32_t> deviceIds;
    Buffer<Tile> deviceTiles;
    Buffer<uint8_t> deviceLandmarks, deviceKv;
    std::vector<Chunk> batch;
    cudaEvent_t done = nullptr;
    ~Half() {
      if (done) cudaEventDestroy(done);
    }
  } halves_[2];
};

}  // namespace everyline::cuda
