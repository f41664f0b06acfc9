#include "cpu/engine.h"

#include <algorithm>
#include <chrono>
#include <fstream>
#include <limits>
#include <new>
#include <numeric>

namespace everyline {

namespace {

constexpr int kNice = 10;
constexpr std::chrono::milliseconds kPause(100);  // without a call, before a lane rests
constexpr int kRanges = 8;                      // let go of at once: a call that comes waits for it
constexpr int64_t kQuietNs = 2'000'000;         // how long after an interactive call an encode still waits: tokens come one after another

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

Lane::Lane(int niceness, std::function<bool()> rest) : rest_(std::move(rest)), thread_([this, niceness] { loop(niceness); }) {}

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
  const auto asked = [&] { return closing_ || !calls_.empty(); };
  std::chrono::milliseconds pause;
  for (bool untidy = false;;) {
    std::unique_lock lock(mutex_);
    if (untidy && !wake_.wait_for(lock, pause, asked)) {
      lock.unlock();
      untidy = rest_();
      pause = pause.zero();
      continue;
    }
    wake_.wait(lock, asked);
    if (calls_.empty()) return;
    const std::function<void()> call = std::move(calls_.front());
    calls_.pop_front();
    lock.unlock();
    call();
    untidy = rest_ != nullptr;
    pause = kPause;
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
  auto engine = std::make_shared<Engine>(*weights, *kernels, options, threads);
  auto gpu = engine->openGpu(options);
  if (!gpu) return gpu.error();
  return engine;
}

Result<Done> Engine::openGpu(const EngineOptions& options) {
  if (options.backend == "cpu") {
    withoutGpu_ = "The CPU was asked for (everyline.gpuGigabytes: 0).";
  } else if (!options.isa.empty() || options.precision == Precision::exact) {
    withoutGpu_ = "An instruction set or float precision was asked for, which the CPU alone has.";
  } else if (auto gpu = openCuda({options.cuda.library, options.model, options.cuda.vram, options.cuda.idle})) {
    gpu_ = std::move(*gpu);
  } else {
    withoutGpu_ = gpu.error().message;
  }
  if (options.backend == "cuda" && !gpu_) return Error{"internal", withoutGpu_};
  return Done{};
}

std::shared_ptr<Backend> Engine::backend() {
  std::lock_guard lock(backendMutex_);
  return gpu_ ? gpu_ : cpu_;
}

std::string Engine::withoutGpu() {
  std::lock_guard lock(backendMutex_);
  return withoutGpu_;
}

bool Engine::fallsBack(const std::shared_ptr<Backend>& failed, const Error& error) {
  const std::string code = error.code;
  if (failed == cpu_ || code == "cancelled" || code == "bad-argument") return false;
  std::lock_guard lock(backendMutex_);
  if (gpu_) withoutGpu_ = error.message + " The CPU serves since then.";
  gpu_ = nullptr;
  return true;
}

Engine::Engine(std::shared_ptr<Weights> weights, const Kernels& kernels, const EngineOptions& options, int threads)
    : weights_(std::move(weights)), kernels_(kernels), precision_(options.precision), threads_(threads), ram_(options.ram), memory_(options.precision),
      quickPool_(threads, 0), slowPool_(threads, kNice, [this](int worker) { return gate(worker); }), taskStarted_(threads),
      cpu_(std::make_shared<CpuBackend>(*weights_, kernels, precision_, quickPool_, slowPool_)),
      quickLane_(std::make_unique<Lane>(0, [this] { return memory_.keepWithin(ram_, kRanges); })), slowLane_(std::make_unique<Lane>(kNice)) {}

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

// Before each task of an encode: waits for interactive calls, keeps the pace. False: while the pace is low, half of the threads rest.
bool Engine::gate(int worker) {
  const double share = share_;
  if (share < 1 && worker >= std::max(1, threads_ / 2)) return false;
  if (share < 1 && taskStarted_[worker]) {
    const int64_t spent = now() - taskStarted_[worker];
    const auto rest = std::chrono::nanoseconds((int64_t)std::min(2e9, (double)spent * (1 / std::max(share, 0.01) - 1)));
    std::unique_lock lock(quietMutex_);
    quiet_.wait_for(lock, rest, [&] { return closed_ || stopEncode_ || share_ > share; });
  }
  std::unique_lock lock(quietMutex_);
  while (!closed_ && !stopEncode_) {
    const int64_t quietFor = now() - lastBusy_;
    if (busy_ == 0 && quietFor >= kQuietNs) break;
    if (busy_ == 0) quiet_.wait_for(lock, std::chrono::nanoseconds(kQuietNs - quietFor));
    else quiet_.wait_for(lock, std::chrono::seconds(1));
  }
  lock.unlock();
  taskStarted_[worker] = now();
  return true;
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
  for (auto& started : taskStarted_) started = 0;
  try {
    auto server = backend();
    auto result = server->encode(inputs, stopEncode_, tokens);
    if (!result && fallsBack(server, result.error())) {
      tokens = 0;
      result = cpu_->encode(inputs, stopEncode_, tokens);
    }
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
    const auto snapshot = memory_.snapshot();
    std::set<int32_t> wanted;
    auto server = backend();
    auto scores = server->search(ids, layers, snapshot, stopSearch_, wanted);
    if (!scores && fallsBack(server, scores.error())) scores = cpu_->search(ids, layers, snapshot, stopSearch_, wanted);
    if (closed_) return closedError();
    if (!scores) return scores.error();
    SearchScores out;
    out.firsts = snapshot->firsts;
    for (const Place& p : snapshot->documents) out.documents.push_back(p.document);
    out.scores = std::move(*scores);
    if (!snapshot->evicted.empty()) {
      std::vector<uint32_t> best(out.scores.size());
      std::iota(best.begin(), best.end(), 0u);
      const size_t n = std::min<size_t>(kTop, best.size());
      std::partial_sort(best.begin(), best.begin() + n, best.end(), [&](uint32_t a, uint32_t b) { return out.scores[a] > out.scores[b]; });
      for (size_t i = 0; i < n; ++i) {
        const int d = snapshot->documentOf(best[i]);
        if (!snapshot->kv[d]) wanted.insert(snapshot->documents[d].document);
      }
    }
    memory_.want(wanted);
    return out;
  } catch (const std::bad_alloc&) {
    return Error{"no-memory", "There is not enough memory to search."};
  }
}

// ---- sessions

Session::Session(std::shared_ptr<Engine> engine) : engine_(std::move(engine)) {}

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

Result<Step> Session::begin(const std::vector<int32_t>& ids, const std::vector<int32_t>& hidden, int before) {
  hidden_ = hidden;
  ids_.clear();
  return advance(ids, before);
}

Result<Step> Session::next(int32_t token) {
  if (ids_.empty()) return Error{"bad-argument", "next() needs a context: call begin() first."};
  std::vector<int32_t> ids = ids_;
  ids.push_back(token);
  return advance(ids, 0);
}

Result<Step> Session::advance(const std::vector<int32_t>& ids, int before) {
  if (engine_->closed()) return closedError();
  {
    std::lock_guard lock(engine_->sessionsMutex_);
    engine_->running_.push_back(this);
  }
  std::set<int32_t> wanted;
  const auto attempt = [&](std::shared_ptr<Backend> server) -> Result<Step> {
    if (server != backend_) {
      decoder_ = nullptr;
      backend_ = std::move(server);
    }
    if (!decoder_) {
      auto made = backend_->decoder();
      if (!made) return made.error();
      decoder_ = std::move(*made);
    }
    return decoder_->advance(ids, engine_->memory().snapshot(), hidden_, stop_, wanted, before);
  };
  Result<Step> step = [&]() -> Result<Step> {
    try {
      if (stop_) return Error{"cancelled", "The call was cancelled."};
      auto first = attempt(engine_->backend());
      if (first || !engine_->fallsBack(backend_, first.error())) return first;
      return attempt(engine_->cpu_);
    } catch (const std::bad_alloc&) {
      return Error{"no-memory", "There is not enough memory for this context."};
    }
  }();
  if (step) {
    ids_ = ids;
    addPowers(*step);
  }
  engine_->memory().want(wanted);
  Memory& memory = engine_->memory();
  if (memory.resident() > 2 * engine_->ram_) memory.keepWithin(engine_->ram_, std::numeric_limits<int>::max());
  memory.nextCall();
  std::lock_guard lock(engine_->sessionsMutex_);
  std::erase(engine_->running_, this);
  return step;
}

void Session::addPowers(Step& step) const {
  step.powers.resize(step.logits.size());
  engine_->kernels().powers(step.logits.data(), (int)step.logits.size(), step.powers.data());
  for (Step& one : step.before) addPowers(one);
}

}  // namespace everyline
