#include "cpu/scan.h"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <limits>
#include <numeric>

namespace everyline {

namespace {

constexpr int kTask = 4096;   // chunks a task
constexpr int kTile = 64;     // chunks scored before their scores are looked at: 16 KB of scores
constexpr int kTileOne = 512;  // the same for a single token
constexpr float kLog2e = 1.44269504f;
constexpr float kNone = -std::numeric_limits<float>::infinity();
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

struct Scan::Marks {
  const int8_t* rows[kTile];
  float scale[kTile], bias[kTile];

  Marks(const Kernels& kernels, const Snapshot& snapshot, const uint32_t* list, int n, int head) {
    for (int c = 0; c < n; ++c) rows[c] = snapshot.landmark(list[c]) + head * 128;
    kernels.readMarks(rows, n, 256 - head * 124, scale, bias);
  }
};

struct Scan::Worker {
  std::vector<Best> best;
  std::vector<float> limits;  // [head][token]
  alignas(64) float tile[kTile * 64];
  Hit hits[kTile * 64];
};

float Scan::Group::limit(int t, float worst) const {
  return scale[t] > 0 ? (worst - margin[t]) / scale[t] : -std::numeric_limits<float>::infinity();
}

Scan::Scan(const Kernels& kernels, Precision precision, const float* r, int tokens, const float* temperature)
    : kernels_(kernels), precision_(precision), r_(r), tokens_(tokens), worst_(tokens * kGroups) {
  for (auto& w : worst_) w = kNone;
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

template <class Pass>
void Scan::share(Pool& pool, const std::vector<uint32_t>& list, const std::atomic<bool>& stop, const Pass& pass) const {
  const int tasks = (int)((list.size() + kTask - 1) / kTask);
  pool.run(tasks, [&](int task, int worker) {
    if (stop) return;
    const size_t first = (size_t)task * kTask;
    pass(worker, list.data() + first, (int)std::min<size_t>(kTask, list.size() - first));
  });
}

void Scan::choose(Pool& pool, const Snapshot& snapshot, const std::vector<uint32_t>& list, Best* best, const std::atomic<bool>& stop) {
  if (list.empty()) return;
  const auto choose = precision_ == Precision::exact ? &Scan::chooseExactly : tokens_ == 1 ? &Scan::chooseOfOne : &Scan::chooseTiles;
  std::vector<Worker> workers(pool.size());
  for (Worker& w : workers) {
    w.best.resize(tokens_ * kGroups);
    w.limits.resize((tokens_ + 63) / 64 * 64 * kGroups, std::numeric_limits<float>::infinity());
  }
  share(pool, list, stop, [&](int worker, const uint32_t* chunks, int n) { (this->*choose)(workers[worker], snapshot, chunks, n); });
  for (const Worker& w : workers)
    for (size_t i = 0; i < w.best.size(); ++i)
      for (int k = 0; k < w.best[i].n; ++k)
        if (best[i].takes(w.best[i].score[k], w.best[i].chunk[k])) best[i].insert(w.best[i].score[k], w.best[i].chunk[k]);
}

// ---- the best

// A chunk whose rough score may be among the 16 best: scored exactly, and the limit raised where it is taken.
void Scan::offer(Worker& w, int group, int t, int head, const int8_t* landmark, uint32_t chunk) {
  const Group& g = groups_[head][group];
  const int token = g.first + t;
  const float s = exact(landmark, token, head);
  Best& b = w.best[token * kGroups + head];
  if (!b.takes(s, chunk)) return;
  b.insert(s, chunk);
  if (b.n < kTop) return;
  std::atomic<float>& worst = worst_[token * kGroups + head];
  float known = worst.load(std::memory_order_relaxed);
  while (known < b.score[kTop - 1] && !worst.compare_exchange_weak(known, b.score[kTop - 1], std::memory_order_relaxed)) {
  }
  w.limits[head * groups_[head].size() * 64 + token] = g.limit(t, std::max(known, b.score[kTop - 1]));
}

void Scan::chooseTiles(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n) {
  for (int head = 0; head < kGroups; ++head)
    for (const Group& g : groups_[head])
      for (int t = 0; t < g.tokens; ++t)
        w.limits[head * groups_[head].size() * 64 + g.first + t] = g.limit(t, worst_[(g.first + t) * kGroups + head].load(std::memory_order_relaxed));
  for (int c0 = 0; c0 < n; c0 += kTile) {
    const int m = std::min(kTile, n - c0);
    for (int head = 0; head < kGroups; ++head) {
      const Marks marks(kernels_, snapshot, list + c0, m, head);
      for (int group = 0; group < (int)groups_[head].size(); ++group) {
        const Group& g = groups_[head][group];
        const float* limits = w.limits.data() + head * groups_[head].size() * 64 + g.first;
        const int found = kernels_.findTile(g.packed.data(), g.tokens, marks.rows, m, marks.scale, marks.bias, limits, w.hits);
        for (int i = 0; i < found; ++i) {
          const int c = w.hits[i] / 64;
          offer(w, group, w.hits[i] % 64, head, marks.rows[c] - head * 128, list[c0 + c]);
        }
      }
    }
  }
}

void Scan::chooseOfOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n) {
  const int8_t* rows[kTileOne];
  alignas(64) float limit[64], scale[64];
  std::fill(scale, scale + 64, 1.0f);
  for (int c0 = 0; c0 < n; c0 += kTileOne) {
    const int m = std::min(kTileOne, n - c0), padded = scoreOne(w, snapshot, list + c0, m, rows);
    for (int head = 0; head < kGroups; ++head) {
      const float worst = worst_[head].load(std::memory_order_relaxed);
      std::fill(limit, limit + 64, std::max(groups_[head][0].limit(0, worst), -std::numeric_limits<float>::max()));
      const int found = kernels_.filterTile(w.tile + head * padded, padded / 64, 64, scale, limit, w.hits);
      for (int i = 0; i < found; ++i) offer(w, 0, 0, head, rows[w.hits[i]], list[c0 + w.hits[i]]);
    }
  }
}

void Scan::chooseExactly(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n) {
  for (int c = 0; c < n; ++c)
    for (int token = 0; token < tokens_; ++token) add((const uint8_t*)snapshot.landmark(list[c]), list[c], token, w.best.data());
}

// Scores n chunks for the only token into w.tile, a head after the other, each padded to a multiple of 64 with what no limit lets pass.
int Scan::scoreOne(Worker& w, const Snapshot& snapshot, const uint32_t* list, int n, const int8_t** rows) const {
  const int padded = (n + 63) / 64 * 64;
  for (int c = 0; c < padded; ++c) rows[c] = snapshot.landmark(list[std::min(c, n - 1)]);
  kernels_.scoreOne(one_, rows, padded, w.tile);
  for (int head = 0; head < kGroups; ++head) std::fill(w.tile + head * padded + n, w.tile + (head + 1) * padded, kNone);
  return padded;
}

// ---- all chunks

// The mean of log-softmax is linear in the queries but for the log-sum-exp, a constant over chunks: one mean query a head gives every chunk's
// score, and each landmark is read once for that and for all the sums.
void Scan::logSoftmax(Pool& pool, const Snapshot& snapshot, float* scores, const std::atomic<bool>& stop) const {
  const uint32_t chunks = snapshot.chunks();
  const int tasks = (int)((chunks + kTask - 1) / kTask), rows = tokens_ * kGroups;
  std::vector<float> mean(256, 0.0f);
  for (int t = 0; t < tokens_; ++t)
    for (int i = 0; i < 256; ++i) mean[i] += r_[t * 256 + i] * temperature_[i / 128] / (float)rows;
  std::vector<double> sums((size_t)tasks * rows, 0.0);
  const auto score = precision_ == Precision::exact ? &Scan::scoreExactly : &Scan::scoreTiles;
  pool.run(tasks, [&](int task, int) {
    if (stop) return;
    const uint32_t first = (uint32_t)task * kTask;
    (this->*score)(snapshot, first, std::min(chunks, first + kTask), mean.data(), scores, sums.data() + (size_t)task * rows);
  });
  double constant = 0;
  for (int i = 0; i < rows; ++i) {
    double sum = 0;
    for (int task = 0; task < tasks; ++task) sum += sums[(size_t)task * rows + i];
    constant += std::log(sum) / rows;
  }
  for (uint32_t c = 0; c < chunks; ++c) scores[c] -= (float)constant;
}

void Scan::scoreTiles(const Snapshot& snapshot, uint32_t first, uint32_t last, const float* mean, float* scores, double* sums) const {
  alignas(64) float tile[kTile * 64], part[64];
  uint32_t list[kTile];
  for (uint32_t c0 = first; c0 < last; c0 += kTile) {
    const int m = (int)std::min<uint32_t>(kTile, last - c0);
    std::iota(list, list + m, c0);
    for (int head = 0; head < kGroups; ++head) {
      const Marks marks(kernels_, snapshot, list, m, head);
      for (const Group& g : groups_[head]) {
        kernels_.scoreTile(g.packed.data(), g.tokens, marks.rows, m, marks.scale, marks.bias, tile);
        std::fill(part, part + 64, 0.0f);
        kernels_.sumExpTile(tile, m, g.tokens, g.scale2, part);
        for (int t = 0; t < g.tokens; ++t) sums[(g.first + t) * kGroups + head] += part[t];
      }
      for (int c = 0; c < m; ++c) {
        const float s = kernels_.dot(mean + head * 128, marks.rows[c]) * marks.scale[c];
        scores[c0 + c] = head == 0 ? s : scores[c0 + c] + s;
      }
    }
  }
}

void Scan::scoreExactly(const Snapshot& snapshot, uint32_t first, uint32_t last, const float* mean, float* scores, double* sums) const {
  for (uint32_t c = first; c < last; ++c) {
    const int8_t* landmark = snapshot.landmark(c);
    for (int i = 0; i < tokens_ * kGroups; ++i) sums[i] += std::exp((double)exact(landmark, i / kGroups, i % kGroups));
    scores[c] = kernels_.dotFloat(mean, (const float*)landmark) + kernels_.dotFloat(mean + 128, (const float*)landmark + 128);
  }
}

}  // namespace everyline
