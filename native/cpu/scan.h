// Landmark scoring: score[t][g][c] = <r_tg, landmark_gc> * temperature_g over every chunk of a list; the exact 16 best a token and
// head, and the log-sum-exp.
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

  // Adds the chunks of `list` to best[token * 2 + head] (null: not asked for) and to the log-sum-exp. Stops early when `stop` is set.
  void run(Pool& pool, const Snapshot& snapshot, const std::vector<uint32_t>& list, Best* best, bool logSumExp, const std::atomic<bool>& stop);
  // Adds one landmark in its stored form, exactly.
  void add(const uint8_t* landmark, uint32_t chunk, int token, Best* best) const;
  // Of token and head, over all lists run with logSumExp.
  double logSumExp(int token, int head) const;

 private:
  // Up to 64 tokens of one head as the kernels take them.
  struct Group {
    int first, tokens;
    std::vector<uint8_t> packed;  // [32][64][4] + 128
    float scale[64], margin[64], scale2[64];
  };
  struct Worker;
  float exact(const int8_t* landmark, int token, int head) const;
  void tiles(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const;
  void tilesOfOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const;
  void slow(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const;

  const Kernels& kernels_;
  const Precision precision_;
  const float* r_;
  const int tokens_;
  float temperature_[kGroups];
  std::vector<Group> groups_[kGroups];
  uint8_t one_[256];  // a single token's two heads, + 128
  std::vector<double> sums_;
};

}  // namespace everyline
