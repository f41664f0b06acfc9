// Splits text into the pieces that BPE works on: the regular expression of model/tokenizer.json, matched by hand.
#pragma once
#include <cstddef>
#include <cstdint>

namespace everyline::text {

// The expression that nextPiece implements; a tokenizer.json with another one is refused.
inline constexpr const char* PIECE_EXPRESSION =
    R"(\n[ \t]*|[^\r\n\p{L}\p{N}]?\p{Lu}?\p{Ll}+|\p{Lu}+|\p{N}{1,2}| ?[^\s\p{L}\p{N}]+|[ \t]+(?=\S)|\s+)";

// Byte offset of the end of the piece that begins at text[at], at < size. Pieces cover the text without gaps.
size_t nextPiece(const uint8_t* text, size_t at, size_t size);

}  // namespace everyline::text
