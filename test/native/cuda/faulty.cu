// The GPU library with a fault, for tests: it hands all calls to the real one (EVERYLINE_REAL, a file), and in the middle of the call that
// EVERYLINE_FAULT names ("CALL KIND") makes the device fail: "trap" (a kernel's assertion), "address" (a kernel writes where it may not; what
// a lost GPU looks like from here: every later operation fails) or "memory" (somebody else takes all that is free).
#include <cuda_runtime.h>
#include <dlfcn.h>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "cuda/api.h"

namespace {

const EverylineCudaTable* real = nullptr;
std::string callName, kind;
bool pending = false;

__global__ void trapKernel() { __trap(); }
__global__ void addressKernel(int* nowhere) { *nowhere = 1; }

void fault() {
  if (!pending) return;
  pending = false;
  std::printf("(fault: %s)\n", kind.c_str());
  if (kind == "trap") trapKernel<<<1, 1>>>();
  if (kind == "address") addressKernel<<<1, 1>>>((int*)8);
  if (kind == "memory")
    for (size_t bytes = 64ull << 30; bytes >= (1u << 20);) {
      void* taken;  // kept: it is not free again
      if (cudaMalloc(&taken, bytes) != cudaSuccess) bytes /= 2;
    }
  if (kind != "memory") cudaDeviceSynchronize();
  cudaGetLastError();
}

// The caller's own talk, with the fault when it has been asked `left` times.
struct Talk {
  const EverylineCudaCall* call;
  int left;

  EverylineCudaCall with() {
    return {this,
            [](void* o) {
              Talk& t = *(Talk*)o;
              if (--t.left == 0) fault();
              return t.call->stopped(t.call->owner);
            },
            [](void* o, int64_t n) { ((Talk*)o)->call->encoded(((Talk*)o)->call->owner, n); },
            [](void* o, int32_t d) { ((Talk*)o)->call->wanted(((Talk*)o)->call->owner, d); },
            [](void* o, uint32_t chunk, uint8_t* to) { return ((Talk*)o)->call->read(((Talk*)o)->call->owner, chunk, to); }};
  }
};

// Memory is taken before the call, which then asks for more; a kernel fails in the middle.
template <class F>
int32_t during(const char* name, int after, const EverylineCudaCall* call, F forward) {
  const bool mine = callName == name;
  if (mine && kind == "memory") fault();
  Talk talk{call, mine ? after : -1};
  const EverylineCudaCall with = talk.with();
  return forward(&with);
}

EverylineCudaEngine* create(const char* model, uint64_t vram, char* name, EverylineCudaError* error) {
  if (callName == "create") fault();
  return real->create(model, vram, name, error);
}

int32_t encode(EverylineCudaEngine* engine, const EverylineCudaInput* inputs, int32_t count, const EverylineCudaCall* call, EverylineCudaError* error) {
  return during("encode", 3, call, [&](const EverylineCudaCall* with) { return real->encode(engine, inputs, count, with, error); });
}

int32_t search(EverylineCudaEngine* engine, const int32_t* ids, int32_t tokens, int32_t layers, const EverylineCudaMemory* memory, float* scores, const EverylineCudaCall* call,
               EverylineCudaError* error) {
  return during("search", 1, call, [&](const EverylineCudaCall* with) { return real->search(engine, ids, tokens, layers, memory, scores, with, error); });
}

int32_t advance(EverylineCudaContext* context, const int32_t* ids, int32_t tokens, const EverylineCudaMemory* memory, EverylineCudaStep* step, const EverylineCudaCall* call,
                EverylineCudaError* error) {
  return during("advance", 3, call, [&](const EverylineCudaCall* with) { return real->advance(context, ids, tokens, memory, step, with, error); });
}

EverylineCudaTable table;

}  // namespace

extern "C" __attribute__((visibility("default"))) const EverylineCudaTable* everylineCuda(void) {
  const char* file = std::getenv("EVERYLINE_REAL");
  void* library = file ? dlopen(file, RTLD_NOW | RTLD_LOCAL) : nullptr;
  const auto symbol = library ? (const EverylineCudaTable* (*)())dlsym(library, "everylineCuda") : nullptr;
  if (!symbol) return nullptr;
  real = symbol();
  const std::string asked = std::getenv("EVERYLINE_FAULT") ? std::getenv("EVERYLINE_FAULT") : "";
  callName = asked.substr(0, asked.find(' '));
  kind = asked.substr(asked.find(' ') + 1);
  pending = true;
  table = *real;
  table.create = create;
  table.encode = encode;
  table.search = search;
  table.advance = advance;
  return &table;
}
