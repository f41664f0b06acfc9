// Speed: the passages of a segment are walked in blocks whose accumulators stay in the first-level cache. Most postings are "once in the body", which costs
// a varint and one look-up by the body's length. Measured by test/bench/native/words.mjs.
#include "search.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <cstring>

#include "analysis.h"
#include "lengths.h"
#include "postings.h"
#include "query.h"

namespace everyline::words {

namespace {

constexpr uint32_t BLOCK = 2048;
constexpr size_t MOST_TERMS = 64;  // a bit each in a passage's mask

struct Term {
  std::string text;
  std::vector<uint32_t> numbers;  // in each part of the snapshot, or NONE
  uint32_t frequency = 0;
  float idf = 0;
  float weight = 0;  // of the score
};

// A query word as bits of the mask.
struct WordBits {
  uint64_t whole = 0;
  std::vector<size_t> parts;  // terms
  float mass = 0;
};

uint32_t countLiving(const Part& part, uint32_t term) {
  if (!part.dead) return part.segment->count(term);
  uint32_t count = 0;
  PostingReader reader(part.segment->postings(term), part.segment->passages());
  while (reader.next()) count += !(*part.dead)[reader.passage];
  return count;
}

Term lookUp(const Snapshot& snapshot, std::string text) {
  Term term{std::move(text), {}, 0, 0, 0};
  for (const Part& part : snapshot) {
    const uint32_t number = part.segment->find(term.text);
    term.numbers.push_back(number);
    if (number != Segment::NONE) term.frequency += countLiving(part, number);
  }
  return term;
}

float idfOf(double passages, double frequency) { return static_cast<float>(std::log(1 + (passages - frequency + 0.5) / (frequency + 0.5))); }

struct Plan {
  std::vector<Term> terms;
  std::vector<WordBits> words;
  float mass = 0;
};

class Planner {
 public:
  Planner(const Snapshot& snapshot, double passages) : snapshot_(snapshot), passages_(passages) {}

  void word(const QueryWord& word) {
    if (plan.terms.size() + word.parts.size() + 1 > MOST_TERMS) return;
    WordBits bits;
    float wholeIdf = 0;
    bool wholeFound = false;
    if (!word.whole.empty()) {
      Term whole = lookUp(snapshot_, word.whole);
      wholeIdf = idfOf(passages_, whole.frequency);
      wholeFound = whole.frequency > 0;
      // The unstemmed form of a plain word counts only where something is called so.
      if (wholeFound) bits.whole = 1ull << add(std::move(whole), 1);
    }
    const float weight = wholeFound && !word.plain ? PART_OF_FOUND : 1;
    for (const std::string& part : word.parts) {
      bits.parts.push_back(add(lookUp(snapshot_, part), weight));
      bits.mass = std::max(bits.mass, plan.terms[bits.parts.back()].idf);
    }
    if (word.parts.empty()) bits.mass = wholeIdf;
    plan.mass += bits.mass;
    plan.words.push_back(std::move(bits));
  }

  Plan plan;

 private:
  // A term of two words weighs as its heavier one.
  size_t add(Term term, float weight) {
    for (size_t i = 0; i < plan.terms.size(); i++) {
      if (plan.terms[i].text != term.text) continue;
      plan.terms[i].weight = std::max(plan.terms[i].weight, weight);
      return i;
    }
    term.idf = idfOf(passages_, term.frequency);
    term.weight = weight;
    plan.terms.push_back(std::move(term));
    return plan.terms.size() - 1;
  }

  const Snapshot& snapshot_;
  double passages_;
};

float coverageOf(const Plan& plan, uint64_t mask) {
  float covered = 0;
  for (const WordBits& word : plan.words) {
    if (mask & word.whole) {
      covered += word.mass;
      continue;
    }
    float found = 0, all = 0;
    for (const size_t term : word.parts) {
      all += plan.terms[term].idf;
      if (mask >> term & 1) found += plan.terms[term].idf;
    }
    if (all > 0) covered += word.mass * found / all;
  }
  return plan.mass > 0 ? covered / plan.mass : 0;
}

struct Hit {
  float score;
  int32_t id;
  uint64_t mask;
  bool operator>(const Hit& other) const { return score != other.score ? score > other.score : id < other.id; }
};

// The best k so far, the worst of them first.
class Best {
 public:
  explicit Best(size_t k) : k_(k) {}
  float threshold() const { return hits_.size() < k_ ? 0 : hits_.front().score; }
  void offer(const Hit& hit) {
    if (hits_.size() == k_) {
      if (!(hit > hits_.front())) return;
      std::pop_heap(hits_.begin(), hits_.end(), std::greater<>());
      hits_.pop_back();
    }
    hits_.push_back(hit);
    std::push_heap(hits_.begin(), hits_.end(), std::greater<>());
  }
  std::vector<Hit> sorted() {
    std::sort(hits_.begin(), hits_.end(), std::greater<>());
    return std::move(hits_);
  }

