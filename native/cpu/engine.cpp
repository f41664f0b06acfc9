#include "cpu/engine.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <fstream>
#include <new>

namespace everyline {

namespace {

constexpr int kNice = 10;
constexpr int64_t kQuietNs = 2'000'000;         // how long after an interactive call an encode still waits: tokens come one after another
constexpr double kExactNormaliser = 12e6;        // token x chunk pairs a layer up to which all tokens count for the log-sum-exp

int64_t now() { return std::chrono::steady_clock::now().time_since_epoch().count(); }

// Cores, not hyper-threads: siblings share the vector units.
int physicalCores() {
  const int logical = std::max(1, (int)std::thread::hardware_concurrency());
#if defined(__linux__)
  std::ifstream file("/sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
  std::string list;
  if (file >> list && list.find_first_of(",-") != std::string::npos) return std::max(1, logical / 2);
#endif
  return logical;
}

Error closedError() { return {"cancelled", "The engine is closed."}; }

}  // namespace

// ---- lanes

Lane::Lane(int niceness) : thread_([this, niceness] { loop(niceness); }) {}

Lane::~Lane() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_one();
  thread_.join();
}

void Lane::post(std::function<void()> call) {
  {
    std::lock_guard lock(mutex_);
    calls_.push_back(std::move(call));
  }
  wake_.notify_one();
}

void Lane::loop(int niceness) {
  lowerPriority(niceness);
  for (;;) {
    std::function<void()> call;
    {
      std::unique_lock lock(mutex_);
      wake_.wait(lock, [&] { return closing_ || !calls_.empty(); });
      if (calls_.empty()) return;
      call = std::move(calls_.front());
      calls_.pop_front();
    }
    call();
  }
}

// ---- engine

Result<std::shared_ptr<Engine>> Engine::load(const EngineOptions& options) {
  const Kernels* kernels = chooseKernels(options.isa.c_str());
  if (!kernels) return Error{"bad-argument", "The instruction set \"" + options.isa + "\" is unknown or this machine does not have it."};
  if (options.threads < 0 || options.threads > 256) return Error{"bad-argument", "The number of threads must lie between 0 and 256."};
  auto weights = Weights::load(options.model);
  if (!weights) return weights.error();
  const int threads = options.threads ? options.threads : physicalCores();
  return std::make_shared<Engine>(*weights, *kernels, options, threads);
}

Engine::Engine(std::shared_ptr<Weights> weights, const Kernels& kernels, const EngineOptions& options, int threads)
    : weights_(std::move(weights)), kernels_(kernels), precision_(options.precision), threads_(threads), memory_(options.precision),
      quickPool_(threads, 0), slowPool_(threads, kNice, [this](int worker) { gate(worker); }), taskStarted_(threads, 0),
      encoder_(std::make_unique<Encoder>(*weights_, kernels, precision_, slowPool_)),
      questions_(std::make_unique<Context>(*weights_, kernels, precision_, quickPool_)), quickLane_(std::make_unique<Lane>(0)),
      slowLane_(std::make_unique<Lane>(kNice)) {}

Engine::~Engine() { close(); }

void Engine::close() {
  if (closed_.exchange(true)) return;
  cancelEncode();
  stopSearch_ = true;
  {
    std::lock_guard lock(sessionsMutex_);
    for (Session* s : running_) s->cancel();
  }
  {
    std::lock_guard lock(quietMutex_);
  }
  quiet_.notify_all();
  quickLane_.reset();
  slowLane_.reset();
}

void Engine::interactive(std::function<void()> call) {
  busy_.fetch_add(1);
  quickLane_->post([this, call = std::move(call)] {
    call();
    lastBusy_ = now();
    {
      std::lock_guard lock(quietMutex_);
      busy_.fetch_sub(1);
    }
    quiet_.notify_all();
  });
}

void Engine::background(std::function<void()> call) { slowLane_->post(std::move(call)); }

// Before each task of an encode: waits for interactive calls, keeps the pace.
void Engine::gate(int worker) {
  const double share = share_;
  if (share < 1 && taskStarted_[worker]) {
    const int64_t spent = now() - taskStarted_[worker];
    const auto rest = std::chrono::nanoseconds((int64_t)std::min(2e9, (double)spent * (1 / std::max(share, 0.01) - 1)));
    std::unique_lock lock(quietMutex_);
    quiet_.wait_for(lock, rest, [&] { return closed_ || stopEncode_ || share_ > share; });
  }
  std::unique_lock lock(quietMutex_);
  while (!closed_ && !stopEncode_) {
    const int64_t quietFor = now() - lastBusy_;
    const bool half = share_ < 1 && worker >= std::max(1, threads_ / 2);  // this thread rests while the pace is low
    if (busy_ == 0 && quietFor >= kQuietNs && !half) break;
    if (busy_ == 0 && !half) quiet_.wait_for(lock, std::chrono::nanoseconds(kQuietNs - quietFor));
    else quiet_.wait_for(lock, std::chrono::milliseconds(half && busy_ == 0 ? 20 : 1000));
    if (half) break;
  }
  lock.unlock();
  taskStarted_[worker] = now();
}

uint64_t Engine::encodeEpoch() {
  std::lock_guard lock(epochMutex_);
  return epoch_;
}

void Engine::cancelEncode() {
  {
    std::lock_guard lock(epochMutex_);
    ++epoch_;
    if (runningEpoch_) stopEncode_ = true;
  }
  {
    std::lock_guard lock(quietMutex_);
  }
  quiet_.notify_all();
}

void Engine::setPace(double share) {
  {
    std::lock_guard lock(quietMutex_);
    share_ = std::clamp(share, 0.01, 1.0);
  }
  quiet_.notify_all();
}

Result<std::vector<EncodedChunks>> Engine::encode(const std::vector<EncodeInput>& inputs, uint64_t epoch) {
  {
    std::lock_guard lock(epochMutex_);
    if (closed_) return closedError();
    if (epoch != epoch_) return Error{"cancelled", "The encoding was cancelled."};
    stopEncode_ = false;
    runningEpoch_ = epoch + 1;
  }
  const auto done = [&] {
    std::lock_guard lock(epochMutex_);
    runningEpoch_ = 0;
    stopEncode_ = false;
  };
  const int64_t start = now();
  std::atomic<int64_t> tokens{0};
  std::fill(taskStarted_.begin(), taskStarted_.end(), 0);
  try {
    auto result = encoder_->encode(inputs, stopEncode_, tokens);
    tokensEncoded_ += tokens;
    encodeMs_ = encodeMs_ + (double)(now() - start) / 1e6;
    done();
    return result;
  } catch (const std::bad_alloc&) {
    done();
    return Error{"no-memory", "There is not enough memory to encode."};
  }
}

Result<SearchScores> Engine::search(const std::vector<int32_t>& ids, int layers) {
  if (closed_) return closedError();
  if (layers != 1 && layers != 2) return Error{"bad-argument", "layers must be 1 or 2."};
  try {
    const View view(memory_.snapshot(), {});
    const Snapshot& snapshot = *view.snapshot;
    std::set<int32_t> wanted;
    auto queries = questions_->queries(ids, layers, view, stopSearch_, wanted);
    if (!queries) return queries.error();
    SearchScores out;
    out.firsts = snapshot.firsts;
    for (const Place& p : snapshot.documents) out.documents.push_back(p.document);
    out.scores.resize(snapshot.chunks());
    if (out.scores.empty()) return out;

    // The mean over tokens, heads and layers of log-softmax is linear in the queries but for the log-sum-exp, a constant over chunks:
    // one mean query a head gives every chunk's score. Over very many chunks some of the tokens stand for all in that constant.
    const int tokens = (int)ids.size();
    const int stride = std::max(1, (int)std::ceil((double)tokens * snapshot.chunks() / kExactNormaliser));
    std::vector<float> mean(256, 0.0f), sample;
    double constant = 0;
    std::vector<uint32_t> all(snapshot.chunks());
    for (uint32_t c = 0; c < snapshot.chunks(); ++c) all[c] = c;
    for (int layer = 0; layer < layers; ++layer) {
      const std::vector<float>& r = (*queries)[layer];
      const float* temperature = weights_->hsa[layer].temperature;
      for (int t = 0; t < tokens; ++t)
        for (int i = 0; i < 256; ++i) mean[i] += r[t * 256 + i] * temperature[i / 128] / (float)(tokens * layers * kGroups);
      sample.clear();
      for (int t = tokens - 1; t >= 0; t -= stride) sample.insert(sample.end(), r.begin() + t * 256, r.begin() + (t + 1) * 256);
      const int sampled = (int)sample.size() / 256;
      Scan scan(kernels_, precision_, sample.data(), sampled, temperature);
      scan.run(quickPool_, snapshot, all, nullptr, true, stopSearch_);
      for (int t = 0; t < sampled; ++t)
        for (int head = 0; head < kGroups; ++head) constant += scan.logSumExp(t, head) / ((double)sampled * layers * kGroups);
    }
    constexpr uint32_t piece = 4096;
    quickPool_.run((int)((snapshot.chunks() + piece - 1) / piece), [&](int task, int) {
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
        out.scores[c] = s - (float)constant;
      }
    });
    if (stopSearch_) return closedError();
    if (!snapshot.evicted.empty()) {
      std::vector<uint32_t> best = all;
      const size_t n = std::min<size_t>(kTop, best.size());
      std::partial_sort(best.begin(), best.begin() + n, best.end(), [&](uint32_t a, uint32_t b) { return out.scores[a] > out.scores[b]; });
      for (size_t i = 0; i < n; ++i) {
        const int d = snapshot.documentOf(best[i]);
        if (!snapshot.kv[d]) wanted.insert(snapshot.documents[d].document);
      }
    }
    memory_.want(wanted);
    return out;
  } catch (const std::bad_alloc&) {
    return Error{"no-memory", "There is not enough memory to search."};
  }
}

