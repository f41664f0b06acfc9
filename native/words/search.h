// BM25F over the living passages of segments: exhaustive, exact, best k.
//
//   score(p)  = Σ over query terms t: weight(t) · idf(t) · tf·(K1 + 1) / (tf + K1)
//   tf        = Σ over fields f: weight_f · count_f(t, p) / (1 − B_f + B_f · length_f(p) / average length of f)
//   idf(t)    = ln(1 + (N − n + 0.5) / (n + 0.5)),  N living passages, n of them with t
//
// A word's terms: the whole and its parts. Parts of an identifier weigh PART_OF_FOUND where the whole exists somewhere in the index, else 1.
// coverage(p) = Σ mass(w) · found(w, p) / Σ mass(w) over the query's words. mass is the largest idf among the parts (or the whole's, without parts); found is 1 where
// the whole occurs in p, else the share of the parts' idf that occurs.
#pragma once
#include <cstdint>
#include <string_view>
#include <vector>

#include "build.h"

namespace everyline::words {

inline constexpr float K1 = 1.2f;
inline constexpr float B_PATH = 0.4f, B_SYMBOLS = 0.4f, B_BODY = 0.75f;
inline constexpr float PART_OF_FOUND = 0.5f;

struct FieldWeights {
  float path, symbols, body;
};

struct Hits {
  std::vector<int32_t> ids;  // best first; among equals the smaller id
  std::vector<float> scores;
  std::vector<float> coverage;
};

// A segment with what is left of it.
struct Part {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Dead> dead;  // null: none
  uint32_t living = 0;
  uint64_t lengths[3] = {};  // sums over living passages: path, symbols, body
};
using Snapshot = std::vector<Part>;

Hits search(const Snapshot& snapshot, std::string_view query, size_t k, const FieldWeights& weights);

// Living passages with the word: with the whole of an identifier, with the stem of a plain word.
uint32_t documentFrequency(const Snapshot& snapshot, std::string_view word);

}  // namespace everyline::words
