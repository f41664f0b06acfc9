// The model's weights on the device, and one layer over some rows.
#pragma once
#include <memory>
#include <string>

#include "attention.h"
#include "device.h"
#include "gemm.h"
#include "sizes.h"

namespace everyline {
class Safetensors;
}

namespace everyline::cuda {

struct Mlp {
  Matrix up, down;
};

struct Layer {
  Buffer<float> norm1, norm2;
  Matrix qkv, out;
  Mlp mlp;
};

struct HsaLayer {
  Buffer<float> norm1, norm2;
  Matrix query, retrieval, out;
  Mlp mlp;
  float null[kGroups], temperature[kGroups];
};

struct Model {
  Matrix embedding;
  Buffer<float> cls, encoderNorm, finalNorm;
  Layer lower[kLower], encoder, upper[kUpperGroups][kUpperLayers];
  Matrix landmark, keyValue;  // keys' rows, then values'
  HsaLayer hsa[kUpperGroups];

  // Reads `folder`/model.safetensors. Null when `run` failed.
  static std::unique_ptr<Model> load(Run& run, const std::string& folder);
};

// Room for the rows of one call.
struct Rows {
  Buffer<float> x, wide, second;
  Buffer<__half> h, q, inner;
  bool room(Run& run, size_t rows);
};

// x of m rows through one window layer: `kv` are rows of 256 halves for all rows that the tiles see; the new rows' go to kvOut.
void windowLayer(Run& run, const Layer& layer, Rows& rows, int m, const int32_t* positions, const float* rope, const Tile* tiles, int tileCount, const __half* kv,
                 __half* kvOut);
// x += mlp(norm(from)).
void feed(Run& run, const Mlp& mlp, const float* gain, Rows& rows, const float* from, int m);

// Chunks of 64 rows in rows.x, then one row a chunk for its landmark: the chunk encoder, results stored at landmarks and kv. x is
// overwritten. positions and tiles: see encoderTiles. keep: room for kv of all rows.
void encodeChunks(Run& run, const Model& model, Rows& rows, int chunks, const int32_t* positions, const float* rope, const Tile* tiles, __half* keep, float* marks,
                  uint8_t* landmarks, uint8_t* kv);
// On the host: 2 tiles and 65 positions a chunk.
void encoderTiles(int chunks, Tile* tiles, int32_t* positions);

}  // namespace everyline::cuda
