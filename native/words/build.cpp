#include "build.h"

#include <algorithm>
#include <cstring>
#include <numeric>
#include <unordered_map>

#include "analysis.h"
#include "lengths.h"
#include "postings.h"

namespace everyline::words {

namespace {

// Numbers strings from 0 on; their bytes stay where they are.
class Names {
 public:
  uint32_t number(std::string_view name) {
    if (count_ * 2 >= slots_.size()) grow();
    const uint64_t hash = std::hash<std::string_view>{}(name);
    size_t at = hash & (slots_.size() - 1);
    for (; slots_[at].number != EMPTY; at = (at + 1) & (slots_.size() - 1))
      if (slots_[at].hash == hash && names_[slots_[at].number] == name) return slots_[at].number;
    slots_[at] = {hash, count_};
    names_.push_back(keep(name));
    return count_++;
  }
  uint32_t count() const { return count_; }
  std::string_view name(uint32_t number) const { return names_[number]; }

 private:
  static constexpr uint32_t EMPTY = 0xffffffff;
  static constexpr size_t BLOCK = 1 << 16;
  struct Slot {
    uint64_t hash = 0;
    uint32_t number = EMPTY;
  };

  void grow() {
    std::vector<Slot> old = std::move(slots_);
    slots_.assign(std::max<size_t>(1024, old.size() * 2), {});
    for (const Slot& slot : old) {
      if (slot.number == EMPTY) continue;
      size_t at = slot.hash & (slots_.size() - 1);
      while (slots_[at].number != EMPTY) at = (at + 1) & (slots_.size() - 1);
      slots_[at] = slot;
    }
  }

  std::string_view keep(std::string_view name) {
    if (blocks_.empty() || used_ + name.size() > room_) {
      room_ = std::max(BLOCK, name.size());
      blocks_.push_back(std::make_unique<char[]>(room_));
      used_ = 0;
    }
    char* at = blocks_.back().get() + used_;
    std::memcpy(at, name.data(), name.size());
    used_ += name.size();
    return {at, name.size()};
  }

  std::vector<Slot> slots_;
  std::vector<std::string_view> names_;
  std::vector<std::unique_ptr<char[]>> blocks_;
  size_t used_ = 0, room_ = 0;
  uint32_t count_ = 0;
};

struct Counted {
  uint32_t term;
  uint32_t passage;
  uint8_t counts;
};

// Counts the terms of passages. A word is analysed once, however often it comes: most of a repository is the same few thousand words.
class Counter {
 public:
  void passage(const Passage& passage) {
    uint32_t lengths[3] = {count(passage.path, 0), count(passage.symbols, 1), count(passage.body, 2)};
    for (const uint32_t term : touched_) {
      const uint32_t* fields = &fields_[3 * term];
      counted.push_back({term, static_cast<uint32_t>(parts.ids.size()), packCounts(fields[0], fields[1], fields[2])});
      std::fill_n(&fields_[3 * term], 3, 0);
    }
    touched_.clear();
    parts.ids.push_back(passage.id);
    parts.lengths.push_back(packLengths(lengths[0], lengths[1], lengths[2]));
  }

  SegmentParts parts;
  std::vector<Counted> counted;
  Names terms;

 private:
  // Terms of a field, counted; returns how many.
  uint32_t count(std::string_view text, int field) {
    uint32_t length = 0;
    WordScanner scanner(text);
    for (std::string_view spelled; scanner.next(spelled);) {
      const uint32_t word = words_.number(spelled);
      if (word == wordStarts_.size() - 1) learn(spelled);
      for (uint32_t i = wordStarts_[word]; i < wordStarts_[word + 1]; i++) {
        uint32_t* fields = &fields_[3 * wordTerms_[i]];
        if (fields[0] + fields[1] + fields[2] == 0) touched_.push_back(wordTerms_[i]);
        fields[field]++;
        length++;
      }
    }
    return length;
  }

  void learn(std::string_view spelled) {
    analyse(spelled).terms([&](const std::string& term) { wordTerms_.push_back(terms.number(term)); });
    wordStarts_.push_back(static_cast<uint32_t>(wordTerms_.size()));
    fields_.resize(3 * terms.count());
  }

