// The CPU's kernels beside their limits: cpu_bench MODEL [threads] [isa] [tokens of memory, in millions ...]
//
// "A core" figures and "of processor" are by the processor time of this process, so that other programs on the machine count little, whatever
// the number of threads; "by the clock" is what a person waits and wants a quiet machine. Best of several runs.
#include <fcntl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <functional>
#include <random>

#include "cpu/backend.h"
#include "cpu/rows.h"

using namespace everyline;

namespace {

const std::atomic<bool> never{false};
std::mt19937 randomBits(1);

double processorSeconds() {
  rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (double)(usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) + 1e-6 * (double)(usage.ru_utime.tv_usec + usage.ru_stime.tv_usec);
}

double clockSeconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }

// Seconds.
struct Time {
  double processor = 1e30, clock = 1e30;
};

Time timed(int runs, const std::function<void()>& work) {
  Time least;
  for (int i = 0; i < runs; ++i) {
    const double start = processorSeconds(), began = clockSeconds();
    work();
    least.processor = std::min(least.processor, processorSeconds() - start);
    least.clock = std::min(least.clock, clockSeconds() - began);
  }
  return least;
}

double best(int runs, const std::function<void()>& work) { return timed(runs, work).processor; }

std::vector<int32_t> someIds(size_t n) {
  std::vector<int32_t> out(n);
  for (auto& id : out) id = 8 + (int32_t)(randomBits() % 30000);
  return out;
}

std::vector<float> someFloats(size_t n) {
  std::normal_distribution<float> normal;
  std::vector<float> out(n);
  for (float& x : out) x = normal(randomBits);
  return out;
}

struct Bench {
  const Weights& weights;
  const Kernels& kernels;
  double ceiling = 0;  // GOP/s of a core

  void products() {
    int8_t seed[256] = {1, 2, 3};
    double operations = 0;
    const double s = best(10, [&] { operations = kernels.dots(1'000'000, seed); });
    ceiling = operations / s / 1e9;
    std::printf("int8 products out of registers: %.0f GOP/s a core\n", ceiling);
    const Matrix& up = weights.upper[0][0].mlp.up;
    const auto x = someFloats(240 * kWidth);
    std::vector<float> out(240 * kInner);
    Rows rows(kernels, Precision::stored, 240);
    for (const Rounding rounding : {Rounding::token, Rounding::groups, Rounding::fine}) {
      rows.load(x.data(), kWidth, 0, 240, kWidth, weights.finalNorm.data(), rounding);
      const double t = best(10, [&] {
        for (int i = 0; i < 10; ++i) rows.multiply(up, 0, 240, Epilogue::siluMul, out.data(), kInner);
      });
      const double gops = 10 * 2.0 * 240 * 2 * kInner * kWidth / t / 1e9;
      const bool fine = rounding == Rounding::fine;
      const char* bits = fine ? "15 bits" : rounding == Rounding::groups ? "8 bits in groups" : "8 bits";
      std::printf("matrix product, 240 tokens, %s: %.0f GOP/s a core, %.0f %% of the ceiling\n", bits, gops, 100 * gops / ceiling * (fine ? 2 : 1));
    }
  }

  void windowAttention() {
    const auto q = someFloats(64 * kQkv), block = someFloats(8192);
    std::vector<float> o(64 * kWidth), sum(64 * 4);
    const double t = best(10, [&] {
      for (int i = 0; i < 100; ++i) kernels.attend(q.data(), kQkv, 64, 0, block.data(), block.data() + 4096, Sees::all, 64, o.data(), kWidth, sum.data());
    });
    std::printf("window attention, 64 tokens x 4 heads over 64 keys: %.1f us, %.0f GFLOP/s\n", t / 100 * 1e6, 100 * 4.0 * 64 * 4 * 64 * 64 / t / 1e9);
  }
};

// A memory of random landmarks and K/V in files that are gone when the program ends. Beyond 3 M tokens documents share K/V.
struct Files {
  Memory memory{Precision::stored};

