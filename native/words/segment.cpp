#include "segment.h"

#include <sys/mman.h>
#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <numeric>
#include <string>

namespace everyline::words {

namespace {

constexpr char MAGIC[8] = {'E', 'V', 'W', 'O', 'R', 'D', 'S', '\n'};
constexpr uint32_t VERSION = 1;

uint64_t padded(uint64_t bytes) { return (bytes + 7) & ~7ull; }

// Byte offsets of the sections.
struct Layout {
  uint64_t ids, lengths, byId, termStarts, postStarts, counts, termText, postingText, bytes;
  explicit Layout(const SegmentHeader& h) {
    uint64_t at = sizeof(SegmentHeader);
    auto section = [&](uint64_t size) {
      const uint64_t start = at;
      at += padded(size);
      return start;
    };
    ids = section(4ull * h.passages);
    lengths = section(4ull * h.passages);
    byId = section(4ull * h.passages);
    termStarts = section(4ull * (h.terms + 1ull));
    postStarts = section(8ull * (h.terms + 1ull));
    counts = section(4ull * h.terms);
    termText = section(h.termBytes);
    postingText = section(h.postingBytes);
    bytes = at;
  }
};

// Four lanes, so that it runs at the speed of memory.
uint64_t checksumOf(const uint8_t* data, size_t bytes, uint64_t seed) {
  constexpr uint64_t PRIME = 0x9e3779b97f4a7c15ull;
  uint64_t lanes[4] = {seed, seed ^ PRIME, seed + PRIME, ~seed};
  size_t at = 0;
  for (; at + 32 <= bytes; at += 32) {
    for (int lane = 0; lane < 4; lane++) {
      uint64_t word;
      std::memcpy(&word, data + at + 8 * lane, 8);
      lanes[lane] = (lanes[lane] ^ word) * PRIME;
      lanes[lane] ^= lanes[lane] >> 29;
    }
  }
  uint64_t sum = bytes;
  for (; at < bytes; at++) sum = (sum ^ data[at]) * PRIME;
  for (const uint64_t lane : lanes) {
    sum = (sum ^ lane) * PRIME;
    sum ^= sum >> 31;
  }
  return sum;
}

uint64_t checksumOf(SegmentHeader header, const uint8_t* block) {
  header.checksum = 0;
  const uint64_t head = checksumOf(reinterpret_cast<const uint8_t*>(&header), sizeof header, VERSION);
  return checksumOf(block + sizeof header, header.bytes - sizeof header, head);
}

Error damaged(const std::string& what) { return {"io", "The saved word index " + what + ". It will be built anew from the index."}; }

}  // namespace

std::shared_ptr<const Segment> Segment::own(std::vector<uint64_t> block) {
  std::shared_ptr<Segment> segment(new Segment());
  segment->owned_ = std::move(block);
  segment->data_ = reinterpret_cast<const uint8_t*>(segment->owned_.data());
  segment->place();
  return segment;
}

Result<std::shared_ptr<const Segment>> Segment::map(int fd) {
  struct stat file;
  if (fstat(fd, &file) != 0) return damaged(std::string("cannot be read: ") + std::strerror(errno));
  const uint64_t size = static_cast<uint64_t>(file.st_size);
  if (!S_ISREG(file.st_mode) || size < sizeof(SegmentHeader)) return damaged("is cut short");
  void* mapped = mmap(nullptr, size, PROT_READ, MAP_PRIVATE, fd, 0);
  if (mapped == MAP_FAILED) return damaged(std::string("cannot be mapped: ") + std::strerror(errno));
  std::shared_ptr<Segment> segment(new Segment());
  segment->mapped_ = mapped;
  segment->mappedBytes_ = size;
  segment->data_ = static_cast<const uint8_t*>(mapped);
  const SegmentHeader& h = segment->header();
  if (std::memcmp(h.magic, MAGIC, sizeof MAGIC) != 0) return damaged("is not one of Everyline's");
  if (h.version != VERSION) return damaged("is of another version");
  if (h.bytes != size || h.postingBytes > size || Layout(h).bytes != size) return damaged("is cut short");
  if (checksumOf(h, segment->data_) != h.checksum) return damaged("is damaged");
  segment->place();
  if (!segment->sound()) return damaged("is damaged");
  return std::shared_ptr<const Segment>(std::move(segment));
}

Segment::~Segment() {
  if (mapped_) munmap(mapped_, mappedBytes_);
}

void Segment::place() {
  const Layout layout(header());
  ids_ = reinterpret_cast<const int32_t*>(data_ + layout.ids);
  lengths_ = reinterpret_cast<const uint32_t*>(data_ + layout.lengths);
  byId_ = reinterpret_cast<const uint32_t*>(data_ + layout.byId);
  termStarts_ = reinterpret_cast<const uint32_t*>(data_ + layout.termStarts);
  postStarts_ = reinterpret_cast<const uint64_t*>(data_ + layout.postStarts);
  counts_ = reinterpret_cast<const uint32_t*>(data_ + layout.counts);
  termText_ = reinterpret_cast<const char*>(data_ + layout.termText);
  postingText_ = reinterpret_cast<const char*>(data_ + layout.postingText);
}

// Whether every offset and number stays inside; postings are checked as they are read.
bool Segment::sound() const {
  const SegmentHeader& h = header();
  if (termStarts_[0] != 0 || termStarts_[h.terms] != h.termBytes || postStarts_[0] != 0 || postStarts_[h.terms] != h.postingBytes) return false;
  for (uint32_t i = 0; i < h.terms; i++)
    if (termStarts_[i] > termStarts_[i + 1] || postStarts_[i] > postStarts_[i + 1] || counts_[i] > h.passages) return false;
  for (uint32_t i = 0; i < h.passages; i++) {
    if (byId_[i] >= h.passages) return false;
    if (i > 0 && ids_[byId_[i - 1]] >= ids_[byId_[i]]) return false;
  }
  return true;
}

uint32_t Segment::find(int32_t id) const {
  const uint32_t* end = byId_ + passages();
  const uint32_t* found = std::lower_bound(byId_, end, id, [&](uint32_t passage, int32_t wanted) { return ids_[passage] < wanted; });
  return found != end && ids_[*found] == id ? *found : NONE;
}

uint32_t Segment::find(std::string_view wanted) const {
  uint32_t low = 0, high = terms();
  while (low < high) {
    const uint32_t middle = low + (high - low) / 2;
    if (term(middle) < wanted) low = middle + 1;
    else high = middle;
  }
  return low < terms() && term(low) == wanted ? low : NONE;
}

std::shared_ptr<const Segment> makeSegment(const SegmentParts& parts) {
  SegmentHeader header{};
  std::memcpy(header.magic, MAGIC, sizeof MAGIC);
  header.version = VERSION;
  header.passages = static_cast<uint32_t>(parts.ids.size());
  header.terms = static_cast<uint32_t>(parts.counts.size());
  header.termBytes = static_cast<uint32_t>(parts.termText.size());
  header.postings = parts.postings;
  header.postingBytes = parts.postingText.size();
  const Layout layout(header);
  header.bytes = layout.bytes;

  std::vector<uint32_t> byId(parts.ids.size());
  std::iota(byId.begin(), byId.end(), 0);
  std::sort(byId.begin(), byId.end(), [&](uint32_t a, uint32_t b) { return parts.ids[a] < parts.ids[b]; });

  std::vector<uint64_t> block(layout.bytes / 8);
  auto* bytes = reinterpret_cast<uint8_t*>(block.data());
  auto put = [&](uint64_t at, const auto& values) {
    if (!values.empty()) std::memcpy(bytes + at, values.data(), values.size() * sizeof(values[0]));
  };
  std::memcpy(bytes, &header, sizeof header);
  put(layout.ids, parts.ids);
  put(layout.lengths, parts.lengths);
  put(layout.byId, byId);
  put(layout.termStarts, parts.termStarts);
  put(layout.postStarts, parts.postStarts);
  put(layout.counts, parts.counts);
  put(layout.termText, parts.termText);
  put(layout.postingText, parts.postingText);
  return Segment::own(std::move(block));
}

SegmentHeader signedHeader(const Segment& segment, int64_t transaction) {
  SegmentHeader header = segment.header();
  header.transaction = transaction;
  header.checksum = checksumOf(header, reinterpret_cast<const uint8_t*>(segment.block().data()));
  return header;
}

}  // namespace everyline::words
