// The word index: passages added, replaced and removed; searched by BM25F; saved to and loaded from a file.
//
// Every add makes an immutable segment, small ones are merged as they gather, and removed passages are marked until a merge drops them. A search
// works on a snapshot and takes no lock while it does. Writes become visible in the order in which they were called.
#pragma once
#include <condition_variable>
#include <map>
#include <mutex>
#include <set>
#include <unordered_set>

#include "search.h"

namespace everyline::words {

struct WordStats {
  uint64_t passages, terms, postings, bytes;
};

class Words {
 public:
  Words() : snapshot_(std::make_shared<const Snapshot>()) {}

  // The place of a write in the order of calls. To be taken when the call is made; each must be used by one write, or left to vanish.
  class Turn {
   public:
    explicit Turn(Words& words);
    ~Turn() { end(); }
    Turn(const Turn&) = delete;
    Turn& operator=(const Turn&) = delete;
    // Lets the next write go ahead.
    void end();

   private:
    friend class Words;
    Words& words_;
    uint64_t number_;
    bool over_ = false;
  };

  // Adds or replaces. This call and the next two are slow, for worker threads, and end their turn.
  void add(Turn& turn, const std::vector<Passage>& passages);
  // Writes all as of this turn into an empty file open for writing. "io" when the disk is full, say.
  Result<Done> save(Turn& turn, int fd, int64_t transaction);
  // Takes over a saved file; returns its transaction. "bad-argument" when this index is not empty, "io" when the file is damaged.
  Result<int64_t> load(Turn& turn, int fd);

  // Quick. Also takes passages out of adds called before and not yet done.
  void remove(const int32_t* ids, size_t count);
  Hits search(std::string_view query, size_t k, const FieldWeights& weights) const { return words::search(*snapshot(), query, k, weights); }
  uint32_t documentFrequency(std::string_view word) const { return words::documentFrequency(*snapshot(), word); }
  WordStats stats() const;

 private:
  std::shared_ptr<const Snapshot> snapshot() const;
  void awaitTurn(std::unique_lock<std::mutex>& lock, const Turn& turn);
  void removeFrom(Snapshot& snapshot, const int32_t* ids, size_t count);
  void mergeSmall();
  void merge(const std::shared_ptr<const Snapshot>& before, size_t from);

  mutable std::mutex lock_;  // guards everything below; never held for long
  std::condition_variable turned_;
  std::shared_ptr<const Snapshot> snapshot_;
  uint64_t nextTurn_ = 0;
  // Turns not over, with the passages removed after they were taken.
  std::map<uint64_t, std::unordered_set<int32_t>> open_;
  std::mutex merging_;  // one merge at a time; taken before lock_
};

}  // namespace everyline::words