 private:
  size_t k_;
  std::vector<Hit> hits_;
};

// weight / (1 − b + b · length / average) for every length code; once: the saturated share of one occurrence in the body.
struct Norms {
  std::array<float, 256> path, symbols, body, once;
};

inline float saturated(float tf) { return tf / (tf + K1); }

void fillNorms(std::array<float, 256>& norms, float weight, float b, double average) {
  for (size_t code = 0; code < norms.size(); code++) {
    const double relative = average > 0 ? decodeLength(static_cast<uint8_t>(code)) / average : 1;
    norms[code] = static_cast<float>(weight / (1 - b + b * relative));
  }
}

struct Cursor {
  PostingReader reader;
  float factor;  // weight · idf · (K1 + 1)
  uint64_t bit;
};

using Scores = std::array<float, BLOCK>;
using Masks = std::array<uint64_t, BLOCK>;

// Offers a block's passages to the best; most groups are dismissed by their largest score.
void collect(const Part& part, uint32_t start, const Scores& scores, const Masks& masks, Best& best) {
  constexpr uint32_t GROUP = 16;
  float threshold = best.threshold();
  for (uint32_t group = 0; group < BLOCK; group += GROUP) {
    float largest = 0;
    for (uint32_t i = group; i < group + GROUP; i++) largest = std::max(largest, scores[i]);
    if (largest <= 0 || largest < threshold) continue;
    for (uint32_t i = group; i < group + GROUP; i++) {
      if (scores[i] <= 0 || scores[i] < threshold || (part.dead && (*part.dead)[start + i])) continue;
      best.offer({scores[i], part.segment->id(start + i), masks[i]});
      threshold = best.threshold();
    }
  }
}

void searchPart(const Part& part, size_t partNumber, const Plan& plan, const Norms& norms, Best& best) {
  const Segment& segment = *part.segment;
  std::vector<Cursor> cursors;
  for (size_t i = 0; i < plan.terms.size(); i++) {
    const Term& term = plan.terms[i];
    if (term.numbers[partNumber] == Segment::NONE) continue;
    Cursor cursor{PostingReader(segment.postings(term.numbers[partNumber]), segment.passages()), term.weight * term.idf * (K1 + 1), 1ull << i};
    if (cursor.reader.next()) cursors.push_back(cursor);
  }
  Scores scores{};
  Masks masks{};
  const uint32_t* lengths = segment.lengths();
  while (!cursors.empty()) {
    uint32_t first = Segment::NONE;
    for (const Cursor& cursor : cursors) first = std::min(first, cursor.reader.passage);
    const uint32_t start = first / BLOCK * BLOCK;
    const uint32_t end = std::min(segment.passages(), start + BLOCK);
    for (size_t i = 0; i < cursors.size();) {
      Cursor& cursor = cursors[i];
      PostingReader& reader = cursor.reader;
      bool more = true;
      while (more && reader.passage < end) {
        const uint32_t passage = reader.passage, length = lengths[passage], counts = reader.counts;
        float share;
        if (counts == ONCE_IN_BODY) {
          share = norms.once[length >> 16 & 255];
        } else {
          share = saturated(static_cast<float>(counts >> 4) * norms.body[length >> 16 & 255] +
                            static_cast<float>(counts & 3) * norms.path[length & 255] +
                            static_cast<float>(counts >> 2 & 3) * norms.symbols[length >> 8 & 255]);
        }
        scores[passage - start] += cursor.factor * share;
        masks[passage - start] |= cursor.bit;
        more = reader.next();
      }
      if (more) i++;
      else cursors.erase(cursors.begin() + static_cast<ptrdiff_t>(i));
    }
    collect(part, start, scores, masks, best);
    scores.fill(0);
    masks.fill(0);
  }
}

}  // namespace

Hits search(const Snapshot& snapshot, std::string_view query, size_t k, const FieldWeights& weights) {
  uint64_t passages = 0, lengths[3] = {};
  for (const Part& part : snapshot) {
    passages += part.living;
    for (int field = 0; field < 3; field++) lengths[field] += part.lengths[field];
  }
  if (k == 0 || passages == 0) return {};

  Planner planner(snapshot, static_cast<double>(passages));
  for (const QueryWord& word : readQuery(query)) planner.word(word);
  const Plan& plan = planner.plan;

  const double count = static_cast<double>(passages);
  auto norms = std::make_unique<Norms>();
  fillNorms(norms->path, weights.path, B_PATH, static_cast<double>(lengths[0]) / count);
  fillNorms(norms->symbols, weights.symbols, B_SYMBOLS, static_cast<double>(lengths[1]) / count);
  fillNorms(norms->body, weights.body, B_BODY, static_cast<double>(lengths[2]) / count);

  for (size_t code = 0; code < norms->once.size(); code++) norms->once[code] = saturated(norms->body[code]);

  Best best(k);
  for (size_t i = 0; i < snapshot.size(); i++) searchPart(snapshot[i], i, plan, *norms, best);
  Hits out;
  for (const Hit& hit : best.sorted()) {
    out.ids.push_back(hit.id);
    out.scores.push_back(hit.score);
    out.coverage.push_back(coverageOf(plan, hit.mask));
  }
  return out;
}

uint32_t documentFrequency(const Snapshot& snapshot, std::string_view word) {
  WordScanner scanner(word);
  std::string_view spelled;
  if (!scanner.next(spelled)) return 0;
  Word analysed = analyse(spelled);
  const bool whole = !analysed.plain && !analysed.whole.empty();
  if (!whole && analysed.parts.empty()) return 0;
  return lookUp(snapshot, whole ? analysed.whole : analysed.parts[0]).frequency;
}

}  // namespace everyline::words
