// Every kernel beside plain loops over the same numbers.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <numeric>
#include <string>

#include "../cuda/check.h"
#include "cpu/kernels.h"
#include "cpu/scan.h"
#include "model/encoding.h"
#include "parts.h"

using namespace everyline;

namespace {

double halfValue(uint16_t h) {
  const uint32_t bits = (uint32_t)h << 13;
  float f;
  std::memcpy(&f, &bits, 4);
  return f * 0x1p112;
}

double largest(const std::vector<float>& a, const std::vector<double>& b) {
  double most = 0;
  for (size_t i = 0; i < b.size(); ++i) most = std::max(most, std::isfinite(a[i]) ? std::fabs(a[i] - b[i]) : HUGE_VAL);
  return most;
}

void products(const Kernels& k) {
  for (const int m : {1, 2, 3, 5, 7, 12, 64, 65}) {
    const int n = 128, width = 192;
    const auto x = someFloats((size_t)m * width, 1 + m);
    const auto weights = someBytes((size_t)n * width, 2);
    std::vector<uint8_t> packed(weights.size());
    std::vector<float> scales(n);
    for (int i = 0; i < n; ++i) {
      scales[i] = 0.001f * (float)(i + 1);
      for (int j = 0; j < width; ++j) packed[((size_t)(i / 64) * width / 4 + j / 4) * 256 + i % 64 * 4 + j % 4] = (uint8_t)(weights[i * width + j] + 128);
    }
    const Packed w{packed.data(), scales.data(), n, width};
    for (const bool fine : {false, true}) {
      std::vector<int8_t> high(x.size()), low(x.size());
      std::vector<float> rowScales(m), out((size_t)m * n, 1.0f);
      std::vector<int32_t> sums(m);
      std::vector<double> expected(out.size());
      for (int t = 0; t < m; ++t) {
        const size_t at = (size_t)t * width;
        sums[t] = fine ? k.quantizeFine(x.data() + at, width, high.data() + at, low.data() + at, &rowScales[t]) : k.quantize(x.data() + at, width, high.data() + at, &rowScales[t]);
        for (int i = 0; i < n; ++i) {
          int64_t dot = 0;
          for (int j = 0; j < width; ++j) dot += weights[i * width + j] * (fine ? 128 * high[at + j] + low[at + j] : high[at + j]);
          expected[t * n + i] = 1.0 + (double)dot * rowScales[t] * scales[i];
        }
      }
      k.gemm({high.data(), fine ? low.data() : nullptr, rowScales.data(), sums.data(), (size_t)width, m}, w, 0, 2, Epilogue::add, out.data(), n);
      check(largest(out, expected) < 1e-2, "%s: %d tokens of %s bits times a matrix, off by %.1e at most (values to 1e2)", k.isa, m, fine ? "15" : "8", largest(out, expected));
    }
  }
}

// Window attention in words and in floats, each beside double precision: a head's queries over 64 keys and values of which some tokens have a hundred
// times the values of others.
void windowAttention(const Kernels& k) {
  const int width = 768;
  auto qkv = someFloats((size_t)64 * width, 4);
  for (int t = 0; t < 64; t += 9)
    for (int i = 640; i < width; ++i) qkv[t * width + i] *= 100;
  std::vector<float> cos(32, 0.6f), sin(32, 0.8f), floats(2 * 8192);
  std::vector<int16_t> words(2 * kWordsHead);
  auto inFloats = qkv, inWords = qkv;
  for (int t = 0; t < 64; ++t) {
    k.splitHeads(inFloats.data() + t * width, cos.data(), sin.data(), floats.data(), t);
    k.splitWords(inWords.data() + t * width, cos.data(), sin.data(), words.data(), t);
  }
  for (const Sees sees : {Sees::all, Sees::upTo, Sees::beyond})
    for (const int keys : {1, 17, 64}) {
      if (sees != Sees::all && keys != 64) continue;
      std::vector<double> expected((size_t)64 * 256, 1.0), totals(64 * 4, 2.0);
      std::vector<float> a(expected.size(), 1.0f), b(a), sumsA(64 * 4, 2.0f), sumsB(sumsA);
      for (int t = 0; t < 64; ++t)
        for (int h = 0; h < 4; ++h)
          for (int j = 0; j < keys; ++j) {
            if ((sees == Sees::upTo && j > t) || (sees == Sees::beyond && j <= t)) continue;
            double dot = 0;
            for (int d = 0; d < 64; ++d) dot += (double)inFloats[t * width + 256 + h * 64 + d] * floats[8192 + d * 64 + j];
            totals[t * 4 + h] += std::exp2(dot);
            for (int d = 0; d < 64; ++d) expected[t * 256 + h * 64 + d] += std::exp2(dot) * floats[8192 + 4096 + j * 64 + d];
          }
      k.attend(inFloats.data() + 256, width, 64, 0, floats.data() + 8192, floats.data() + 8192 + 4096, sees, keys, a.data(), 256, sumsA.data());
      k.attendWords((const int16_t*)inWords.data() + 256, width * 2, 64, 0, words.data() + kWordsHead, sees, keys, b.data(), 256, sumsB.data());
      for (size_t i = 0; i < expected.size(); ++i) expected[i] /= totals[i / 64], a[i] /= sumsA[i / 64], b[i] /= sumsB[i / 64];
      const double offA = largest(a, expected), offB = largest(b, expected);
      check(offA < 1e-3 && offB < 5e-2, "%s: a window's %d keys attended, off by %.1e in floats, %.1e in words (values to 300)", k.isa, keys, offA, offB);
    }
}

// Stored chunks attended one by one in double precision.
void storedAttention(const Kernels& k) {
  for (const int keys : {1, 3, 16, 63, 64}) {
    const int n = keys == 64 ? 16 : keys == 1 ? 1 : 5;
    std::vector<std::vector<uint8_t>> chunks(n);
    std::vector<const uint8_t*> heads(n);
    std::vector<int> counts(n, keys);
    std::vector<float> shares(n), q = someFloats(256, 3);
    k.rmsHeads(q.data(), 4, 64, 1.44269504f / 8);
    std::vector<double> expected(256, 0.0);
    for (int c = 0; c < n; ++c) {
      auto keysAndValues = someFloats(2 * 64 * 128, 10 + c);
      k.rmsHeads(keysAndValues.data(), 64 * 2, 64, 1.0f);
      chunks[c].resize(kvBytes(Precision::stored));
      storeChunk(Precision::stored, keysAndValues.data(), keysAndValues.data() + 64 * 128, 128, chunks[c].data());
      heads[c] = chunks[c].data() + kStoredHead * (c % 2);
      shares[c] = 1.0f / (float)(c + 1);
      const auto* scales = (const uint16_t*)(heads[c] + 8192);
      for (int h = 0; h < 4; ++h) {
        double p[64], sum = 0;
        for (int t = 0; t < keys; ++t) {
          double dot = 0;
          for (int d = 0; d < 64; ++d) dot += q[h * 64 + d] * (int8_t)heads[c][d / 4 * 256 + t * 4 + d % 4] * halfValue(scales[t]);
          sum += p[t] = std::exp2(dot);
        }
        for (int d = 0; d < 64; ++d)
          for (int t = 0; t < keys; ++t)
            expected[h * 64 + d] += shares[c] * p[t] / sum * (int8_t)heads[c][4096 + t / 4 * 256 + d * 4 + t % 4] * halfValue(scales[64 + t]);
      }
    }
    std::vector<float> out(256);
    k.attendStored(q.data(), heads.data(), counts.data(), shares.data(), n, out.data());
    check(largest(out, expected) < 2e-3, "%s: %d stored chunks of %d keys attended, off by %.1e at most (values to 3)", k.isa, n, keys, largest(out, expected));
  }
}

// The 16 best of a list by plain loops over the stored landmarks.
std::vector<uint32_t> bestOf(const Marks& marks, const std::vector<uint32_t>& list, const float* r, int head, std::vector<double>& scores) {
  scores.assign(marks.chunks, 0);
  for (uint32_t c : list) {
    float scale;
    std::memcpy(&scale, marks.bytes.data() + c * 264 + 256 + head * 4, 4);
    for (int i = 0; i < 128; ++i) scores[c] += (double)r[head * 128 + i] * (int8_t)marks.bytes[c * 264 + head * 128 + i] * scale;
  }
  std::vector<uint32_t> order = list;
  std::stable_sort(order.begin(), order.end(), [&](uint32_t a, uint32_t b) { return scores[a] > scores[b]; });
  order.resize(std::min<size_t>(order.size(), kTop));
  return order;
}

void scan(const Kernels& k, const Marks& marks, const char* what, const std::vector<uint32_t>& list, int tokens, int threads) {
  const std::atomic<bool> never{false};
  const float temperature[2] = {0.1f, 0.1f};
  auto r = someFloats((size_t)tokens * 256, 5);
  k.rmsHeads(r.data(), tokens * 2, 128, 1.0f);
  Pool pool(threads, 0);
  std::vector<Best> best(tokens * 2);
  Scan scan(k, Precision::stored, r.data(), tokens, temperature);
  scan.choose(pool, *marks.snapshot, list, best.data(), never);
  int wrong = 0;
  std::vector<double> scores;
  for (int t = 0; t < tokens; t += std::max(1, tokens / 5))
    for (int head = 0; head < 2; ++head) {
      const auto expected = bestOf(marks, list, r.data() + t * 256, head, scores);
      const Best& b = best[t * 2 + head];
      wrong += b.n != (int)expected.size();
      // Floats may order what is nearly equal otherwise; equal landmarks go by number.
      for (int i = 0; i < b.n; ++i) wrong += std::fabs(scores[b.chunk[i]] - scores[expected[i]]) > 1e-3 || (scores[b.chunk[i]] == scores[expected[i]] && b.chunk[i] != expected[i]);
    }
  check(wrong == 0, "%s: best 16 of %s, %d token(s), %d thread(s): %d wrong", k.isa, what, tokens, threads, wrong);
}

// Mean log-softmax of all chunks in double precision.
std::vector<double> logSoftmaxOf(const Marks& marks, const std::vector<float>& r, int tokens, const float* temperature) {
  std::vector<double> out(marks.chunks, 0.0), scores(marks.chunks);
  for (int row = 0; row < tokens * 2; ++row) {
    const int head = row % 2;
    double sum = 0;
    for (uint32_t c = 0; c < marks.chunks; ++c) {
      const float *q = r.data() + row * 128, *mark = marks.floats.data() + (size_t)c * 256 + head * 128;
      scores[c] = 0;
      for (int i = 0; i < 128; ++i) scores[c] += (double)q[i] * mark[i];
      sum += std::exp(scores[c] *= temperature[head]);
    }
    for (uint32_t c = 0; c < marks.chunks; ++c) out[c] += (scores[c] - std::log(sum)) / (tokens * 2);
  }
  return out;
}

// The exact path beside double precision, the stored path beside that: what rounding queries and landmarks to bytes costs a score, and how much
// of that is the log-sum-exp, which moves all scores alike. Temperatures are those of the model.
void means(const Kernels& k, const Marks& marks, const char* what, int tokens) {
  const std::atomic<bool> never{false};
  const float temperature[2] = {0.33f, 0.36f};
  auto r = someFloats((size_t)tokens * 256, 6);
  k.rmsHeads(r.data(), tokens * 2, 128, 1.0f);
  const auto expected = logSoftmaxOf(marks, r, tokens, temperature);
  std::vector<float> exact(marks.chunks), stored(marks.chunks), again(marks.chunks);
  Pool one(1, 0), three(3, 0);
  Scan(k, Precision::exact, r.data(), tokens, temperature).logSoftmax(three, *marks.exact, exact.data(), never);
  const Scan scan(k, Precision::stored, r.data(), tokens, temperature);
  scan.logSoftmax(three, *marks.snapshot, stored.data(), never);
  scan.logSoftmax(one, *marks.snapshot, again.data(), never);
  double shift = 0;
  for (uint32_t c = 0; c < marks.chunks; ++c) shift += (stored[c] - expected[c]) / marks.chunks;
  const double offExact = largest(exact, expected), offStored = largest(stored, expected);
  check(offExact < 1e-4 && offStored < 0.1 && std::fabs(shift) < 0.03, "%s: %s scored for %d token(s): exact off by %.1e, stored by %.4f, all alike by %.4f", k.isa, what, tokens,
        offExact, offStored, shift);
  check(stored == again, "%s: the same bits on one thread and on three", k.isa);
}

void scans(const Kernels& k, uint32_t largest) {
  const auto firsts = [](uint32_t n) {
    std::vector<uint32_t> list(n);
    std::iota(list.begin(), list.end(), 0u);
    return list;
  };
  std::vector<uint32_t> thirds;
  for (uint32_t c = 1; c < 300; c += 3) thirds.push_back(c);
  static const Marks none(0, 7), one(1, 7), seven(7, 7), few(300, 7), equal(700, 7, 1), many(largest, 8);
  const std::string name = std::to_string(largest) + " chunks";
  for (const int tokens : {1, 2, 17, 64, 65, 130}) {
    scan(k, few, "none", {}, tokens, 2);
    scan(k, few, "one chunk", firsts(1), tokens, 2);
    scan(k, few, "15 chunks", firsts(15), tokens, 1);
    scan(k, few, "every third of 300 chunks", thirds, tokens, 2);
    scan(k, equal, "700 equal chunks", firsts(700), tokens, 3);
  }
  for (const int tokens : {1, 5, 70}) {
    means(k, none, "no chunk", tokens);
    means(k, one, "one chunk", tokens);
    means(k, seven, "seven chunks", tokens);
    means(k, few, "300 chunks", tokens);
    means(k, equal, "700 equal chunks", tokens);
  }
  means(k, many, name.c_str(), 1);
  means(k, many, name.c_str(), 17);
  scan(k, many, name.c_str(), firsts(largest), 1, 3);
  scan(k, many, name.c_str(), firsts(largest), 70, 3);
}

}  // namespace

void checkKernels(const Kernels& kernels, uint32_t largest) {
  products(kernels);
  windowAttention(kernels);
  storedAttention(kernels);
  scans(kernels, largest);
}
