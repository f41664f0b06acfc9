// A field's length in terms, in one byte: exact below 64, then sixteen steps a doubling, rounded down.
#pragma once
#include <bit>
#include <cstdint>

namespace everyline::words {

inline uint8_t encodeLength(uint32_t length) {
  if (length < 64) return static_cast<uint8_t>(length);
  const uint32_t doublings = static_cast<uint32_t>(std::bit_width(length)) - 7;
  if (doublings > 11) return 255;
  return static_cast<uint8_t>(64 + 16 * doublings + ((length >> (doublings + 2)) & 15));
}

inline uint32_t decodeLength(uint8_t code) {
  if (code < 64) return code;
  return (16u + ((code - 64u) & 15u)) << ((code - 64u) / 16 + 2);
}

inline uint32_t packLengths(uint32_t path, uint32_t symbols, uint32_t body) {
  return encodeLength(path) | static_cast<uint32_t>(encodeLength(symbols)) << 8 | static_cast<uint32_t>(encodeLength(body)) << 16;
}

}  // namespace everyline::words
