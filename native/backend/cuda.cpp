#include "backend/cuda.h"

#include <dlfcn.h>
#include <elf.h>
#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <cstring>
#include <fstream>
#include <mutex>
#include <thread>
#include <utility>

#include "cuda/api.h"

namespace everyline {

namespace {

constexpr int kDriver = 13000;  // CUDA version that the driver must offer at least
constexpr const char* kDriverName = "an NVIDIA driver for CUDA 13.0 (580) or newer";

// A library that was cut short would end the process while it is opened, whose pages would lie beyond the file.
bool cutShort(const std::string& file) {
  std::ifstream in(file, std::ios::binary | std::ios::ate);
  const uint64_t size = in ? (uint64_t)in.tellg() : 0;
  Elf64_Ehdr header{};
  if (size < sizeof header || !in.seekg(0).read((char*)&header, sizeof header)) return true;
  if (std::memcmp(header.e_ident, ELFMAG, SELFMAG) != 0) return false;  // no library at all: opening it says so
  uint64_t end = header.e_shoff + (uint64_t)header.e_shnum * header.e_shentsize;
  for (int i = 0; i < header.e_phnum && end <= size; ++i) {
    Elf64_Phdr part{};
    if (!in.seekg((std::streamoff)(header.e_phoff + (uint64_t)i * sizeof part)).read((char*)&part, sizeof part)) return true;
    if (part.p_type == PT_LOAD) end = std::max<uint64_t>(end, part.p_offset + part.p_filesz);
  }
  return end > size;
}

// Codes of the library as the constants of native/addon.ts; "gone" is the addon's "internal".
Error errorOf(const EverylineCudaError& e) {
  const std::string code = e.code;
  for (const char* known : {"bad-argument", "bad-model", "no-memory", "cancelled", "io"})
    if (code == known) return {known, e.message};
  return {"internal", e.message};
}

// A snapshot in the library's form. The snapshot is held: while it is, no other file is mapped where its files are.
class Seen {
 public:
  void look(const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden, EverylineCudaMemory& out) {
    if (snapshot != snapshot_) {
      snapshot_ = snapshot;
      ++snapshotNumber_;
      documents_.clear();
      for (size_t i = 0; i < snapshot->documents.size(); ++i) {
        const Place& p = snapshot->documents[i];
        if (p.chunks > 0) documents_.push_back({p.document, snapshot->firsts[i], p.chunks, p.tokens, p.landmarkRow, snapshot->kv[i]});
      }
      view_.reset();
    }
    if (!view_ || hidden != hidden_) {
      view_ = std::make_unique<View>(snapshot, hidden);
      hidden_ = hidden;
      ++viewNumber_;
    }
    out = {snapshotNumber_,
           viewNumber_,
           snapshot->landmarks ? snapshot->landmarks->data() : nullptr,
           documents_.data(),
           snapshot->rows.data(),
           view_->attendable.data(),
           view_->evicted.data(),
           (uint32_t)documents_.size(),
           snapshot->chunks(),
           (uint32_t)view_->attendable.size(),
           (uint32_t)view_->evicted.size()};
  }

 private:
  std::shared_ptr<const Snapshot> snapshot_;
  std::unique_ptr<View> view_;
  std::vector<int32_t> hidden_;
  uint64_t snapshotNumber_ = 0, viewNumber_ = 0;
  std::vector<EverylineCudaDocument> documents_;
};

// What a call may ask and tell while it runs.
struct Owner {
  const std::atomic<bool>& stop;
  std::atomic<int64_t>* tokens;
  std::set<int32_t>* wanted;
  const Snapshot* snapshot;

  EverylineCudaCall call() {
    return {this, [](void* o) { return (int32_t)((Owner*)o)->stop.load(); }, [](void* o, int64_t n) { *((Owner*)o)->tokens += n; },
            [](void* o, int32_t d) { ((Owner*)o)->wanted->insert(d); },
            [](void* o, uint32_t chunk, uint8_t* to) { return ((Owner*)o)->snapshot->readKv(chunk, to) ? 0 : -1; }};
  }
};

class CudaBackend;

class CudaDecoder : public Decoder {
 public:
  explicit CudaDecoder(CudaBackend& backend) : backend_(backend) {}
  ~CudaDecoder() override;
  Result<Step> advance(const std::vector<int32_t>& ids, const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden, const std::atomic<bool>& stop,
                       std::set<int32_t>& wanted, int before) override;

 private:
  friend class CudaBackend;
  CudaBackend& backend_;
  EverylineCudaContext* context_ = nullptr;  // none before the first call and after the engine was released
};

class CudaBackend : public Backend {
 public:
  CudaBackend(const EverylineCudaTable& table, EverylineCudaEngine* engine, std::string name, const CudaOptions& options)
      : table(table), engine_(engine), name_(std::move(name)), options_(options), watch_([this] { watch(); }) {}
  ~CudaBackend() override {
    {
      std::lock_guard lock(mutex_);
      closing_ = true;
    }
    changed_.notify_all();
    watch_.join();
    release();
  }

