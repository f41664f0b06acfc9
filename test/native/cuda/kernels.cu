// The GPU's kernels one by one: the exact best 16 against a plain sort, and times beside the floor.
#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

#include "check.h"
#include "cuda/model.h"
#include "cuda/rows.h"
#include "cuda/scan.h"

using namespace everyline::cuda;

namespace {

Budget budget;
std::mt19937 randoms(5);

struct Problem {
  int n, m;
  std::vector<int8_t> bytes;
  std::vector<float> scales, r;
  Buffer<int8_t> deviceBytes;
  Buffer<float> deviceScales, deviceR, scores, weights;
  Buffer<uint32_t> rows, chunks;
};

float gauss() { return std::normal_distribution<float>()(randoms); }

void make(Run& run, Problem& p, int n, int m, bool alike) {
  p.n = n;
  p.m = m;
  p.bytes.resize((size_t)n * 256);
  p.scales.assign((size_t)n * 2, 1.0f / 60);
  for (size_t i = 0; i < p.bytes.size(); ++i) p.bytes[i] = alike ? (int8_t)(i % 50) : (int8_t)((int)(randoms() % 255) - 127);
  if (!alike)
    for (auto& s : p.scales) s = 0.012f + 0.006f * (float)(randoms() % 1000) / 1000;
  p.r.resize((size_t)m * 256);
  for (auto& x : p.r) x = gauss();
  std::vector<uint32_t> rows(n);
  for (int i = 0; i < n; ++i) rows[i] = i;
  p.deviceBytes.room(run, p.bytes.size() + 1);
  p.deviceScales.room(run, p.scales.size() + 1);
  p.deviceR.room(run, p.r.size());
  p.rows.room(run, n + 1);
  p.scores.room(run, (size_t)m * 32);
  p.weights.room(run, (size_t)m * 32);
  p.chunks.room(run, (size_t)m * 32);
  run.toDevice(p.deviceBytes.get(), p.bytes.data(), p.bytes.size());
  run.toDevice(p.deviceScales.get(), p.scales.data(), p.scales.size() * 4);
  run.toDevice(p.deviceR.get(), p.r.data(), p.r.size() * 4);
  run.toDevice(p.rows.get(), rows.data(), rows.size() * 4);
  run.wait();
}

const float temperature[2] = {0.13f, 0.11f}, null[2] = {0.5f, -0.2f};

void scans(Run& run) {
  for (auto [n, m, alike] : {std::tuple{0, 3, false}, {1, 1, false}, {9, 2, false}, {17, 65, false}, {1000, 64, false}, {1000, 70, true}, {100001, 5, false}, {300000, 64, false}}) {
    Problem p;
    make(run, p, n, m, alike);
    Scan scan;
    const Landmarks landmarks{p.deviceBytes.get(), p.deviceScales.get()};
    const List list{nullptr, p.rows.get(), n};
    scan.best(run, landmarks, list, p.deviceR.get(), m, temperature);
    scan.merge(run, nullptr, 0, p.deviceR.get(), m, temperature, null, p.scores.get(), p.chunks.get(), p.weights.get());
    Buffer<double> sum;
    sum.room(run, 1);
    scan.logSumExp(run, landmarks, list, p.deviceR.get(), m, temperature, 1.0, sum.get());
    std::vector<uint32_t> chunks((size_t)m * 32);
    double total = 0, wanted = 0;
    run.toHost(chunks.data(), p.chunks.get(), chunks.size() * 4);
    run.toHost(&total, sum.get(), 8);
    if (!run.wait()) return check(false, "%s", run.error().message.c_str());
    int right = 0, all = 0;
    for (int item = 0; item < m * 2; ++item) {
      // Every 16th pair of token and head of the large ones: a plain sort is slow.
      const bool sampled = n < 50000 || item % 16 == 0;
      const int t = item / 2, head = item % 2;
      if (n >= 50000 && m > 8 && !sampled) continue;
      std::vector<std::pair<double, uint32_t>> s(n);
      double e = 0;
      for (int c = 0; c < n; ++c) {
        double dot = 0;
        for (int i = 0; i < 128; ++i) dot += (double)p.r[(size_t)t * 256 + head * 128 + i] * p.bytes[(size_t)c * 256 + head * 128 + i];
        dot *= (double)p.scales[(size_t)c * 2 + head] * temperature[head];
        e += std::exp(dot);
        s[c] = {-dot, (uint32_t)c};
      }
      if (n) wanted += std::log(e);
      std::sort(s.begin(), s.end());
      for (int k = 0; k < 16; ++k, ++all) {
        const uint32_t c = chunks[(size_t)item * 16 + k];
        // Scores nearer than float arithmetic can tell may change places.
        if (k >= n) right += c == 0xffffffffu;
        else if (c < (uint32_t)n) right += c == s[k].second || (!alike && std::fabs(std::find_if(s.begin(), s.end(), [&](auto& x) { return x.second == c; })->first - s[k].first) < 2e-5);
      }
    }
    check(right == all, "best 16 of %d chunks for %d tokens%s: %d of %d as by a plain sort", n, m, alike ? ", all alike" : "", right, all);
    if (n && n < 50000) check(std::fabs(total - wanted) < 1e-3 * m, "log-sum-exp off by %.2g", std::fabs(total - wanted));
  }
}

template <class F>
double timed(Run& run, F f, int repeats = 15) {
  cudaEvent_t a, b;
  cudaEventCreate(&a);
  cudaEventCreate(&b);
  std::vector<float> times;
  for (int i = 0; i < repeats; ++i) {
    cudaEventRecord(a, run.stream);
    f();
    cudaEventRecord(b, run.stream);
    cudaEventSynchronize(b);
    float ms;
    cudaEventElapsedTime(&ms, a, b);
    if (i >= 3) times.push_back(ms);
  }
  std::sort(times.begin(), times.end());
  return times[times.size() / 2] * 1e-3;
}

void times(Run& run) {
  for (auto [m, n, k] : {std::tuple{16640, 768, 512}, {16640, 512, 512}, {16640, 2816, 512}, {16640, 512, 1408}, {16640, 256, 512}, {1, 32768, 512}, {1, 512, 512}, {16, 2816, 512}, {16, 512, 1408}}) {
    const Epilogue epilogue = n == 2816 ? Epilogue::siluMul : Epilogue::store;
    Matrix w;
    w.n = n;
    w.k = k;
    w.weights.room(run, (size_t)n * k);
    w.scales.room(run, n);
    Buffer<__half> a;
    Buffer<float> out;
    a.room(run, (size_t)m * k);
    out.room(run, (size_t)m * n);
    std::vector<__half> values(std::max((size_t)m * k, (size_t)n * k));
    for (auto& v : values) v = __float2half((float)((int)(randoms() % 255) - 127));
    run.toDevice(a.get(), values.data(), (size_t)m * k * 2);
    run.toDevice(w.weights.get(), values.data(), (size_t)n * k * 2);
    const double t = timed(run, [&] { multiply(run, w, a.get(), m, epilogue, out.get()); });
    std::printf("multiply %5d x %5d x %4d: %7.1f us, %6.1f TFLOP/s, weights at %.0f GB/s\n", m, n, k, t * 1e6, 2e-12 * m * n * k / t, 2e-9 * n * k / t);
  }
  {
    const int chunks = 256, m = chunks * 64;
    Buffer<__half> q, kv, out;
    Buffer<Tile> tiles;
    q.room(run, (size_t)m * 512);
    out.room(run, (size_t)m * 512);
    kv.room(run, (size_t)(m + 256) * 256);
    tiles.room(run, chunks);
    std::vector<__half> values((size_t)m * 512);
    for (auto& v : values) v = __float2half(gauss() * 0.3f);
    run.toDevice(q.get(), values.data(), values.size() * 2);
    run.toDevice(kv.get(), values.data(), (size_t)(m + 256) * 512);
    std::vector<Tile> list;
    for (int c = 0; c < chunks; ++c) list.push_back({c * 64, 0, 64, (c + 4) * 64, 4, -1});
    run.toDevice(tiles.get(), list.data(), list.size() * sizeof(Tile));
    const double t = timed(run, [&] { attendWindow(run, tiles.get(), chunks, q.get(), kv.get(), out.get()); });
    std::printf("window attention of 16,384 tokens: %.1f us, %.1f TFLOP/s\n", t * 1e6, 16384.0 * 320 * 64 * 4 * 8 * 1e-12 / t);
  }
  for (int n : {46875, 250000, 312500})
    for (int m : {1, 16, 64}) {
      Problem p;
      make(run, p, n, m, false);
      Scan scan;
      Buffer<double> sum;
      Buffer<float> scores;
      sum.room(run, 1);
      scores.room(run, n);
      const Landmarks landmarks{p.deviceBytes.get(), p.deviceScales.get()};
      const List list{nullptr, p.rows.get(), n};
      const double best = timed(run, [&] { scan.best(run, landmarks, list, p.deviceR.get(), m, temperature); });
      const double merge = timed(run, [&] { scan.merge(run, nullptr, 0, p.deviceR.get(), m, temperature, null, p.scores.get(), p.chunks.get(), p.weights.get()); });
      const double lse = timed(run, [&] { scan.logSumExp(run, landmarks, list, p.deviceR.get(), m, temperature, 1.0, sum.get()); });
      const double mean = timed(run, [&] { scoreMean(run, landmarks, p.rows.get(), n, p.deviceR.get(), sum.get(), scores.get()); });
      std::printf("%6d chunks, %2d tokens: score + best 16 %6.1f us, merge %5.1f us, log-sum-exp %6.1f us, mean scores %5.1f us (floor at 3 TB/s %.1f us)\n", n, m, best * 1e6, merge * 1e6,
                  lse * 1e6, mean * 1e6, n * 264 / 3e6);
    }
}

}  // namespace

int main() {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  budget.limit = 16ull << 30;
  Run run(budget);
  if (!prepareGemm(run)) return std::printf("%s\n", run.error().message.c_str()), 1;
  scans(run);
  times(run);
  if (!run.wait()) check(false, "%s", run.error().message.c_str());
  return verdict();
}
