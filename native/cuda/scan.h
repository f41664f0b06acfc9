// Landmark scores: score[t][g][c] = <r_tg, landmark_c g> * temperature_g, the exact 16 best chunks a token and head, log-sum-exp.
#pragma once
#include "device.h"

namespace everyline::cuda {

// Landmarks on the device, by row of the landmark file: 2 x 128 int8, and 2 scales.
struct Landmarks {
  const int8_t* bytes;
  const float* scales;
};

// Chunks to score: their numbers (null: 0..n-1), and the row of each.
struct List {
  const uint32_t* chunks;
  const uint32_t* rows;
  int n;
};

// What a scan needs on the device; grows once.
class Scan {
 public:
  // r: [m][2][128] floats, rms-normed. temperature: 2 floats on the host. For each token and head candidates of the list, the best 16
  // among them, into this object's lists.
  bool best(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature);
  // Merges the candidates with the own chunks c < (first + t) / 64, whose stored landmarks lie 264 bytes apart: scores and chunks
  // [m][2][16], best first, and the share of each against null (2 floats on the host). own null: none.
  void merge(Run& run, const uint8_t* own, int first, const float* r, int m, const float* temperature, const float* null, float* scores, uint32_t* chunks, float* weights);
  // Adds the log-sum-exp over the list of all tokens and heads, divided by `divisor`, to *sum (double on the device).
  void logSumExp(Run& run, const Landmarks& landmarks, const List& list, const float* r, int m, const float* temperature, double divisor, double* sum);

 private:
  bool prepare(Run& run, int m, int n);
  int columns_ = 0, splits_ = 0;  // warps that share 16 tokens; blocks that share the list
  Buffer<float> sums_, peaks_;
  Buffer<uint64_t> keys_;
  Buffer<uint32_t> counts_;  // candidates, then floors, of each token and head
};

// Raises the shared memory that the kernels may use; once a device.
bool prepareScan(Run& run);

// mean[256] += sum over tokens of r * temperature * factor.
void addMean(Run& run, const float* r, int m, const float* temperature, float factor, float* mean);
// scores[c] = <mean, landmark_c> - *constant.
void scoreMean(Run& run, const Landmarks& landmarks, const uint32_t* rows, int n, const float* mean, const double* constant, float* scores);

}  // namespace everyline::cuda
