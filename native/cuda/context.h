// Decoding on the device: as cpu/context.h, in blocks of up to 2,048 tokens, with keys and values of all layers kept for reuse.
#pragma once
#include <vector>

#include "api.h"
#include "memory.h"
#include "model.h"
#include "scan.h"

namespace everyline::cuda {

// Room that contexts of one stream share.
struct Bench {
  Rows rows;
  Scan scan;
  Mirror mirror;
  int positions = 0;  // in the table of rotations
  Buffer<float> rope, marks, logits, r[kUpperGroups], scores, weights, mean;
  Buffer<double> constant;
  Buffer<__half> encoderKv;
  Buffer<int32_t> ids, encoderPositions;  // ids, then positions
  Buffer<Tile> tiles, encoderTiles;
  Buffer<uint32_t> chunks;
  Buffer<Chosen> chosen;
  Pinned<int32_t> hostIds;
  Pinned<Tile> hostTiles, hostEncoderTiles;
  Pinned<int32_t> hostEncoderPositions;
  Pinned<uint32_t> hostChunks, hostEvicted, lastChunks;
  Pinned<float> hostScores, hostEvictedScores, lastWeights;

  bool prepare(Run& run, int longest);
};

class Context {
 public:
  Context(Run& run, const Model& model, Bench& bench) : run_(run), model_(model), bench_(bench) {}
  // Makes ids the context, reusing the common prefix (never the last token).
  bool advance(const int32_t* ids, int n, const EverylineCudaMemory& memory, EverylineCudaStep& step, const Callbacks& call);
  // bench.r[layer]: retrieval queries of all tokens, [n][256]. One layer needs the lower stack only.
  bool queries(const int32_t* ids, int n, int layers, const EverylineCudaMemory& memory, const Callbacks& call);

 private:
  bool go(const int32_t* ids, int n, int layers, bool queriesOnly, const EverylineCudaMemory& memory, EverylineCudaStep* step, const Callbacks& call);
  bool room(int n);
  void encodeOwn(int first, int last);
  bool hsaLayer(int group, int first, int m, int n, bool queryOnly, const EverylineCudaMemory& memory, EverylineCudaStep* step, const Callbacks& call);
  bool attend(int m, const EverylineCudaMemory& memory, const Callbacks& call);
  void tell(EverylineCudaStep& step) const;
  void tellLogits(int first, int last, int n, EverylineCudaStep& step);
  void want(int m, const EverylineCudaMemory& memory, const Callbacks& call);

  Run& run_;
  const Model& model_;
  Bench& bench_;
  std::vector<int32_t> ids_;
  Buffer<__half> kv_[kLayers];
  Buffer<float> lower_;  // outputs of the lower stack
  Buffer<uint8_t> ownLandmarks_, ownKv_;
};

}  // namespace everyline::cuda
