// What everyline-cuda.so offers, in C: one symbol gives a table of functions. The addon opens the library at run time
// (backend/cuda.cpp) and never links CUDA. Nothing throws across; every call returns 0 or -1 with an error filled in.
#pragma once
#include <cstddef>
#include <cstdint>

extern "C" {

constexpr int32_t kEverylineCudaAbi = 3;

struct EverylineCudaError {
  char code[16];  // those of native/addon.ts; "gone": the device cannot be used any more
  char message[496];
};

struct EverylineCudaDocument {
  int32_t document, first, chunks, tokens;  // first: number of its first chunk in the snapshot
  int64_t row;                              // of its first landmark in the landmark file
  const uint8_t* kv;                        // tells where its keys and values are now; null where evicted
};

// A snapshot of the memory and what one call sees of it. Equal numbers promise equal content.
struct EverylineCudaMemory {
  uint64_t snapshot, view;
  const uint8_t* landmarks;  // the mapped landmark file
  const EverylineCudaDocument* documents;
  const uint32_t* rows;  // a chunk's row in the landmark file
  const uint32_t *attendable, *evicted;
  uint32_t documentCount, chunks, attendableCount, evictedCount;
};

// How a call talks back while it runs.
struct EverylineCudaCall {
  void* owner;
  int32_t (*stopped)(void* owner);
  void (*encoded)(void* owner, int64_t tokens);
  void (*wanted)(void* owner, int32_t document);
  // Reads the keys and values of a chunk of the snapshot to `to`; 0, or -1 where they cannot be read.
  int32_t (*read)(void* owner, uint32_t chunk, uint8_t* to);
};

struct EverylineCudaInput {
  const int32_t* ids;
  int32_t tokens, firstChunk;
  uint8_t *landmarks, *kv;  // room for the chunks from firstChunk on
};

// The states of the last `states` tokens, in their order. chosen and weights: a state's are [layer][head][16], numbered as in addon.ts (-1:
// none, -2 - c: own chunk c).
struct EverylineCudaStep {
  float* logits;
  int32_t* chosen;
  float* weights;
  int32_t states;  // at least 1, at most kEverylineCudaStates and the tokens that there are
  int32_t computed;
};

constexpr int32_t kEverylineCudaStates = 16;

struct EverylineCudaEngine;
struct EverylineCudaContext;

struct EverylineCudaTable {
  int32_t abi;
  // model: folder. vram: bytes at most, 0 = half of what is free. name: room for 256 bytes.
  EverylineCudaEngine* (*create)(const char* model, uint64_t vram, char* name, EverylineCudaError* error);
  void (*destroy)(EverylineCudaEngine*);
  int32_t (*encode)(EverylineCudaEngine*, const EverylineCudaInput*, int32_t count, const EverylineCudaCall*, EverylineCudaError*);
  // scores: one a chunk of the snapshot.
  int32_t (*search)(EverylineCudaEngine*, const int32_t* ids, int32_t tokens, int32_t layers, const EverylineCudaMemory*, float* scores, const EverylineCudaCall*,
                    EverylineCudaError*);
  EverylineCudaContext* (*context)(EverylineCudaEngine*, EverylineCudaError*);
  void (*release)(EverylineCudaContext*);
  // Makes ids the context, reusing the common prefix.
  int32_t (*advance)(EverylineCudaContext*, const int32_t* ids, int32_t tokens, const EverylineCudaMemory*, EverylineCudaStep*, const EverylineCudaCall*,
                     EverylineCudaError*);
  uint64_t (*used)(EverylineCudaEngine*);  // bytes of VRAM held
};

const EverylineCudaTable* everylineCuda(void);
}
