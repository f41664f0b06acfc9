#include "cpu/backend.h"

namespace everyline {

namespace {

class CpuDecoder : public Decoder {
 public:
  CpuDecoder(const Weights& weights, const Kernels& kernels, Precision precision, Pool& pool) : context_(weights, kernels, precision, pool) {}
  Result<Step> advance(const std::vector<int32_t>& ids, const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden, const std::atomic<bool>& stop,
                       std::set<int32_t>& wanted, int before) override {
    if (!view_ || seen_.lock() != snapshot || hidden != hidden_) {
      view_ = std::make_unique<View>(snapshot, hidden);
      seen_ = snapshot;
      hidden_ = hidden;
    }
    view_->snapshot = snapshot;
    auto step = context_.begin(ids, *view_, stop, wanted, before);
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

  // Layers are tokens of one scan, their temperatures in the queries: a landmark is read once.
  std::vector<float> rows;
  for (int layer = 0; layer < layers; ++layer)
    for (size_t i = 0; i < (*queries)[layer].size(); ++i) rows.push_back((*queries)[layer][i] * weights_.hsa[layer].temperature[i / 128 % kGroups]);
  const float ones[kGroups] = {1, 1};
  Scan(kernels_, precision_, rows.data(), layers * (int)ids.size(), ones).logSoftmax(quick_, snapshot, scores.data(), stop);
  if (stop) return Error{"cancelled", "The call was cancelled."};
  return scores;
}

}  // namespace everyline
