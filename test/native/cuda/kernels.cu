// The GPU's kernels one by one: cuda_kernels [small]. The exact best 16 against a plain sort, attention to chunks against plain arithmetic,
// and times beside the floor; "small": the checks alone, at sizes that a checking tool gets through.
#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

#include "check.h"
#include "cuda/attention.h"
#include "cuda/model.h"
#include "cuda/rows.h"
#include "cuda/scan.h"

using namespace everyline::cuda;
using everyline::kStoredHead;

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

// What the landmarks are like: random, all the same, or each better than the one before for every token.
enum class Like { random, same, rising };

void make(Run& run, Problem& p, int n, int m, Like like) {
  const bool alike = like != Like::random;
  p.n = n;
  p.m = m;
  p.bytes.resize((size_t)n * 256);
  p.scales.assign((size_t)n * 2, 1.0f / 60);
  for (size_t i = 0; i < p.bytes.size(); ++i) p.bytes[i] = alike ? (int8_t)(i % 50) : (int8_t)((int)(randoms() % 255) - 127);
  if (!alike)
    for (auto& s : p.scales) s = 0.012f + 0.006f * (float)(randoms() % 1000) / 1000;
  if (like == Like::rising)
    for (int i = 0; i < n; ++i) p.scales[(size_t)i * 2] = p.scales[(size_t)i * 2 + 1] = 0.001f + 1e-6f * (float)i;
  p.r.resize((size_t)m * 256);
  for (auto& x : p.r) x = like == Like::rising ? std::fabs(gauss()) : gauss();
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

void scans(Run& run, bool small) {
  for (auto [n, m, like] : {std::tuple{0, 3, Like::random}, {1, 1, Like::random}, {9, 2, Like::random}, {17, 65, Like::random}, {1000, 64, Like::random}, {1000, 70, Like::same},
                            {3000, 20, Like::rising}, {40000, 3, Like::rising}, {100001, 5, Like::random}, {60000, 100, Like::same}, {50000, 1100, Like::random}, {300000, 64, Like::random}}) {
    if (small && n > 40000) continue;
    const bool alike = like == Like::same;
    Problem p;
    make(run, p, n, m, like);
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
      // Some pairs of token and head of the large ones: a plain sort is slow.
      const int t = item / 2, head = item % 2;
      if (n >= 40000 && m > 8 && item % (m / 4) != 0) continue;
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
    check(right == all, "best 16 of %d chunks for %d tokens%s: %d of %d as by a plain sort", n, m, like == Like::same ? ", all alike" : like == Like::rising ? ", each better" : "", right, all);
    if (n && n < 40000) check(std::fabs(total - wanted) < 1e-3 * m, "log-sum-exp off by %.2g", std::fabs(total - wanted));
  }
}

// Stored chunks (model/encoding.h) of random bytes: `n` of them, and what m tokens choose of them.
struct Stored {
  std::vector<uint8_t> bytes;
  std::vector<Chosen> chosen;
  std::vector<float> weights, q;
  Buffer<uint8_t> deviceBytes;
  Buffer<Chosen> deviceChosen;
  Buffer<float> deviceWeights, deviceQ;
  Buffer<__half> out;
};

void make(Run& run, Stored& s, int n, int m) {
  s.bytes.resize((size_t)n * kKvBytes);
  for (auto& b : s.bytes) b = (uint8_t)((int)(randoms() % 255) - 127);
  for (int chunk = 0; chunk < n; ++chunk)
    for (int head = 0; head < 2; ++head) {
      __half* scales = (__half*)(s.bytes.data() + (size_t)chunk * kKvBytes + head * kStoredHead + 8192);
      for (int i = 0; i < 128; ++i) scales[i] = __float2half(i < 64 ? 1.0f / 74 : 0.01f + 0.0001f * (float)(randoms() % 100));
    }
  s.deviceBytes.room(run, s.bytes.size());
  run.toDevice(s.deviceBytes.get(), s.bytes.data(), s.bytes.size());
  for (int i = 0; i < m * 32; ++i) {
    s.chosen.push_back({i % 37 == 5 ? nullptr : s.deviceBytes.get() + (size_t)(randoms() % n) * kKvBytes, i % 11 ? 64 : 1 + (int)(randoms() % 64)});
    s.weights.push_back((float)(randoms() % 1000) / 8000);
  }
  for (int i = 0; i < m * 512; ++i) s.q.push_back(gauss() * 1.44269504f / 8);
  s.deviceChosen.room(run, s.chosen.size());
  s.deviceWeights.room(run, s.weights.size());
  s.deviceQ.room(run, s.q.size());
  s.out.room(run, s.q.size());
  run.toDevice(s.deviceChosen.get(), s.chosen.data(), s.chosen.size() * sizeof(Chosen));
  run.toDevice(s.deviceWeights.get(), s.weights.data(), s.weights.size() * 4);
  run.toDevice(s.deviceQ.get(), s.q.data(), s.q.size() * 4);
  run.wait();
}

// One output in double precision.
double plainAttention(const Stored& s, int token, int head, int d) {
  const int group = head / 4;
  double total = 0;
  for (int k = 0; k < 16; ++k) {
    const size_t at = ((size_t)token * 2 + group) * 16 + k;
    if (!s.chosen[at].kv) continue;
    const uint8_t* chunk = s.bytes.data() + (s.chosen[at].kv - s.deviceBytes.get()) + group * kStoredHead;
    const __half* scales = (const __half*)(chunk + 8192);
    double sum = 0, out = 0;
    for (int j = 0; j < s.chosen[at].keys; ++j) {
      double dot = 0;
      for (int i = 0; i < 64; ++i) dot += (double)s.q[(size_t)token * 512 + head * 64 + i] * (int8_t)chunk[i / 4 * 256 + j * 4 + i % 4];
      const double p = std::exp2(dot * (double)__half2float(scales[j]));
      sum += p;
      out += p * (int8_t)chunk[4096 + j / 4 * 256 + d * 4 + j % 4] * (double)__half2float(scales[64 + j]);
    }
    total += s.weights[at] * out / sum;
  }
  return total;
}

void attends(Run& run) {
  Stored s;
  const int m = 20;
  make(run, s, 50, m);
  attendChunks(run, s.deviceChosen.get(), s.deviceWeights.get(), m, s.deviceQ.get(), s.out.get());
  std::vector<__half> out(s.q.size());
  run.toHost(out.data(), s.out.get(), out.size() * 2);
  if (!run.wait()) return check(false, "%s", run.error().message.c_str());
  double off = 0, all = 0;
  for (int t = 0; t < m; ++t)
    for (int i = t % 7; i < 512; i += 7) {
      const double wanted = plainAttention(s, t, i / 64, i % 64), mine = __half2float(out[(size_t)t * 512 + i]);
      off += (wanted - mine) * (wanted - mine);
      all += wanted * wanted;
    }
  check(std::sqrt(off / all) < 5e-4, "attention to chunks: relative error %.2g (of a half: 3e-4)", std::sqrt(off / all));
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
  {
    Stored s;
    const int m = 2048;
    make(run, s, 20000, m);
    const double t = timed(run, [&] { attendChunks(run, s.deviceChosen.get(), s.deviceWeights.get(), m, s.deviceQ.get(), s.out.get()); });
    std::printf("attention of %d tokens to 16 chunks a head: %.1f us, %.0f GB/s\n", m, t * 1e6, m * 32.0 * kStoredHead * 1e-9 / t);
    const double one = timed(run, [&] { attendChunks(run, s.deviceChosen.get(), s.deviceWeights.get(), 1, s.deviceQ.get(), s.out.get()); });
    std::printf("attention of 1 token to 16 chunks a head: %.1f us\n", one * 1e6);
  }
  for (int n : {46875, 250000, 312500})
    for (int m : {1, 16, 64, 2048}) {
      if (m > 64 && n > 50000) continue;
      Problem p;
      make(run, p, n, m, Like::random);
      Scan scan;
      Buffer<double> sum;
      Buffer<float> scores;
      sum.room(run, 1);
      scores.room(run, n);
      const Landmarks landmarks{p.deviceBytes.get(), p.deviceScales.get()};
      const List list{nullptr, p.rows.get(), n};
      const double layer = timed(run, [&] {
        scan.best(run, landmarks, list, p.deviceR.get(), m, temperature);
        scan.merge(run, nullptr, 0, p.deviceR.get(), m, temperature, null, p.scores.get(), p.chunks.get(), p.weights.get());
      });
      const double best = timed(run, [&] { scan.best(run, landmarks, list, p.deviceR.get(), m, temperature); });
      const double merge = timed(run, [&] { scan.merge(run, nullptr, 0, p.deviceR.get(), m, temperature, null, p.scores.get(), p.chunks.get(), p.weights.get()); });
      const double lse = timed(run, [&] { scan.logSumExp(run, landmarks, list, p.deviceR.get(), m, temperature, 1.0, sum.get()); });
      const double mean = timed(run, [&] { scoreMean(run, landmarks, p.rows.get(), n, p.deviceR.get(), sum.get(), scores.get()); });
      std::printf("%6d chunks, %4d tokens: a layer %6.1f us (score + candidates %6.1f, merge %5.1f), log-sum-exp %6.1f us, mean scores %5.1f us (floor at 3 TB/s %.1f us)\n", n, m, layer * 1e6, best * 1e6, merge * 1e6,
                  lse * 1e6, mean * 1e6, n * 264 / 3e6);
    }
}

}  // namespace

int main(int argc, char** argv) {
  setvbuf(stdout, nullptr, _IOLBF, 0);
  budget.limit = 16ull << 30;
  Run run(budget);
  if (!prepareGemm(run) || !prepareScan(run)) return std::printf("%s\n", run.error().message.c_str()), 1;
  const bool small = argc > 1 && std::string(argv[1]) == "small";
  scans(run, small);
  attends(run);
  if (!small) times(run);
  if (!run.wait()) check(false, "%s", run.error().message.c_str());
  return verdict();
}
