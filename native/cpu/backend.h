// The CPU as a backend: encodes on one pool, searches and decodes on another.
#pragma once
#include "backend/backend.h"
#include "cpu/context.h"
#include "cpu/encode.h"
#include "cpu/pool.h"
#include "cpu/scan.h"

namespace everyline {

class CpuBackend : public Backend {
 public:
  CpuBackend(const Weights& weights, const Kernels& kernels, Precision precision, Pool& quick, Pool& slow);
  const char* name() const override { return "cpu"; }
  std::string detail() const override { return kernels_.isa; }
  int batchTokens() const override { return 6144; }  // about half a second on two cores
  Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) override;
  Result<std::vector<float>> search(const std::vector<int32_t>& ids, int layers, const std::shared_ptr<const Snapshot>& snapshot, const std::atomic<bool>& stop,
                                    std::set<int32_t>& wanted) override;
  Result<std::unique_ptr<Decoder>> decoder() override;

 private:
  const Weights& weights_;
  const Kernels& kernels_;
  const Precision precision_;
  Pool& quick_;
  Encoder encoder_;
  Context questions_;
};

}  // namespace everyline
