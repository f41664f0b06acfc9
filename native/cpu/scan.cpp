#include "cpu/scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>

namespace everyline {

namespace {

constexpr int kTask = 4096;   // chunks a task
constexpr int kTile = 64;     // chunks scored before their scores are looked at: 16 KB of scores
constexpr int kTileOne = 512;  // the same for a single token
constexpr float kLog2e = 1.44269504f;
// sqrt(128), and what rounding to int8 may add to a landmark's norm: at most half a step in each of 128 values.
constexpr float kLandmarkNorm = 11.3137085f * 1.05f;

}  // namespace

void Best::insert(float s, uint32_t c) {
  int i = n < kTop ? n++ : kTop - 1;
  for (; i > 0 && (s > score[i - 1] || (s == score[i - 1] && c < chunk[i - 1])); --i) {
    score[i] = score[i - 1];
    chunk[i] = chunk[i - 1];
  }
  score[i] = s;
  chunk[i] = c;
}

struct Scan::Worker {
  std::vector<Best> best;
  std::vector<double> sums;
  alignas(64) float tile[kTile * 64];
  Hit hits[kTile * 64];
};

Scan::Scan(const Kernels& kernels, Precision precision, const float* r, int tokens, const float* temperature)
    : kernels_(kernels), precision_(precision), r_(r), tokens_(tokens), sums_(tokens * kGroups, 0.0) {
  std::copy(temperature, temperature + kGroups, temperature_);
  if (precision == Precision::exact) return;
  for (int head = 0; head < kGroups; ++head) {
    for (int first = 0; first < tokens; first += 64) {
      Group g{first, std::min(64, tokens - first), std::vector<uint8_t>(32 * 256, 128), {}, {}, {}};
      for (int t = 0; t < g.tokens; ++t) {
        const float* row = r + (first + t) * 256 + head * 128;
        int8_t q[128];
        float scale;
        kernels.quantize(row, 128, q, &scale);
        float error = 0;
        for (int i = 0; i < 128; ++i) {
          const float e = row[i] - q[i] * scale;
          error += e * e;
          g.packed[(i / 4) * 256 + t * 4 + i % 4] = (uint8_t)(q[i] + 128);
          if (tokens == 1) one_[head * 128 + i] = (uint8_t)(q[i] + 128);
        }
        g.scale[t] = scale * temperature[head];
        g.scale2[t] = g.scale[t] * kLog2e;
        g.margin[t] = std::sqrt(error) * kLandmarkNorm * temperature[head] + 1e-4f;
      }
      groups_[head].push_back(std::move(g));
    }
  }
}

float Scan::exact(const int8_t* landmark, int token, int head) const {
  const float* row = r_ + token * 256 + head * 128;
  if (precision_ == Precision::exact) return kernels_.dotFloat(row, (const float*)landmark + head * 128) * temperature_[head];
  float scale;
  std::memcpy(&scale, landmark + 256 + head * 4, 4);
  return kernels_.dot(row, landmark + head * 128) * scale * temperature_[head];
}

void Scan::add(const uint8_t* landmark, uint32_t chunk, int token, Best* best) const {
  for (int head = 0; head < kGroups; ++head) {
    const float s = exact((const int8_t*)landmark, token, head);
    Best& b = best[token * kGroups + head];
    if (b.takes(s, chunk)) b.insert(s, chunk);
  }
}

void Scan::run(Pool& pool, const Snapshot& snapshot, const std::vector<uint32_t>& list, Best* best, bool logSumExp, const std::atomic<bool>& stop) {
  if (list.empty()) return;
  std::vector<Worker> workers(pool.size());
  for (Worker& w : workers) {
    if (best) w.best.resize(tokens_ * kGroups);
    w.sums.resize(tokens_ * kGroups, 0.0);
  }
  const int tasks = (int)((list.size() + kTask - 1) / kTask);
  pool.run(tasks, [&](int task, int worker) {
    if (stop) return;
    const size_t first = (size_t)task * kTask;
    const int n = (int)std::min<size_t>(kTask, list.size() - first);
    auto pass = precision_ == Precision::exact ? &Scan::slow : tokens_ == 1 ? &Scan::tilesOfOne : &Scan::tiles;
    (this->*pass)(workers[worker], snapshot, list.data() + first, n, best != nullptr, logSumExp);
  });
  for (const Worker& w : workers) {
    for (size_t i = 0; i < w.best.size(); ++i)
      for (int k = 0; k < w.best[i].n; ++k)
        if (best[i].takes(w.best[i].score[k], w.best[i].chunk[k])) best[i].insert(w.best[i].score[k], w.best[i].chunk[k]);
    for (size_t i = 0; i < sums_.size(); ++i) sums_[i] += w.sums[i];
  }
}

void Scan::tiles(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const {
  const int8_t* rows[kTile];
  alignas(64) float limit[64], part[64];
  for (int c0 = 0; c0 < n; c0 += kTile) {
    const int m = std::min(kTile, n - c0);
    for (int head = 0; head < kGroups; ++head) {
      for (int c = 0; c < m; ++c) rows[c] = snapshot.landmark(list[c0 + c]) + head * 128;
      for (const Group& g : groups_[head]) {
        kernels_.scoreTile(g.packed.data(), g.tokens, rows, m, 256 - head * 124, w.tile);
        if (sums) {
          std::fill(part, part + 64, 0.0f);
          kernels_.sumExpTile(w.tile, m, g.tokens, g.scale2, part);
          for (int t = 0; t < g.tokens; ++t) w.sums[(g.first + t) * kGroups + head] += part[t];
        }
        if (!best) continue;
        std::fill(limit, limit + 64, std::numeric_limits<float>::infinity());
        for (int t = 0; t < g.tokens; ++t) {
          const Best& b = w.best[(g.first + t) * kGroups + head];
          limit[t] = b.n < kTop ? -std::numeric_limits<float>::infinity() : b.score[kTop - 1] - g.margin[t];
        }
        const int found = kernels_.filterTile(w.tile, m, g.tokens, g.scale, limit, w.hits);
        for (int i = 0; i < found; ++i) {
          const int c = w.hits[i] / 64, t = g.first + w.hits[i] % 64;
          const float s = exact(rows[c] - head * 128, t, head);
          Best& b = w.best[t * kGroups + head];
          if (b.takes(s, list[c0 + c])) b.insert(s, list[c0 + c]);
        }
      }
    }
  }
}

void Scan::tilesOfOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const {
  const int8_t* rows[kTileOne];
  alignas(64) float limit[64], scale[64], part[64];
  for (int c0 = 0; c0 < n; c0 += kTileOne) {
    const int m = std::min(kTileOne, n - c0);
    for (int c = 0; c < m; ++c) rows[c] = snapshot.landmark(list[c0 + c]);
    const int padded = (m + 63) / 64 * 64;
    for (int c = m; c < padded; ++c) rows[c] = rows[m - 1];
    kernels_.scoreOne(one_, rows, padded, w.tile);
    for (int head = 0; head < kGroups; ++head) {
      const Group& g = groups_[head][0];
      float* scores = w.tile + head * padded;
      for (int c = m; c < padded; ++c) scores[c] = -std::numeric_limits<float>::infinity();
      if (sums) {
        std::fill(part, part + 64, 0.0f);
        std::fill(scale, scale + 64, g.scale2[0]);
        kernels_.sumExpTile(scores, padded / 64, 64, scale, part);
        for (float p : part) w.sums[head] += p;
      }
      if (!best) continue;
      Best& b = w.best[head];
      std::fill(scale, scale + 64, g.scale[0]);
      std::fill(limit, limit + 64, b.n < kTop ? -std::numeric_limits<float>::max() : b.score[kTop - 1] - g.margin[0]);
      const int found = kernels_.filterTile(scores, padded / 64, 64, scale, limit, w.hits);
      for (int i = 0; i < found; ++i) {
        const int c = w.hits[i];
        const float s = exact(rows[c], 0, head);
        if (b.takes(s, list[c0 + c])) b.insert(s, list[c0 + c]);
      }
    }
  }
}

void Scan::slow(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, bool best, bool sums) const {
  for (int c = 0; c < n; ++c) {
    const int8_t* landmark = snapshot.landmark(list[c]);
    for (int i = 0; i < tokens_ * kGroups; ++i) {
      const float s = exact(landmark, i / kGroups, i % kGroups);
      if (sums) w.sums[i] += std::exp((double)s);
      if (best && w.best[i].takes(s, list[c])) w.best[i].insert(s, list[c]);
    }
  }
}

double Scan::logSumExp(int token, int head) const { return std::log(sums_[token * kGroups + head]); }

}  // namespace everyline
