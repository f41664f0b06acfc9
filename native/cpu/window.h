// Window attention of an encode: in words where encodings are stored, in floats on the exact path.
#pragma once
#include <vector>

#include "cpu/kernels.h"
#include "model/encoding.h"

namespace everyline {

class Window {
 public:
  // Keys and values of up to 64 tokens, and which of them token r of the chunk sees.
  struct Block {
    const uint8_t* data;
    Sees sees;
    int keys;
  };

  Window(const Kernels& kernels, Precision precision) : kernels_(kernels), precision_(precision) {}
  // Bytes of a block's data.
  size_t blockBytes() const;
  // n tokens of qkv[n][kQkv], with cos and sin in rope[n][64]: queries are readied in place, keys and values are the first n of the block.
  void split(float* qkv, const float* rope, int n, uint8_t* block) const;
  // out[n][kWidth] = what the n tokens of qkv, readied, take from the blocks. n is at most 65.
  void attend(const float* qkv, int n, const std::vector<Block>& blocks, float* out) const;

 private:
  const Kernels& kernels_;
  const Precision precision_;
};

}  // namespace everyline