  const char* name() const override { return "cuda"; }
  std::string detail() const override { return name_; }
  int batchTokens() const override { return 131072; }  // eight batches of the kernels, about 40 ms
  uint64_t deviceBytes() override {
    // Nobody waits for an engine that is being started or released.
    std::unique_lock lock(mutex_, std::try_to_lock);
    return lock && engine_ ? table.used(engine_) : 0;
  }

  // The engine while a call runs: started anew where it was released.
  class Use {
   public:
    Use(CudaBackend& backend, EverylineCudaError& error) : backend_(backend), engine(backend.enter(error)) {}
    ~Use() {
      if (engine) backend_.leave();
    }
    Use(const Use&) = delete;
    Use& operator=(const Use&) = delete;

   private:
    CudaBackend& backend_;

   public:
    EverylineCudaEngine* const engine;
  };

  Result<std::vector<EncodedChunks>> encode(const std::vector<EncodeInput>& inputs, const std::atomic<bool>& stop, std::atomic<int64_t>& tokens) override {
    std::vector<EncodedChunks> out(inputs.size());
    std::vector<EverylineCudaInput> list(inputs.size());
    for (size_t i = 0; i < inputs.size(); ++i) {
      const int chunks = (int)((inputs[i].ids.size() + kChunk - 1) / kChunk);
      if (inputs[i].firstChunk < 0 || inputs[i].firstChunk > chunks) return Error{"bad-argument", "firstChunk lies outside the document."};
      out[i].chunks = chunks - inputs[i].firstChunk;
      out[i].landmarks.resize(out[i].chunks * landmarkBytes(Precision::stored));
      out[i].kv.resize(out[i].chunks * kvBytes(Precision::stored));
      list[i] = {inputs[i].ids.data(), (int32_t)inputs[i].ids.size(), inputs[i].firstChunk, out[i].landmarks.data(), out[i].kv.data()};
    }
    Owner owner{stop, &tokens, nullptr, nullptr};
    const EverylineCudaCall call = owner.call();
    EverylineCudaError error{};
    const Use use(*this, error);
    if (!use.engine || table.encode(use.engine, list.data(), (int32_t)list.size(), &call, &error) != 0) return errorOf(error);
    return out;
  }

  Result<std::vector<float>> search(const std::vector<int32_t>& ids, int layers, const std::shared_ptr<const Snapshot>& snapshot, const std::atomic<bool>& stop,
                                    std::set<int32_t>& wanted) override {
    EverylineCudaMemory memory;
    seen.look(snapshot, {}, memory);
    std::vector<float> scores(snapshot->chunks());
    Owner owner{stop, nullptr, &wanted, snapshot.get()};
    const EverylineCudaCall call = owner.call();
    EverylineCudaError error{};
    const Use use(*this, error);
    if (!use.engine || table.search(use.engine, ids.data(), (int32_t)ids.size(), layers, &memory, scores.data(), &call, &error) != 0) return errorOf(error);
    return scores;
  }

  Result<std::unique_ptr<Decoder>> decoder() override {
    auto made = std::make_unique<CudaDecoder>(*this);
    std::lock_guard lock(mutex_);
    decoders_.insert(made.get());
    return std::unique_ptr<Decoder>(std::move(made));
  }

  const EverylineCudaTable& table;
  Seen seen;

 private:
  friend class CudaDecoder;

  EverylineCudaEngine* enter(EverylineCudaError& error) {
    std::lock_guard lock(mutex_);
    char name[256];
    if (!engine_) engine_ = table.create(options_.model.c_str(), options_.vram, name, &error);
    if (engine_) ++users_;
    return engine_;
  }
  void leave() {
    {
      std::lock_guard lock(mutex_);
      --users_;
      last_ = std::chrono::steady_clock::now();
    }
    changed_.notify_all();
  }
  // Gives all device memory back; under the lock or alone.
  void release() {
    for (CudaDecoder* d : decoders_)
      if (d->context_) table.release(std::exchange(d->context_, nullptr));
    if (engine_) table.destroy(std::exchange(engine_, nullptr));
  }
  // On a thread of its own: releases what nobody has used for a while.
  void watch() {
    std::unique_lock lock(mutex_);
    const auto idle = std::chrono::duration_cast<std::chrono::steady_clock::duration>(std::chrono::duration<double>(options_.idle));
    while (!closing_) {
      if (!engine_ || users_) changed_.wait(lock);
      else if (std::chrono::steady_clock::now() >= last_ + idle) release();
      else changed_.wait_until(lock, last_ + idle);
    }
  }

