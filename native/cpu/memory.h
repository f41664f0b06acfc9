// The memory that the engine scores and attends to: documents' places in mapped cache files.
//
// Files are mapped read-only and shared over a large reserved range, so that appends by the owner need no new mapping. Readers take
// a snapshot, which keeps its mappings alive: documents may come and go while a search runs.
//
// Landmarks are all read by every question. Keys and values are read where a chunk is chosen; what was read stays mapped until the budget is
// exceeded, then what was read longest ago is let go once no call runs (it stays in the system's file cache while there is room).
#pragma once
#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <unordered_map>
#include <vector>

#include "model/encoding.h"
#include "result.h"

namespace everyline {

struct Place {
  int32_t document;
  int64_t landmarkRow;
  int32_t chunks;
  int32_t tokens;
  int32_t segment;  // -1: K/V evicted, -2: none is kept
  int64_t offset;
};

class Mapping {
 public:
  // Duplicates fd. Errors: "io".
  static Result<std::shared_ptr<Mapping>> open(int fd, const char* what);
  ~Mapping();
  const uint8_t* data() const { return data_; }
  // The file's size now, at most what is mapped.
  uint64_t size() const;
  bool sameFile(const Mapping& other) const { return device_ == other.device_ && inode_ == other.inode_; }

  // Reads bytes past the mapping: nothing more is mapped than before. False where the file is shorter or cannot be read.
  bool read(const uint8_t* from, size_t bytes, uint8_t* to) const;
  // Notes that these bytes are read at the time set last. From any thread.
  void touch(const uint8_t* from, size_t bytes) const;
  // Counts calls from 1.
  void setTime(uint32_t now) { now_ = now; }
  // Bytes that were touched and not let go since, in whole blocks.
  uint64_t touched() const { return blocks_.load() * kBlock; }
  // Adds them up by the time when they were touched last.
  void addTo(std::map<uint32_t, uint64_t>& bytesByTime) const;
  // Lets go of what was touched last at `time` or before, of `ranges` at most, and takes these off. Not while anyone reads.
  void letGo(uint32_t time, int& ranges);

 private:
  static constexpr uint64_t kBlock = 64 << 10;  // what Linux maps around a page that is read
  static constexpr uint64_t kGap = 2;           // blocks between two that go which go along: reading them again costs less than one more range
  int fd_ = -1;
  const uint8_t* data_ = nullptr;
  uint64_t reserved_ = 0;
  uint64_t device_ = 0, inode_ = 0;
  uint64_t blocksOfFile() const { return (size() + kBlock - 1) / kBlock; }

  std::atomic<uint32_t>* times_ = nullptr;  // when a block was touched last, 0: it is let go
  std::atomic<uint32_t> now_{1};
  mutable std::atomic<uint64_t> blocks_{0};  // whose time is not 0
};

// The documents at one moment. A chunk's id here is its place in order of documents: firsts[i] + chunk.
struct Snapshot {
  Precision precision;
  std::vector<Place> documents;
  std::vector<int32_t> firsts;  // documents + 1
  std::vector<uint32_t> rows;   // a chunk's row in the landmark file
  std::vector<uint32_t> attendable, evicted;
  std::shared_ptr<Mapping> landmarks;
  std::vector<const uint8_t*> kv;  // a document's first chunk, null where evicted
  std::vector<const Mapping*> segments;  // the file that it lies in
  std::vector<std::shared_ptr<Mapping>> held;

  uint32_t chunks() const { return (uint32_t)rows.size(); }
  const int8_t* landmark(uint32_t chunk) const { return (const int8_t*)landmarks->data() + rows[chunk] * (uint64_t)landmarkBytes(precision); }
  int documentOf(uint32_t chunk) const;
  // A chunk's keys and values by way of a buffer, for a device. False where they cannot be read.
  bool readKv(uint32_t chunk, uint8_t* to) const;
};

class Memory {
 public:
  explicit Memory(Precision precision) : precision_(precision) {}
  Result<Done> attachLandmarks(int fd);
  Result<Done> attachSegment(int segment, int fd);
  Result<Done> detachSegment(int segment);
  // All or none. A document that is there already is replaced.
  Result<Done> add(const std::vector<Place>& places);
  void remove(const std::vector<int32_t>& documents);
  std::shared_ptr<const Snapshot> snapshot();
  void want(const std::set<int32_t>& documents);
  std::vector<int32_t> missing();
  // Bytes of landmarks and of keys and values that are mapped for reading.
  uint64_t resident();
  // After each call.
  void nextCall();
  // Where more than `budget` is resident, lets go of keys and values until an eighth of their room is free, those read last going last; of `ranges`
  // of blocks at most, for each may take 0.1 ms. True while there are more. Not while a call runs.
  bool keepWithin(uint64_t budget, int ranges);
  int documents();
  int64_t chunks();

 private:
  Result<Done> check(const Place& place) const;
  uint64_t landmarkBytesNow() const { return landmarks_ ? landmarks_->size() : 0; }
  uint64_t touchedNow() const;
  void removeOne(int32_t document);

  const Precision precision_;
  std::mutex mutex_;
  std::shared_ptr<Mapping> landmarks_;
  std::map<int, std::shared_ptr<Mapping>> segments_;
  std::vector<Place> places_;
  std::unordered_map<int32_t, size_t> at_;
  int64_t chunks_ = 0;
  std::shared_ptr<const Snapshot> snapshot_;  // null when out of date
  std::set<int32_t> wanted_;
  uint32_t time_ = 1;
  uint32_t going_ = 0;  // what was touched last by then is being let go
};

}  // namespace everyline
