// Stands for everyline-cuda.so where there is no GPU: it starts, begins a call and loses the device in the middle of it; how, says FAKE_GPU:
// "gone" (the device), "no-memory" (of it), "start" (it does not start at all) or "works" (decoding reads all chunks and gives zeros).
// Its name tells the limit on memory that it was given; under 100 MB it does not start, as the real one.
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <string>

#include "cuda/api.h"

struct EverylineCudaEngine {};
struct EverylineCudaContext {};

namespace {

std::string asked() { return std::getenv("FAKE_GPU") ? std::getenv("FAKE_GPU") : ""; }

int32_t fails(const EverylineCudaCall* call, EverylineCudaError* error) {
  if (call->stopped(call->owner)) return std::strcpy(error->code, "cancelled"), -1;
  std::strcpy(error->code, asked().c_str());
  std::strcpy(error->message, "The fake GPU failed.");
  return -1;
}

EverylineCudaEngine* create(const char*, uint64_t vram, char* name, EverylineCudaError* error) {
  if (asked() == "start") return std::strcpy(error->code, "no-memory"), std::strcpy(error->message, "The fake GPU has no memory."), nullptr;
  if (vram > 0 && vram < 100'000'000)
    return std::strcpy(error->code, "no-memory"), std::strcpy(error->message, "The memory allowed on the fake GPU is not enough."), nullptr;
  std::snprintf(name, 256, vram ? "Fake GPU, %llu bytes at most" : "Fake GPU, no limit given", (unsigned long long)vram);
  return new EverylineCudaEngine;
}
void destroy(EverylineCudaEngine* engine) { delete engine; }
int32_t encode(EverylineCudaEngine*, const EverylineCudaInput*, int32_t, const EverylineCudaCall* call, EverylineCudaError* error) {
  call->encoded(call->owner, 64);  // a part is done already
  return fails(call, error);
}
int32_t search(EverylineCudaEngine*, const int32_t*, int32_t, int32_t, const EverylineCudaMemory*, float*, const EverylineCudaCall* call, EverylineCudaError* error) {
  return fails(call, error);
}
EverylineCudaContext* context(EverylineCudaEngine*, EverylineCudaError*) { return new EverylineCudaContext; }
void release(EverylineCudaContext* context) { delete context; }
int32_t advance(EverylineCudaContext*, const int32_t*, int32_t tokens, const EverylineCudaMemory* memory, EverylineCudaStep* step, const EverylineCudaCall* call,
                EverylineCudaError* error) {
  if (asked() != "works") return fails(call, error);
  for (uint32_t i = 0; i < memory->documentCount; ++i) {
    const EverylineCudaDocument& d = memory->documents[i];
    for (int c = 0; c < d.chunks && d.kv; ++c) {
      uint8_t read[64 * 264];
      if (call->read(call->owner, (uint32_t)(d.first + c), read) != 0 || std::memcmp(read, d.kv + c * sizeof read, sizeof read) != 0)
        return std::strcpy(error->code, "io"), std::strcpy(error->message, "The fake GPU read something else."), -1;
    }
  }
  step->computed = tokens;
  return 0;
}
uint64_t used(EverylineCudaEngine*) { return 4096; }

constexpr EverylineCudaTable table{kEverylineCudaAbi, create, destroy, encode, search, context, release, advance, used};

}  // namespace

extern "C" __attribute__((visibility("default"))) const EverylineCudaTable* everylineCuda(void) { return &table; }
