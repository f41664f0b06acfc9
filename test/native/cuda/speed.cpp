#include <algorithm>
#include <set>

#include "data.h"

namespace everyline {

void speed(Backend& gpu) {
  std::printf("\nspeed\n");
  std::vector<EncodeInput> inputs;
  for (int i = 0; i < 700; ++i) inputs.push_back({someIds(3000, i), 0});
  must(gpu.encode(inputs, never, counted));
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double start = seconds();
    must(gpu.encode(inputs, never, counted));
    best = std::min(best, seconds() - start);
  }
  std::printf("encode of 700 documents, 2.1 M tokens, into host memory: %.3f s, %.2f M tokens/s\n", best, 2.1 / best);
  Files files;
  files.synthetic(312500, false);
  for (int chunks : {46875, 250000, 312500}) {
    Files some;
    some.places.assign(files.places.begin(), files.places.begin() + (chunks + 39) / 40);
    std::swap(some.landmarks, files.landmarks);
    std::swap(some.segment, files.segment);
    Memory memory(Precision::stored);
    some.attach(memory);
    std::swap(some.landmarks, files.landmarks);
    std::swap(some.segment, files.segment);
    const auto snapshot = memory.snapshot();
    std::set<int32_t> wanted;
    double search = 1e9, prefill = 1e9, first = 0, decode = 1e9;
    const auto question = someIds(16, 1);
    for (int i = 0; i < 7; ++i) {
      const double start = seconds();
      must(gpu.search(question, 2, snapshot, never, wanted));
      search = std::min(search, seconds() - start);
    }
    const auto ids = someIds(4096, 2);
    auto decoder = must(gpu.decoder());
    for (int i = 0; i < 4; ++i) {
      auto mine = ids;
      mine[0] = 10;
      const double start = seconds();
      must(decoder->advance(mine, snapshot, {}, never, wanted));
      prefill = std::min(prefill, seconds() - start);
      if (i == 0) first = seconds() - start;
      mine[0] = 11;
      must(decoder->advance({mine.begin(), mine.begin() + 1}, snapshot, {}, never, wanted));
    }
    auto context = someIds(600, 4);
    must(decoder->advance(context, snapshot, {}, never, wanted));
    for (int round = 0; round < 3; ++round) {
      const double start = seconds();
      for (int i = 0; i < 50; ++i) {
        context.push_back(100 + i);
        must(decoder->advance(context, snapshot, {}, never, wanted));
      }
      decode = std::min(decode, (seconds() - start) / 50);
    }
    std::printf("memory of %.1f M tokens: search %.2f ms, prefill %.0f tokens/s (the first time %.0f), decode %.0f tokens/s\n", snapshot->chunks() * 64e-6, search * 1e3,
                4096 / prefill, 4096 / first, 1 / decode);
  }
}

}  // namespace everyline
