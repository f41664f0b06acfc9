// Landmark scoring: score[t][g][c] = <r_tg, landmark_gc> * temperature_g; the exact 16 best a token and head of a list of chunks, and the
// mean log-softmax of all chunks.
//
// The pass over all chunks multiplies int8 by int8. |r - int8(r)| bounds how far such a score can be from that of the float query
// (Cauchy-Schwarz: a landmark has norm sqrt(128)), so whatever could be among the 16 best is scored again in float:
// the result is exactly the 16 best of the float queries over the stored landmarks. Equal scores: the lower chunk first.
#pragma once
#include <atomic>
#include <vector>

#include "cpu/kernels.h"
#include "cpu/memory.h"
#include "cpu/pool.h"
#include "model/weights.h"

namespace everyline {

// The best chunks of one token and head, best first.
struct Best {
  int n = 0;
  float score[kTop];
  uint32_t chunk[kTop];

  bool takes(float s, uint32_t c) const { return n < kTop || s > score[kTop - 1] || (s == score[kTop - 1] && c < chunk[kTop - 1]); }
  void insert(float s, uint32_t c);
};

class Scan {
 public:
  // r: tokens x 256 (2 heads of 128, rms-normed), must outlive the scan.
  Scan(const Kernels& kernels, Precision precision, const float* r, int tokens, const float* temperature);

  // Adds the chunks of `list` to best[token * 2 + head]. Stops early when `stop` is set, as does logSoftmax().
  void choose(Pool& pool, const Snapshot& snapshot, const std::vector<uint32_t>& list, Best* best, const std::atomic<bool>& stop);
  // Adds one landmark in its stored form, exactly.
  void add(const uint8_t* landmark, uint32_t chunk, int token, Best* best) const;
  // scores[c], for every chunk of the snapshot: the mean over tokens and heads of the log-softmax over all of them. The same bits on any number
  // of threads.
  void logSoftmax(Pool& pool, const Snapshot& snapshot, float* scores, const std::atomic<bool>& stop) const;

 private:
  // Up to 64 tokens of one head as the kernels take them.
  struct Group {
    int first, tokens;
    std::vector<uint8_t> packed;  // [32][64][4] + 128
    float scale[64], margin[64], scale2[64];
    // What a score without the query's scale must exceed to be looked at, `worst` being the 16th best so far.
    float limit(int t, float worst) const;
  };
  struct Worker;
  // The 64 landmarks of a tile, one head.
  struct Marks;
  float exact(const int8_t* landmark, int token, int head) const;
  // Runs pass(worker, chunks, how many) over pieces of `list`.
  template <class Pass>
  void share(Pool& pool, const std::vector<uint32_t>& list, const std::atomic<bool>& stop, const Pass& pass) const;
  void offer(Worker& w, int group, int t, int head, const int8_t* landmark, uint32_t chunk);
  void chooseTiles(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n);
  void chooseOfOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n);
  void chooseExactly(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n);
  int scoreOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, const int8_t** rows) const;
  // Chunks [first, last): their mean scores, and sums[token * 2 + head] += exp of each.
  void scoreTiles(const Snapshot& snapshot, uint32_t first, uint32_t last, const float* mean, float* scores, double* sums) const;
  void scoreExactly(const Snapshot& snapshot, uint32_t first, uint32_t last, const float* mean, float* scores, double* sums) const;

  const Kernels& kernels_;
  const Precision precision_;
  const float* r_;
  const int tokens_;
  float temperature_[kGroups];
  std::vector<Group> groups_[kGroups];
  uint8_t one_[256];  // a single token's two heads, + 128
  // The largest 16th best that any worker has, a token and head: what lies below it is among no 16 best.
  std::vector<std::atomic<float>> worst_;
};

}  // namespace everyline