  std::mutex mutex_;
  std::condition_variable changed_;
  EverylineCudaEngine* engine_;
  std::set<CudaDecoder*> decoders_;
  int users_ = 0;
  bool closing_ = false;
  std::chrono::steady_clock::time_point last_ = std::chrono::steady_clock::now();
  const std::string name_;
  const CudaOptions options_;
  std::thread watch_;  // last: it starts when the rest is there
};

CudaDecoder::~CudaDecoder() {
  std::lock_guard lock(backend_.mutex_);
  backend_.decoders_.erase(this);
  if (context_) backend_.table.release(context_);
}

Result<Step> CudaDecoder::advance(const std::vector<int32_t>& ids, const std::shared_ptr<const Snapshot>& snapshot, const std::vector<int32_t>& hidden,
                                  const std::atomic<bool>& stop, std::set<int32_t>& wanted, int before) {
  EverylineCudaMemory memory;
  backend_.seen.look(snapshot, hidden, memory);
  constexpr size_t kPer = kUpperGroups * kGroups * kTop;
  const int states = std::min(before + 1, std::max(1, (int)ids.size()));
  std::vector<float> logits((size_t)states * kVocabulary), weights(states * kPer);
  std::vector<int32_t> chosen(states * kPer, -1);
  EverylineCudaStep step{logits.data(), chosen.data(), weights.data(), states, 0};
  Owner owner{stop, nullptr, &wanted, snapshot.get()};
  const EverylineCudaCall call = owner.call();
  EverylineCudaError error{};
  const CudaBackend::Use use(backend_, error);
  if (use.engine && !context_) context_ = backend_.table.context(use.engine, &error);
  if (!use.engine || !context_ || backend_.table.advance(context_, ids.data(), (int32_t)ids.size(), &memory, &step, &call, &error) != 0) return errorOf(error);
  const auto stepOf = [&](int state) {
    Step out;
    out.logits.assign(logits.begin() + (size_t)state * kVocabulary, logits.begin() + (size_t)(state + 1) * kVocabulary);
    out.chosen.assign(chosen.begin() + state * kPer, chosen.begin() + (state + 1) * kPer);
    std::vector<std::pair<uint32_t, float>> shares;
    for (size_t i = 0; i < kPer; ++i)
      if (out.chosen[i] >= 0) shares.emplace_back((uint32_t)out.chosen[i], weights[state * kPer + i]);
    out.attended = heaviest(std::move(shares), *snapshot);
    return out;
  };
  Step last = stepOf(states - 1);
  last.computed = step.computed;
  for (int state = 0; state + 1 < states; ++state) last.before.push_back(stepOf(state));
  return last;
}

}  // namespace

std::string cudaDriverProblem() {
  static std::mutex mutex;
  std::lock_guard lock(mutex);
  // Never closed: a driver does not survive that.
  static void* driver = dlopen("libcuda.so.1", RTLD_NOW | RTLD_LOCAL);
  if (!driver) return std::string("no NVIDIA driver was found; ") + kDriverName + " is needed";
  const auto init = (int (*)(unsigned))dlsym(driver, "cuInit");
  const auto version = (int (*)(int*))dlsym(driver, "cuDriverGetVersion");
  const auto count = (int (*)(int*))dlsym(driver, "cuDeviceGetCount");
  if (!init || !version || !count) return "libcuda.so.1 is not an NVIDIA driver";
  int offers = 0, devices = 0;
  if (version(&offers) != 0 || offers < kDriver)
    return "the NVIDIA driver offers CUDA " + std::to_string(offers / 1000) + "." + std::to_string(offers % 1000 / 10) + "; " + kDriverName + " is needed";
  const int status = init(0);
  if (status != 0) return "the NVIDIA driver does not start (error " + std::to_string(status) + ")";
  if (count(&devices) != 0 || devices == 0) return "the NVIDIA driver sees no GPU";
  return "";
}

Result<std::unique_ptr<Backend>> openCuda(const CudaOptions& options) {
  const std::string problem = cudaDriverProblem();
  if (!problem.empty()) return Error{"internal", "No GPU is used: " + problem + "."};
  if (access(options.library.c_str(), R_OK) == 0 && cutShort(options.library)) return Error{"internal", "No GPU is used: " + options.library + " is damaged. Install the extension again."};
  void* library = dlopen(options.library.c_str(), RTLD_NOW | RTLD_LOCAL);
  if (!library) {
    const char* why = dlerror();
    return Error{"internal", "No GPU is used: " + options.library + " cannot be opened (" + (why ? why : "unknown reason") + ")."};
  }
  // Not closed again: the CUDA runtime inside registers itself with the driver for the life of the process.
  const auto symbol = (const EverylineCudaTable* (*)())dlsym(library, "everylineCuda");
  const EverylineCudaTable* table = symbol ? symbol() : nullptr;
  if (!table || table->abi != kEverylineCudaAbi) return Error{"internal", "No GPU is used: " + options.library + " belongs to another version of Everyline."};
  EverylineCudaError error{};
  char name[256] = {};
  EverylineCudaEngine* engine = table->create(options.model.c_str(), options.vram, name, &error);
  if (!engine) return errorOf(error);
  return std::unique_ptr<Backend>(std::make_unique<CudaBackend>(*table, engine, name, options));
}

}  // namespace everyline
