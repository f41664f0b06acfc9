// Makes segments: from passages, and from other segments.
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "segment.h"

namespace everyline::words {

struct Passage {
  int32_t id;
  std::string path, symbols, body;
};

// A set of passage numbers of one segment that are no longer there; empty when all are.
using Dead = std::vector<bool>;

// Where an id comes twice the last passage counts.
std::shared_ptr<const Segment> buildSegment(const std::vector<Passage>& passages);

struct Living {
  std::shared_ptr<const Segment> segment;
  std::shared_ptr<const Dead> dead;  // null: none
};

// One segment of all passages alive in these. No id may be alive in two of them.
std::shared_ptr<const Segment> mergeSegments(const std::vector<Living>& inputs);

}  // namespace everyline::words
