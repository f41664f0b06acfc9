// A decoding context: a document of its own that attends to itself (window 256, own complete chunks) and to the memory.
//
// Keys and values of every layer are kept for all positions, a slice of 64 positions together, so that the next context can go on
// from any common prefix. Work is cut into blocks of up to kBlock tokens: lower stack, own chunks that became complete, upper stack.
#pragma once
#include <atomic>
#include <memory>
#include <set>
#include <vector>

#include "cpu/encode.h"
#include "cpu/memory.h"
#include "cpu/pool.h"
#include "cpu/rows.h"
#include "cpu/scan.h"

namespace everyline {

struct Attended {
  int32_t document;
  int32_t chunk;
  float weight;
};

struct Step {
  std::vector<float> logits;
  std::vector<float> powers;  // e^(logit - the highest): what probabilities are sums of
  std::vector<Attended> attended;
  // The last token's best chunks, [layer][head][16]: the snapshot's numbers; own chunk c is -2 - c; -1 where there are fewer.
  std::vector<int32_t> chosen;
  int computed = 0;
  std::vector<Step> before;  // after the tokens before the last, where these were asked for, in their order
};

// Of Step::before, at most.
constexpr int kMostBefore = 15;

// The 16 chunks with the largest weights, summed over layers and heads. shares: chunk and weight, the memory's chunks only.
std::vector<Attended> heaviest(std::vector<std::pair<uint32_t, float>> shares, const Snapshot& snapshot);

// What a call sees of the memory: a snapshot less the hidden documents.
struct View {
  std::shared_ptr<const Snapshot> snapshot;
  std::vector<uint32_t> attendable, evicted;

  View(std::shared_ptr<const Snapshot> snapshot, const std::vector<int32_t>& hidden);
};

class Context {
 public:
  Context(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool);
  ~Context();

  // Makes `ids` the context, reusing the common prefix (and never the last token), and returns the state after the last token.
  // Documents whose evicted chunks were wanted are added to `wanted`. `before`: how many of the tokens before the last have their state
  // returned, too.
  Result<Step> begin(const std::vector<int32_t>& ids, const View& view, const std::atomic<bool>& stop, std::set<int32_t>& wanted, int before = 0);
  // Retrieval queries of all tokens: layers x (tokens x 256). One layer needs the lower stack only.
  Result<std::vector<std::vector<float>>> queries(const std::vector<int32_t>& ids, int layers, const View& view, const std::atomic<bool>& stop,
                                                  std::set<int32_t>& wanted);
  int length() const { return (int)ids_.size(); }

 private:
  struct Slice;
  struct Room;
  // What is told of a token: its row, and its best chunks with their weights, of all layers and heads.
  struct Told {
    std::vector<float> row;
    std::vector<std::pair<uint32_t, float>> shares;
    std::vector<int32_t> chosen;
  };

  bool keepPrefix(const std::vector<int32_t>& ids, int before);
  // Runs [ids_.size(), ids.size()); false when stopped, ids_ then holds what is complete.
  bool advance(const std::vector<int32_t>& ids, int layers, const View& view, const std::atomic<bool>& stop, std::set<int32_t>& wanted, bool queriesOnly);
  bool windowLayer(const Layer& layer, int cache, int first, int m, const std::atomic<bool>& stop);
  bool feed(const Mlp& mlp, const std::vector<float>& norm, const float* from, int m, const std::atomic<bool>& stop);
  bool hsaLayer(int group, int first, int m, const View& view, bool queryOnly, const std::atomic<bool>& stop, std::set<int32_t>& wanted);
  void attendChunks(const HsaLayer& layer, const View& view, int token, int g);
  const uint8_t* chunkOf(const View& view, uint32_t chunk, int& keys) const;
  void load(const float* x, int m, int k, const float* gain);
  void multiply(const Matrix& w, int m, Epilogue epilogue, float* out, size_t ldo);
  void encodeOwn(int first, int last);
  void tellBest(int token, Told& told);
  Step finish(const View& view, int computed);

  const Weights& weights_;
  const Kernels& kernels_;
  const Precision precision_;
  Pool& pool_;
  std::vector<int32_t> ids_;
  std::vector<std::unique_ptr<Slice>> slices_;
  std::unique_ptr<Room> room_;
  std::vector<Told> told_;  // of the last tokens of the context under way
  std::vector<std::vector<float>> queries_;
};

}  // namespace everyline