  explicit Files(int64_t chunks) {
    const auto open = [](const char* name) {
      const int fd = ::open("/tmp", O_TMPFILE | O_RDWR, 0600);
      if (fd < 0) std::perror(name), std::exit(1);
      return fd;
    };
    const int marks = open("landmarks"), kv = open("keys and values");
    std::vector<uint8_t> piece(1024 * kvBytes(Precision::stored));
    const int64_t stored = std::min<int64_t>(chunks, 46875) / 64 * 64;
    for (int64_t c = 0; c < chunks; c += 1024) {
      fill(piece, landmarkBytes(Precision::stored));
      append(marks, piece.data(), 1024 * landmarkBytes(Precision::stored));
    }
    for (int64_t c = 0; c < stored; c += 1024) {
      fill(piece, kStoredHead);
      append(kv, piece.data(), piece.size());
    }
    check(memory.attachLandmarks(marks));
    check(memory.attachSegment(0, kv));
    close(marks);
    close(kv);
    std::vector<Place> places;
    for (int64_t c = 0; c + 64 <= chunks; c += 64)
      places.push_back({(int32_t)(c / 64 + 1), c, 64, 64 * 64, 0, (c % stored) * (int64_t)kvBytes(Precision::stored)});
    check(memory.add(places));
  }

  static void check(Result<Done> result) {
    if (!result) std::fprintf(stderr, "%s\n", result.error().message.c_str()), std::exit(1);
  }
  static void append(int fd, const uint8_t* data, size_t n) {
    if (write(fd, data, n) != (ssize_t)n) std::perror("write"), std::exit(1);
  }
  // Bytes of random numbers whose scales are such that the rows have the norm that landmarks, keys and values have.
  static void fill(std::vector<uint8_t>& bytes, size_t row) {
    for (size_t i = 0; i + 4 <= bytes.size(); i += 4) {
      const uint32_t four = (uint32_t)randomBits();
      std::memcpy(bytes.data() + i, &four, 4);
    }
    for (size_t at = 0; at + row <= bytes.size(); at += row) {
      if (row == kStoredHead) {
        std::fill((uint16_t*)(bytes.data() + at + 8192), (uint16_t*)(bytes.data() + at + row), (uint16_t)0x22eb);  // 1/74
      } else {
        const float scales[2] = {1 / 74.0f, 1 / 74.0f};
        std::memcpy(bytes.data() + at + 256, scales, 8);
      }
    }
  }
};

void encodeSpeed(const Bench& bench, int threads) {
  Pool quick(1, 0), slow(threads, 0);
  CpuBackend backend(bench.weights, bench.kernels, Precision::stored, quick, slow);
  std::atomic<int64_t> counted{0};
  const std::vector<EncodeInput> inputs(4, {someIds(1024), 0});
  const Time t = timed(4, [&] { (void)backend.encode(inputs, never, counted); });
  const double rate = 4096 / t.processor;
  std::printf("encode, 4 x 1,024 tokens: %.0f tokens/s a core, %.0f GOP/s, %.0f %% of the ceiling; by the clock %.0f tokens/s\n", rate, rate * 28e-3,
              100 * rate * 28e-3 / bench.ceiling, 4096 / t.clock);
}

