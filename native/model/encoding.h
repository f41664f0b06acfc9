// How an encoding is stored: a landmark and a chunk's keys and values, int8 with scales; or plain floats for the exact path.
//
// Stored landmark (264 bytes): 2 heads x 128 int8, then 2 float32 scales.
// Stored K/V of a chunk (16,896 bytes), a head after the other, 8,448 bytes each, so that one head's attention reads one run:
//   keys    [16 groups of 4 dims][64 tokens][4 dims] int8     4,096 bytes
//   values  [16 groups of 4 tokens][64 dims][4 tokens] int8   4,096
//   scales  of 64 keys, then of 64 values, half precision       256
// Groups of four fit a byte dot product (vpdpbusd, sdot, mma) and unpack to floats with shifts.
// Float form: landmark 256 float32; chunk, a head: keys [64 dims][64 tokens], values [64 tokens][64 dims] float32.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline {

enum class Precision { stored, exact };

constexpr size_t landmarkBytes(Precision p) { return p == Precision::stored ? 264 : 1024; }
constexpr size_t kvBytes(Precision p) { return p == Precision::stored ? 64 * 264 : 2 * 2 * 64 * 64 * 4; }
constexpr size_t kStoredHead = 8448;

// landmark: 2 x 128 floats.
void storeLandmark(Precision precision, const float* landmark, uint8_t* out);
// k, v: 64 tokens x 2 heads x 64 floats, `stride` floats from token to token.
void storeChunk(Precision precision, const float* k, const float* v, size_t stride, uint8_t* out);

}  // namespace everyline
