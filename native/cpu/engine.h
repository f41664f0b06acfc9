// The engine: weights, memory, pools, and two lanes of calls, interactive and background, over a backend: the GPU's where there is
// one and it can serve, else the CPU's. A GPU that fails is let go for good, and the call runs again on the CPU.
//
// Calls are synchronous here and run on a lane's thread: the binding posts them and delivers results. An encode on the CPU waits
// between tasks while an interactive call runs.
#pragma once
#include <atomic>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>

#include "backend/backend.h"
#include "backend/cuda.h"
#include "cpu/backend.h"
#include "cpu/context.h"
#include "cpu/encode.h"
#include "cpu/memory.h"
#include "cpu/pool.h"
#include "model/weights.h"
#include "result.h"

namespace everyline {

struct EngineOptions {
  std::string model;  // folder
  int threads = 0;    // 0: physical cores
  std::string isa;
  Precision precision = Precision::stored;
  std::string backend = "auto";  // "auto", "cpu", "cuda"; an instruction set or float precision asks for the CPU
  CudaOptions cuda = {};         // its model is this one
  // Bytes of landmarks, keys and values that stay mapped once no call runs (landmarks always do); twice as many while one comes after another.
  uint64_t ram = 512ull << 20;
};

struct SearchScores {
  std::vector<int32_t> documents, firsts;
  std::vector<float> scores;
};

// One thread that runs posted calls in order, and `rest` after some of them, once no more came for a while, again while it returns true.
// Its destructor runs the calls that are left and joins.
class Lane {
 public:
  explicit Lane(int niceness, std::function<bool()> rest = nullptr);
  ~Lane();
  void post(std::function<void()> call);

 private:
  void loop(int niceness);
  std::mutex mutex_;
  std::condition_variable wake_;
  std::deque<std::function<void()>> calls_;
  bool closing_ = false;
  const std::function<bool()> rest_;
  std::thread thread_;
};

class Engine;

class Session {
 public:
  explicit Session(std::shared_ptr<Engine> engine);
  // Run these on the interactive lane.
  // `before`: of how many tokens before the last the state is returned, too; at most kMostBefore.
  Result<Step> begin(const std::vector<int32_t>& ids, const std::vector<int32_t>& hidden, int before = 0);
  Result<Step> next(int32_t token);
  // A call takes a ticket when it is made; cancel() ends those made before it.
  uint64_t ticket();
  void enter(uint64_t ticket);
  void cancel();

 private:
  friend class Engine;
  Result<Step> advance(const std::vector<int32_t>& ids, int before);
  void addPowers(Step& step) const;
  std::shared_ptr<Engine> engine_;
  std::shared_ptr<Backend> backend_;  // decoder_'s
  std::unique_ptr<Decoder> decoder_;
  std::vector<int32_t> ids_, hidden_;
  std::mutex mutex_;
  uint64_t made_ = 0, cancelled_ = 0, running_ = 0;
  std::atomic<bool> stop_{false};
};

class Engine : public std::enable_shared_from_this<Engine> {
 public:
  static Result<std::shared_ptr<Engine>> load(const EngineOptions& options);
  ~Engine();

  void interactive(std::function<void()> call);
  void background(std::function<void()> call);

  // On the background lane. `epoch`: encodeEpoch() when the call was made.
  Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, uint64_t epoch);
  uint64_t encodeEpoch();
  void cancelEncode();
  void setPace(double share);
  // On the interactive lane.
  Result<SearchScores> search(const std::vector<int32_t>& ids, int layers);

  Memory& memory() { return memory_; }
  std::shared_ptr<Session> session() { return std::make_shared<Session>(shared_from_this()); }
  // Stops what runs; later calls give "cancelled". Waits for the lanes.
  void close();
  bool closed() const { return closed_; }

  const Weights& weights() const { return *weights_; }
  const Kernels& kernels() const { return kernels_; }
  Precision precision() const { return precision_; }
  int threads() const { return threads_; }
  int64_t tokensEncoded() const { return tokensEncoded_; }
  double encodeMs() const { return encodeMs_; }
  // What serves the next call.
  std::shared_ptr<Backend> backend();
  // Why no GPU serves; "" where one does.
  std::string withoutGpu();

  Engine(std::shared_ptr<Weights> weights, const Kernels& kernels, const EngineOptions& options, int threads);

 private:
  friend class Session;
  bool gate(int worker);
  Result<Done> openGpu(const EngineOptions& options);
  // True when `error` of `failed` is one that the CPU may not have; a GPU is then let go.
  bool fallsBack(const std::shared_ptr<Backend>& failed, const Error& error);

  std::shared_ptr<Weights> weights_;
  const Kernels& kernels_;
  const Precision precision_;
  const int threads_;
  const uint64_t ram_;
  Memory memory_;

  // Interactive work under way, and when it last was (steady clock, ns): encodes wait for it and a little longer.
  std::atomic<int> busy_{0};
  std::atomic<int64_t> lastBusy_{0};
  std::atomic<double> share_{1.0};
  std::mutex quietMutex_;
  std::condition_variable quiet_;

  std::atomic<bool> closed_{false}, stopEncode_{false}, stopSearch_{false};
  std::mutex epochMutex_;
  uint64_t epoch_ = 0, runningEpoch_ = 0;
  std::atomic<int64_t> tokensEncoded_{0};
  std::atomic<double> encodeMs_{0};
  std::mutex sessionsMutex_;
  std::vector<Session*> running_;

  Pool quickPool_, slowPool_;
  std::vector<std::atomic<int64_t>> taskStarted_;  // a background worker's last task's start, for pacing
  std::mutex backendMutex_;
  std::shared_ptr<Backend> cpu_, gpu_;
  std::string withoutGpu_;
  std::unique_ptr<Lane> quickLane_, slowLane_;
};

}  // namespace everyline
