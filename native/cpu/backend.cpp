#include "cpu/backend.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace everyline {

namespace {

// Token x chunk pairs a layer up to which all count for the log-sum-exp: it is one constant for all chunks, which no ranking needs exactly.
constexpr double kExactNormaliser = 64e3;

class CpuDecoder : public Decoder {
 public:
  CpuDecoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool) : context_(weights, kernels, precision, pool) {}
  Result<Step> advance(const std::vector<int32_t>& ids, const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden, const std::atomic<bool>& stop,
                       std::set<int32_t>& wanted) override {
    if (!view_ || seen_.lock() != snapshot || hidden != hidden_) {
      view_ = std::make_unique<View>(snapshot, hidden);
      seen_ = snapshot;
      hidden_ = hidden;
    }
    view_->snapshot = snapshot;
    auto step = context_.begin(ids, *view_, stop, wanted);
    view_->snapshot = nullptr;  // a session at rest keeps no file of the cache open
    return step;
  }

 private:
  Context context_;
  std::unique_ptr<View> view_;
  std::weak_ptr<const Snapshot> seen_;
  std::vector<int32_t> hidden_;
};

}  // namespace

CpuBackend::CpuBackend(const Weights& weights, const Kernels& kernels, Precision precision, Pool& quick, Pool& slow)
    : weights_(weights), kernels_(kernels), precision_(precision), quick_(quick), encoder_(weights, kernels, precision, slow),
      questions_(weights, kernels, precision, quick) {}

Result<std::vector<EncodedChunks>> CpuBackend::encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) {
  return encoder_.encode(inputs, stop, tokens);
}

Result<std::unique_ptr<Decoder>> CpuBackend::decoder() {
  return std::unique_ptr<Decoder>(std::make_unique<CpuDecoder>(weights_, kernels_, precision_, quick_));
}

Result<std::vector<float>> CpuBackend::search(const std::vector<int32_t>& ids, int layers, const std::shared_ptr<const Snapshot>& seen, const std::atomic<bool>& stop,
                                              std::set<int32_t>& wanted) {
  const View view(seen, {});
  const Snapshot& snapshot = *seen;
  auto queries = questions_.queries(ids, layers, view, stop, wanted);
  if (!queries) return queries.error();
  std::vector<float> scores(snapshot.chunks());
  if (scores.empty()) return scores;

  // The mean over tokens, heads and layers of log-softmax is linear in the queries but for the log-sum-exp, a constant over chunks:
  // one mean query a head gives every chunk's score. Some of very many chunks stand for all in that constant.
  const int tokens = (int)ids.size();
  const uint32_t stride = std::max(1u, (uint32_t)std::ceil((double)tokens * snapshot.chunks() / kExactNormaliser));
  std::vector<uint32_t> sample;
  for (uint32_t c = 0; c < snapshot.chunks(); c += stride) sample.push_back(c);
  std::vector<float> mean(256, 0.0f);
  double constant = std::log((double)snapshot.chunks() / sample.size());
  for (int layer = 0; layer < layers; ++layer) {
    const std::vector<float>& r = (*queries)[layer];
    const float* temperature = weights_.hsa[layer].temperature;
    for (int t = 0; t < tokens; ++t)
      for (int i = 0; i < 256; ++i) mean[i] += r[t * 256 + i] * temperature[i / 128] / (float)(tokens * layers * kGroups);
    Scan scan(kernels_, precision_, r.data(), tokens, temperature);
    scan.sum(quick_, snapshot, sample, stop);
    for (int t = 0; t < tokens; ++t)
      for (int head = 0; head < kGroups; ++head) constant += scan.logSumExp(t, head) / ((double)tokens * layers * kGroups);
  }
  constexpr uint32_t piece = 4096;
  quick_.run((int)((snapshot.chunks() + piece - 1) / piece), [&](int task, int) {
    const uint32_t last = std::min(snapshot.chunks(), (task + 1) * piece);
    for (uint32_t c = task * piece; c < last; ++c) {
      const int8_t* landmark = snapshot.landmark(c);
      float s = 0;
      for (int head = 0; head < kGroups; ++head) {
        if (precision_ == Precision::exact) {
          s += kernels_.dotFloat(mean.data() + head * 128, (const float*)landmark + head * 128);
        } else {
          float scale;
          std::memcpy(&scale, landmark + 256 + head * 4, 4);
          s += kernels_.dot(mean.data() + head * 128, landmark + head * 128) * scale;
        }
      }
      scores[c] = s - (float)constant;
    }
  });
  if (stop) return Error{"cancelled", "The call was cancelled."};
  return scores;
}

}  // namespace everyline