void overMemory(const Bench& bench, int threads, int64_t tokens) {
  const auto& [weights, kernels, ceiling] = bench;
  const int64_t chunks = tokens / 64;
  Files files(chunks);
  const auto snapshot = files.memory.snapshot();
  const double millions = (double)tokens / 1e6;
  Pool quick(threads, 0), slow(1, 0);
  CpuBackend backend(weights, kernels, Precision::stored, quick, slow);
  std::set<int32_t> wanted;
  if (tokens) {
    const float temperature[2] = {weights.hsa[0].temperature[0], weights.hsa[0].temperature[1]};
    for (const int count : {1, 16, 256}) {
      auto r = someFloats(count * 256);
      kernels.rmsHeads(r.data(), count * 2, 128, 1.0f);
      const auto [t, clock] = timed(5, [&] {
        std::vector<Best> chosen(count * 2);
        Scan scan(kernels, Precision::stored, r.data(), count, temperature);
        scan.choose(quick, *snapshot, snapshot->attendable, chosen.data(), never);
      });
      std::printf("%.0f M: best 16 for %d token(s), one layer: %.2f ms of processor, %.2f by the clock; %.0f GOP/s a core = %.0f %% of the ceiling; %.1f GB/s\n", millions, count,
                  t * 1e3, clock * 1e3, (double)chunks * 512 * count / t / 1e9, 100 * (double)chunks * 512 * count / t / 1e9 / ceiling, (double)chunks * 264 / t / 1e9);
    }
    std::vector<float> q = someFloats(256);
    kernels.rmsHeads(q.data(), 4, 64, 1.44269504f / 8);
    std::vector<const uint8_t*> heads(16 * 512);
    for (auto& h : heads) h = snapshot->kv[randomBits() % snapshot->kv.size()] + (randomBits() % 128) * kStoredHead;
    const std::vector<int> keys(16, 64);
    const std::vector<float> shares(16, 1 / 16.0f);
    std::vector<float> out(256);
    for (const bool near : {true, false}) {
      const double t = best(5, [&] {
        for (int i = 0; i < 512; ++i) kernels.attendStored(q.data(), heads.data() + (near ? 0 : i * 16), keys.data(), shares.data(), 16, out.data());
      });
      std::printf("%.0f M: 16 stored chunks, one token and KV head, %s: %.2f us; %.1f GB/s; %.0f GFLOP/s\n", millions, near ? "in cache" : "anywhere",
                  t / 512 * 1e6, 512 * 16.0 * kStoredHead / t / 1e9, 512 * 16 * 4.0 * 4 * 64 * 64 / t / 1e9);
    }
    for (const int layers : {1, 2}) {
      const auto question = someIds(16);
      const Time t = timed(9, [&] { (void)backend.search(question, layers, snapshot, never, wanted); });
      std::printf("%.0f M: search of 16 tokens, %d layer(s): %.1f ms of processor, %.1f by the clock\n", millions, layers, t.processor * 1e3, t.clock * 1e3);
    }
  }
  auto decoder = std::move(*backend.decoder());
  std::vector<int32_t> ids;
  const Time prefill = timed(3, [&] {
    ids = someIds(704);
    (void)decoder->advance(ids, snapshot, {}, never, wanted);
  });
  const Time decode = timed(24, [&] {
    ids.push_back(8 + (int32_t)(randomBits() % 30000));
    (void)decoder->advance(ids, snapshot, {}, never, wanted);
  });
  std::printf("%.0f M: prefill of 704 tokens %.0f tokens/s a core, by the clock %.0f; decode %.2f ms of processor a token, %.2f by the clock\n", millions,
              704 / prefill.processor, 704 / prefill.clock, decode.processor * 1e3, decode.clock * 1e3);
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "cpu_bench MODEL [threads] [isa] [millions of tokens ...]\n"), 2;
  const int threads = argc > 2 ? std::atoi(argv[2]) : 1;
  const Kernels* kernels = chooseKernels(argc > 3 ? argv[3] : "");
  auto weights = Weights::load(argv[1]);
  if (!weights || !kernels) return std::fprintf(stderr, "%s\n", weights ? "This machine does not have that instruction set." : weights.error().message.c_str()), 1;
  std::printf("%s, %d thread(s)\n", kernels->isa, threads);
  Bench bench{**weights, *kernels};
  bench.products();
  bench.windowAttention();
  encodeSpeed(bench, threads);
  for (int i = 4; i < argc; ++i) overMemory(bench, threads, (int64_t)(std::atof(argv[i]) * 1e6));
  return 0;
}
