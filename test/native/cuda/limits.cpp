// The limit on GPU memory (everyline.gpuGigabytes): kept while a memory larger than it is searched and attended, and said where it is too small.
#include <algorithm>
#include <cmath>
#include <thread>

#include "cpu/engine.h"
#include "data.h"

namespace everyline {

namespace {

constexpr int kChunks = 30000;  // 507 MB of keys and values

// The most bytes that an engine held on the GPU from the first moment of this to the last.
class Watch {
 public:
  explicit Watch(Engine& engine) : thread_([this, &engine] {
    while (!over_) {
      most_ = std::max(most_, engine.backend()->deviceBytes());
      std::this_thread::sleep_for(std::chrono::microseconds(200));
    }
  }) {}
  uint64_t most() {
    over_ = true;
    thread_.join();
    return most_;
  }

 private:
  std::atomic<bool> over_{false};
  uint64_t most_ = 0;
  std::thread thread_;
};

// Search, a long prefill that chooses most chunks, the same again, and an encode: on the backend named, with the CPU's results.
void limited(Engine& cpu, const CudaOptions& options, uint64_t limit, const char* starts, const char* ends) {
  const unsigned mib = (unsigned)(limit >> 20);
  const auto engine = must(Engine::load({options.model, 0, "", Precision::stored, "auto", {options.library, options.model, limit}}));
  check(std::string(engine->backend()->name()) == starts, "%u MiB: begins on the %s", mib, engine->backend()->name());
  Files files;
  files.synthetic(kChunks, false);
  files.attach(engine->memory());
  Watch watch(*engine);
  const auto question = someIds(16, 3), context = someIds(3000, 4);
  const auto scores = must(engine->search(question, 2)).scores, theirs = must(cpu.search(question, 2)).scores;
  double off = scores.size() == theirs.size() ? 0 : 1e9;
  for (size_t c = 0; c < scores.size() && off < 1e9; ++c) off = std::max(off, (double)std::fabs(scores[c] - theirs[c]));
  check(off < 0.1, "%u MiB: search scores within %.4f of the CPU's", mib, off);
  const auto expected = must(cpu.session()->begin(context, {})).logits;
  for (const char* time : {"the first time", "again"}) {
    const double start = seconds();
    const auto logits = must(engine->session()->begin(context, {})).logits;
    const double took = seconds() - start;
    double difference = 0;
    for (size_t k = 0; k < logits.size(); ++k) difference = std::max(difference, (double)std::fabs(logits[k] - expected[k]));
    check(difference < 0.5, "%u MiB: a prefill of 3,000 tokens %s, %.0f tokens/s, logits within %.3f of the CPU's", mib, time, 3000 / took, difference);
  }
  const auto encoded = must(engine->encode({{question, 0}}, engine->encodeEpoch()));
  check(encoded[0].chunks == 1, "%u MiB: encodes", mib);
  const uint64_t most = watch.most();
  check(most <= limit, "%u MiB: at most %.0f MiB were held", mib, (double)most / 1048576.0);
  const std::string serves = engine->backend()->name(), why = engine->withoutGpu();
  check(serves == ends && why.empty() == (serves == "cuda"), "%u MiB: the %s serves in the end. %s", mib, serves.c_str(), why.c_str());
}

}  // namespace

void limits(const CudaOptions& options) {
  const auto cpu = must(Engine::load({options.model, 0, "", Precision::stored, "cpu"}));
  Files files;
  files.synthetic(kChunks, false);
  files.attach(cpu->memory());
  limited(*cpu, options, 2048ull << 20, "cuda", "cuda");  // all fits
  limited(*cpu, options, 640ull << 20, "cuda", "cuda");   // keys and values come and go
  limited(*cpu, options, 200ull << 20, "cuda", "cpu");    // no room to encode
  limited(*cpu, options, 64ull << 20, "cpu", "cpu");      // not even the weights
}

}  // namespace everyline
