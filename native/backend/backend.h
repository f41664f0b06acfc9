// What computes for the engine: encodings, scores and decoding over a memory. The CPU's and a GPU's are alike from here; which library,
// driver or memory serves is theirs alone. Errors other than "cancelled" and "bad-argument" mean that this backend cannot go on with
// the call, and another may be tried.
#pragma once
#include <atomic>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "cpu/context.h"
#include "cpu/encode.h"
#include "cpu/memory.h"
#include "result.h"

namespace everyline {

// A decoding context: a document of its own over the memory. One call at a time.
class Decoder {
 public:
  virtual ~Decoder() = default;
  // Makes `ids` the context, reusing what the last one shares as a prefix, and returns the state after the last token. Documents whose
  // evicted chunks were wanted are added to `wanted`. `before`: of how many tokens before the last the state is wanted, too.
  virtual Result<Step> advance(const std::vector<int32_t>& ids, const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden,
                               const std::atomic<bool>& stop, std::set<int32_t>& wanted, int before = 0) = 0;
};

class Backend {
 public:
  virtual ~Backend() = default;
  // "cpu" or "cuda"; and what serves: an instruction set, a device.
  virtual const char* name() const = 0;
  virtual std::string detail() const = 0;
  // Tokens that a call of encode should bring: enough to keep it busy, few enough to be interrupted.
  virtual int batchTokens() const = 0;
  // Memory of a device that is held now.
  virtual uint64_t deviceBytes() { return 0; }

  // One encode at a time; one search or advance at a time; an encode beside them. `tokens` grows as chunks are done.
  virtual Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) = 0;
  // A score for every chunk of the snapshot: the mean over tokens, layers and heads of its log-softmax.
  virtual Result<std::vector<float>> search(const std::vector<int32_t>& ids, int layers, const std::shared_ptr<const Snapshot>& snapshot, const std::atomic<bool>& stop,
                                            std::set<int32_t>& wanted) = 0;
  virtual Result<std::unique_ptr<Decoder>> decoder() = 0;
};

}  // namespace everyline