  Names words_;
  std::vector<uint32_t> wordStarts_{0};  // terms of word w: wordTerms_[wordStarts_[w], wordStarts_[w + 1])
  std::vector<uint32_t> wordTerms_;
  std::vector<uint32_t> fields_;  // path, symbols, body of each term in this passage
  std::vector<uint32_t> touched_;
};

void putTerm(SegmentParts& parts, std::string_view term, uint32_t count) {
  parts.termText.insert(parts.termText.end(), term.begin(), term.end());
  parts.termStarts.push_back(static_cast<uint32_t>(parts.termText.size()));
  parts.postStarts.push_back(parts.postingText.size());
  parts.counts.push_back(count);
  parts.postings += count;
}

}  // namespace

std::shared_ptr<const Segment> buildSegment(const std::vector<Passage>& passages) {
  std::unordered_map<int32_t, size_t> last;
  for (size_t i = 0; i < passages.size(); i++) last[passages[i].id] = i;
  Counter counter;
  for (size_t i = 0; i < passages.size(); i++)
    if (last[passages[i].id] == i) counter.passage(passages[i]);

  // Postings by term: a counting sort keeps passages in order.
  const uint32_t terms = counter.terms.count();
  std::vector<uint32_t> starts(terms + 1), order(counter.counted.size());
  for (const Counted& c : counter.counted) starts[c.term + 1]++;
  std::partial_sum(starts.begin(), starts.end(), starts.begin());
  std::vector<uint32_t> next(starts.begin(), starts.end() - 1);
  for (uint32_t i = 0; i < counter.counted.size(); i++) order[next[counter.counted[i].term]++] = i;

  std::vector<uint32_t> sorted(terms);
  std::iota(sorted.begin(), sorted.end(), 0);
  std::sort(sorted.begin(), sorted.end(), [&](uint32_t a, uint32_t b) { return counter.terms.name(a) < counter.terms.name(b); });
  SegmentParts& parts = counter.parts;
  for (const uint32_t term : sorted) {
    PostingWriter writer(parts.postingText);
    for (uint32_t i = starts[term]; i < starts[term + 1]; i++) writer.put(counter.counted[order[i]].passage, counter.counted[order[i]].counts);
    if (starts[term + 1] > starts[term]) putTerm(parts, counter.terms.name(term), starts[term + 1] - starts[term]);
  }
  return makeSegment(parts);
}

std::shared_ptr<const Segment> mergeSegments(const std::vector<Living>& inputs) {
  SegmentParts parts;
  // The new number of every passage, NONE for dead ones.
  std::vector<std::vector<uint32_t>> numbers(inputs.size());
  for (size_t i = 0; i < inputs.size(); i++) {
    const Segment& segment = *inputs[i].segment;
    numbers[i].assign(segment.passages(), Segment::NONE);
    for (uint32_t passage = 0; passage < segment.passages(); passage++) {
      if (inputs[i].dead && (*inputs[i].dead)[passage]) continue;
      numbers[i][passage] = static_cast<uint32_t>(parts.ids.size());
      parts.ids.push_back(segment.id(passage));
      parts.lengths.push_back(segment.lengths(passage));
    }
  }
  std::vector<uint32_t> at(inputs.size());  // next term of each input
  for (;;) {
    bool any = false;
    std::string_view term;
    for (size_t i = 0; i < inputs.size(); i++) {
      if (at[i] == inputs[i].segment->terms()) continue;
      const std::string_view candidate = inputs[i].segment->term(at[i]);
      if (!any || candidate < term) term = candidate;
      any = true;
    }
    if (!any) break;
    PostingWriter writer(parts.postingText);
    uint32_t count = 0;
    for (size_t i = 0; i < inputs.size(); i++) {
      const Segment& segment = *inputs[i].segment;
      if (at[i] == segment.terms() || segment.term(at[i]) != term) continue;
      PostingReader reader(segment.postings(at[i]), segment.passages());
      at[i]++;
      while (reader.next()) {
        const uint32_t number = numbers[i][reader.passage];
        if (number == Segment::NONE) continue;
        writer.put(number, reader.counts);
        count++;
      }
    }
    if (count > 0) putTerm(parts, term, count);
  }
  return makeSegment(parts);
}

}  // namespace everyline::words
