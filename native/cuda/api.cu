// The library's one symbol, and what ties its parts together: two streams, interactive calls before encodes.
#include "api.h"

#include <cstring>
#include <mutex>

#include "context.h"
#include "encode.h"
#include "rows.h"

using namespace everyline;
using namespace everyline::cuda;

struct EverylineCudaEngine {
  EverylineCudaEngine(int low, int high) : quick(budget, high), slow(budget, low) {}
  Budget budget;
  Run quick, slow;
  std::unique_ptr<Model> model;
  std::unique_ptr<Encoder> encoder;
  std::unique_ptr<Bench> bench;
  std::unique_ptr<Context> questions;
  Buffer<float> scores;
  Pinned<float> hostScores;
  std::mutex quickMutex, slowMutex;
};

struct EverylineCudaContext {
  EverylineCudaEngine* engine;
  Context context;
};

namespace {

// Engines of this process: what the driver keeps for it on the GPU goes with the last one.
std::mutex enginesMutex;
int engines = 0;

void put(EverylineCudaError* error, const Error& e) {
  std::strncpy(error->code, e.code, sizeof error->code - 1);
  std::strncpy(error->message, e.message.c_str(), sizeof error->message - 1);
  error->code[sizeof error->code - 1] = error->message[sizeof error->message - 1] = 0;
}

// Runs `work`; a failure goes to `error`, and the run is made ready for the next call where the device still is.
template <class F>
int32_t attempt(Run& run, EverylineCudaError* error, F work) {
  try {
    if (run.ok()) work();
  } catch (const std::bad_alloc&) {
    run.wait();
    run.fail("no-memory", "There is not enough memory.");
  }
  if (run.ok()) return 0;
  put(error, run.error());
  run.recover();
  return -1;
}

EverylineCudaEngine* create(const char* folder, uint64_t vram, char* name, EverylineCudaError* error) {
  std::lock_guard lock(enginesMutex);
  try {
    int devices = 0, low = 0, high = 0;
    cudaDeviceProp properties;
    size_t free = 0, total = 0;
    cudaError_t e = cudaGetDeviceCount(&devices);
    if (e == cudaSuccess && devices == 0) e = cudaErrorNoDevice;
    if (e == cudaSuccess) e = cudaSetDevice(0);
    if (e == cudaSuccess) e = cudaGetDeviceProperties(&properties, 0);
    if (e == cudaSuccess) e = cudaMemGetInfo(&free, &total);
    if (e == cudaSuccess) e = cudaDeviceGetStreamPriorityRange(&low, &high);
    if (e != cudaSuccess) {
      put(error, {"gone", std::string("The GPU cannot be used: ") + cudaGetErrorString(e) + "."});
      return nullptr;
    }
    if (properties.major < 8) {
      put(error, {"gone", std::string("The GPU ") + properties.name + " is too old: compute capability 8.0 or newer is needed."});
      return nullptr;
    }
    auto engine = std::make_unique<EverylineCudaEngine>(low, high);
    engine->budget.limit = vram ? vram : free / 2;
    Run& run = engine->quick;
    if (engine->slow.ok() && prepareGemm(run) && prepareScan(run)) engine->model = Model::load(run, folder);
    if (!run.ok() || !engine->slow.ok()) {
      put(error, run.ok() ? engine->slow.error() : run.error());
      return nullptr;
    }
    engine->encoder = std::make_unique<Encoder>(engine->slow, *engine->model);
    engine->bench = std::make_unique<Bench>();
    engine->questions = std::make_unique<Context>(run, *engine->model, *engine->bench);
    std::strncpy(name, properties.name, 255);
    name[255] = 0;
    ++engines;
    return engine.release();
  } catch (const std::bad_alloc&) {
    put(error, {"no-memory", "There is not enough memory to start the GPU."});
    return nullptr;
  }
}

void destroy(EverylineCudaEngine* engine) {
  std::lock_guard lock(enginesMutex);
  delete engine;
  if (--engines == 0) cudaDeviceReset();
}

int32_t encode(EverylineCudaEngine* engine, const EverylineCudaInput* inputs, int32_t count, const EverylineCudaCall* call, EverylineCudaError* error) {
  std::lock_guard lock(engine->slowMutex);
  return attempt(engine->slow, error, [&] {
    engine->encoder->encode(inputs, count, [&] { return call->stopped(call->owner) != 0; }, [&](int64_t tokens) { call->encoded(call->owner, tokens); });
  });
}

Callbacks callbacksOf(const EverylineCudaCall* call) {
  return {[call] { return call->stopped(call->owner) != 0; }, [call](int32_t document) { call->wanted(call->owner, document); },
          [call](uint32_t chunk, uint8_t* to) { return call->read(call->owner, chunk, to) == 0; }};
}

int32_t search(EverylineCudaEngine* engine, const int32_t* ids, int32_t tokens, int32_t layers, const EverylineCudaMemory* memory, float* scores, const EverylineCudaCall* call,
               EverylineCudaError* error) {
  std::lock_guard lock(engine->quickMutex);
  Run& run = engine->quick;
  Bench& b = *engine->bench;
  return attempt(run, error, [&] {
    if (!engine->questions->queries(ids, tokens, layers, *memory, callbacksOf(call)) || memory->chunks == 0) return;
    if (!engine->scores.room(run, memory->chunks) || !engine->hostScores.room(run, memory->chunks)) return;
    // The mean over tokens, heads and layers of log-softmax is linear in the queries but for the log-sum-exp, a constant over chunks.
    run.check(cudaMemsetAsync(b.mean.get(), 0, 256 * sizeof(float), run.stream), "clearing memory");
    run.check(cudaMemsetAsync(b.constant.get(), 0, sizeof(double), run.stream), "clearing memory");
    for (int layer = 0; layer < layers; ++layer) {
      const float* temperature = engine->model->hsa[layer].temperature;
      addMean(run, b.r[layer].get(), tokens, temperature, 1.0f / (float)(tokens * layers * kGroups), b.mean.get());
      b.scan.logSumExp(run, b.mirror.landmarks(), b.mirror.all(), b.r[layer].get(), tokens, temperature, (double)tokens * layers * kGroups, b.constant.get());
    }
    scoreMean(run, b.mirror.landmarks(), b.mirror.all().rows, (int)memory->chunks, b.mean.get(), b.constant.get(), engine->scores.get());
    run.toHost(engine->hostScores.get(), engine->scores.get(), memory->chunks * sizeof(float));
    if (run.wait()) std::memcpy(scores, engine->hostScores.get(), memory->chunks * sizeof(float));
  });
}

EverylineCudaContext* context(EverylineCudaEngine* engine, EverylineCudaError* error) {
  std::lock_guard lock(engine->quickMutex);
  try {
    return new EverylineCudaContext{engine, Context(engine->quick, *engine->model, *engine->bench)};
  } catch (const std::bad_alloc&) {
    put(error, {"no-memory", "There is not enough memory for this context."});
    return nullptr;
  }
}

void release(EverylineCudaContext* context) {
  std::lock_guard lock(context->engine->quickMutex);
  delete context;
}

int32_t advance(EverylineCudaContext* context, const int32_t* ids, int32_t tokens, const EverylineCudaMemory* memory, EverylineCudaStep* step, const EverylineCudaCall* call,
                EverylineCudaError* error) {
  std::lock_guard lock(context->engine->quickMutex);
  return attempt(context->engine->quick, error, [&] { context->context.advance(ids, tokens, *memory, *step, callbacksOf(call)); });
}

uint64_t used(EverylineCudaEngine* engine) { return engine->budget.used; }

constexpr EverylineCudaTable kTable{kEverylineCudaAbi, create, destroy, encode, search, context, release, advance, used};

}  // namespace

extern "C" __attribute__((visibility("default"))) const EverylineCudaTable* everylineCuda(void) { return &kTable; }
