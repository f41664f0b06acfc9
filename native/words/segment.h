// A part of the word index that never changes: passages, their lengths, a sorted dictionary and postings, in one block of memory or a mapped file.
//
// Format (little-endian; sections follow each other, each padded to 8 bytes):
//   header     SegmentHeader
//   ids        int32[passages]       passage ids in the order of their numbers
//   lengths    uint32[passages]      a byte each for path, symbols and body (lengths.h)
//   byId       uint32[passages]      passage numbers by ascending id
//   termStarts uint32[terms + 1]     into the term bytes; terms ascend bytewise
//   postStarts uint64[terms + 1]     into the posting bytes
//   counts     uint32[terms]         passages a term
//   term bytes, posting bytes        postings.h
#pragma once
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "../result.h"

namespace everyline::words {

struct SegmentHeader {
  char magic[8];
  uint32_t version;
  uint32_t passages;
  uint32_t terms;
  uint32_t termBytes;
  uint64_t postings;
  uint64_t postingBytes;
  int64_t transaction;
  uint64_t bytes;     // of the whole block
  uint64_t checksum;  // of everything after the header, and of the header with this field 0
};

class Segment {
 public:
  static constexpr uint32_t NONE = 0xffffffff;

  // Takes a block made by SegmentWriter.
  static std::shared_ptr<const Segment> own(std::vector<uint64_t> block);
  // Maps a file and checks all of it. "io" when it is damaged, cut short or of another version.
  static Result<std::shared_ptr<const Segment>> map(int fd);
  ~Segment();
  Segment(const Segment&) = delete;
  Segment& operator=(const Segment&) = delete;

  const SegmentHeader& header() const { return *reinterpret_cast<const SegmentHeader*>(data_); }
  uint32_t passages() const { return header().passages; }
  uint32_t terms() const { return header().terms; }
  int32_t id(uint32_t passage) const { return ids_[passage]; }
  uint32_t lengths(uint32_t passage) const { return lengths_[passage]; }
  const uint32_t* lengths() const { return lengths_; }
  // The passage's number or NONE.
  uint32_t find(int32_t id) const;

  std::string_view term(uint32_t term) const { return {termText_ + termStarts_[term], termStarts_[term + 1] - termStarts_[term]}; }
  // The term's number or NONE.
  uint32_t find(std::string_view term) const;
  // Passages that hold the term.
  uint32_t count(uint32_t term) const { return counts_[term]; }
  // The term's encoded postings (postings.h).
  std::string_view postings(uint32_t term) const { return {postingText_ + postStarts_[term], postStarts_[term + 1] - postStarts_[term]}; }

  std::string_view block() const { return {reinterpret_cast<const char*>(data_), header().bytes}; }

 private:
  Segment() = default;
  void place();
  bool sound() const;

  std::vector<uint64_t> owned_;
  void* mapped_ = nullptr;
  size_t mappedBytes_ = 0;
  const uint8_t* data_ = nullptr;
  const int32_t* ids_ = nullptr;
  const uint32_t* lengths_ = nullptr;
  const uint32_t* byId_ = nullptr;
  const uint32_t* termStarts_ = nullptr;
  const uint64_t* postStarts_ = nullptr;
  const uint32_t* counts_ = nullptr;
  const char* termText_ = nullptr;
  const char* postingText_ = nullptr;
};

// What a segment is made of; terms ascend, and each term's postings ascend.
struct SegmentParts {
  std::vector<int32_t> ids;
  std::vector<uint32_t> lengths;
  std::vector<uint32_t> termStarts{0};
  std::vector<uint64_t> postStarts{0};
  std::vector<uint32_t> counts;
  std::vector<char> termText;
  std::vector<uint8_t> postingText;
  uint64_t postings = 0;
};

std::shared_ptr<const Segment> makeSegment(const SegmentParts& parts);

// The header under which a segment is saved with a transaction.
SegmentHeader signedHeader(const Segment& segment, int64_t transaction);

}  // namespace everyline::words