// ---- sessions

Session::Session(std::shared_ptr<Engine> engine)
    : engine_(std::move(engine)), context_(std::make_unique<Context>(engine_->weights(), engine_->kernels(), engine_->precision(), engine_->quickPool_)) {}

uint64_t Session::ticket() {
  std::lock_guard lock(mutex_);
  return ++made_;
}

void Session::enter(uint64_t ticket) {
  std::lock_guard lock(mutex_);
  running_ = ticket;
  stop_ = ticket <= cancelled_;
}

void Session::cancel() {
  std::lock_guard lock(mutex_);
  cancelled_ = made_;
  if (running_ && running_ <= cancelled_) stop_ = true;
}

Result<Step> Session::begin(const std::vector<int32_t>& ids, const std::vector<int32_t>& hidden) {
  hidden_ = hidden;
  if (engine_->closed()) return closedError();
  {
    std::lock_guard lock(engine_->sessionsMutex_);
    engine_->running_.push_back(this);
  }
  std::set<int32_t> wanted;
  Result<Step> step = [&]() -> Result<Step> {
    try {
      if (stop_) return Error{"cancelled", "The call was cancelled."};
      return context_->begin(ids, View(engine_->memory().snapshot(), hidden), stop_, wanted);
    } catch (const std::bad_alloc&) {
      return Error{"no-memory", "There is not enough memory for this context."};
    }
  }();
  engine_->memory().want(wanted);
  std::lock_guard lock(engine_->sessionsMutex_);
  std::erase(engine_->running_, this);
  return step;
}

Result<Step> Session::next(int32_t token) {
  if (engine_->closed()) return closedError();
  {
    std::lock_guard lock(engine_->sessionsMutex_);
    engine_->running_.push_back(this);
  }
  std::set<int32_t> wanted;
  Result<Step> step = [&]() -> Result<Step> {
    try {
      if (stop_) return Error{"cancelled", "The call was cancelled."};
      return context_->next(token, View(engine_->memory().snapshot(), hidden_), stop_, wanted);
    } catch (const std::bad_alloc&) {
      return Error{"no-memory", "There is not enough memory for this context."};
    }
  }();
  engine_->memory().want(wanted);
  std::lock_guard lock(engine_->sessionsMutex_);
  std::erase(engine_->running_, this);
  return step;
}

}  // namespace everyline
