#include "words.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

#include "lengths.h"

namespace everyline::words {

namespace {

// Segments at the end of the list, none much larger than those behind it together, before they are merged into one.
constexpr size_t MOST_SMALL = 8;

void addLengths(Part& part, uint32_t lengths, int sign) {
  for (int field = 0; field < 3; field++) part.lengths[field] += static_cast<uint64_t>(sign) * decodeLength(static_cast<uint8_t>(lengths >> 8 * field));
}

Part wholePart(std::shared_ptr<const Segment> segment) {
  Part part;
  part.living = segment->passages();
  for (uint32_t passage = 0; passage < segment->passages(); passage++) addLengths(part, segment->lengths(passage), 1);
  part.segment = std::move(segment);
  return part;
}

bool writeAll(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t written = write(fd, bytes.data(), std::min<size_t>(bytes.size(), 1 << 30));
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return false;
    bytes.remove_prefix(static_cast<size_t>(written));
  }
  return true;
}

}  // namespace

Words::Turn::Turn(Words& words) : words_(words) {
  std::lock_guard lock(words.lock_);
  number_ = words.nextTurn_++;
  words.open_[number_];
}

void Words::Turn::end() {
  if (over_) return;
  over_ = true;
  std::lock_guard lock(words_.lock_);
  words_.open_.erase(number_);
  words_.turned_.notify_all();
}

void Words::awaitTurn(std::unique_lock<std::mutex>& lock, const Turn& turn) {
  turned_.wait(lock, [&] { return open_.begin()->first == turn.number_; });
}

std::shared_ptr<const Snapshot> Words::snapshot() const {
  std::lock_guard lock(lock_);
  return snapshot_;
}

// Marks passages of a snapshot in the making as dead.
void Words::removeFrom(Snapshot& snapshot, const int32_t* ids, size_t count) {
  for (Part& part : snapshot) {
    std::shared_ptr<Dead> dead;  // this part's marks, copied once something is to be marked
    for (size_t i = 0; i < count; i++) {
      const uint32_t passage = part.segment->find(ids[i]);
      if (passage == Segment::NONE || (dead ? (*dead)[passage] : part.dead && (*part.dead)[passage])) continue;
      if (!dead) dead = part.dead ? std::make_shared<Dead>(*part.dead) : std::make_shared<Dead>(part.segment->passages());
      (*dead)[passage] = true;
      part.living--;
      addLengths(part, part.segment->lengths(passage), -1);
    }
    if (dead) part.dead = std::move(dead);
  }
  std::erase_if(snapshot, [](const Part& part) { return part.living == 0; });
}

void Words::remove(const int32_t* ids, size_t count) {
  std::lock_guard lock(lock_);
  for (auto& [number, removed] : open_) removed.insert(ids, ids + count);
  auto changed = std::make_shared<Snapshot>(*snapshot_);
  removeFrom(*changed, ids, count);
  snapshot_ = std::move(changed);
}

void Words::add(Turn& turn, const std::vector<Passage>& passages) {
  Part made = wholePart(buildSegment(passages));
  std::vector<int32_t> ids;
  for (const Passage& passage : passages) ids.push_back(passage.id);
  {
    std::unique_lock lock(lock_);
    awaitTurn(lock, turn);
    auto changed = std::make_shared<Snapshot>(*snapshot_);
    removeFrom(*changed, ids.data(), ids.size());
    Snapshot fresh{std::move(made)};
    const std::vector<int32_t> removed(open_[turn.number_].begin(), open_[turn.number_].end());
    removeFrom(fresh, removed.data(), removed.size());
    for (Part& part : fresh)
      if (part.living > 0) changed->push_back(std::move(part));
    snapshot_ = std::move(changed);
  }
  turn.end();
  mergeSmall();
}

void Words::mergeSmall() {
  std::unique_lock merging(merging_, std::try_to_lock);
  if (!merging) return;  // the next add looks again
  const auto now = snapshot();
  uint64_t behind = 0;
  size_t from = now->size();
  while (from > 0 && (behind == 0 || (*now)[from - 1].living <= 2 * behind)) behind += (*now)[--from].living;
  if (now->size() - from >= MOST_SMALL) merge(now, from);
}

// Replaces the segments of a snapshot from this one on by one. Passages removed meanwhile are marked in the new one. The caller holds merging_, so
// that no other merge has replaced a segment since the snapshot was taken.
void Words::merge(const std::shared_ptr<const Snapshot>& before, size_t from) {
  std::vector<Living> inputs;
  for (size_t i = from; i < before->size(); i++) inputs.push_back({(*before)[i].segment, (*before)[i].dead});
  Snapshot made{wholePart(mergeSegments(inputs))};

  std::lock_guard lock(lock_);
  std::vector<int32_t> gone;
  auto changed = std::make_shared<Snapshot>(*snapshot_);
  size_t place = changed->size();  // of the first input
  for (const Living& input : inputs) {
    const auto part = std::find_if(changed->begin(), changed->end(), [&](const Part& p) { return p.segment == input.segment; });
    const bool vanished = part == changed->end();  // all of its passages were removed
    const Dead* dead = vanished ? nullptr : part->dead.get();
    if (vanished || part->dead != input.dead)
      for (uint32_t passage = 0; passage < input.segment->passages(); passage++)
        if ((vanished || (*dead)[passage]) && !(input.dead && (*input.dead)[passage])) gone.push_back(input.segment->id(passage));
    if (vanished) continue;
    place = std::min(place, static_cast<size_t>(part - changed->begin()));
    changed->erase(part);
  }
  removeFrom(made, gone.data(), gone.size());
  if (!made.empty() && made[0].living > 0) changed->insert(changed->begin() + static_cast<ptrdiff_t>(std::min(place, changed->size())), made[0]);
  snapshot_ = std::move(changed);
}

Result<Done> Words::save(Turn& turn, int fd, int64_t transaction) {
  {
    std::unique_lock lock(lock_);
    awaitTurn(lock, turn);
  }
  std::shared_ptr<const Segment> segment;
  {
    std::lock_guard merging(merging_);
    const auto before = snapshot();
    if (before->size() != 1 || before->front().dead) merge(before, 0);
    // One segment now, unless something was removed meanwhile: then once more, for the file alone.
    const auto now = snapshot();
    std::vector<Living> inputs;
    for (const Part& part : *now) inputs.push_back({part.segment, part.dead});
    segment = inputs.size() == 1 && !inputs[0].dead ? inputs[0].segment : mergeSegments(inputs);
  }
  turn.end();
  const SegmentHeader header = signedHeader(*segment, transaction);
  const bool written = writeAll(fd, {reinterpret_cast<const char*>(&header), sizeof header}) && writeAll(fd, segment->block().substr(sizeof header));
  if (!written) return Error{"io", std::string("The word index could not be saved: ") + std::strerror(errno) + ". It will be built anew at the next start."};
  return Done{};
}

Result<int64_t> Words::load(Turn& turn, int fd) {
  auto segment = Segment::map(fd);
  if (!segment) return segment.error();
  std::unique_lock lock(lock_);
  awaitTurn(lock, turn);
  if (!snapshot_->empty()) return Error{"bad-argument", "A saved word index can only be loaded into an empty one."};
  const int64_t transaction = (*segment)->header().transaction;
  if ((*segment)->passages() > 0)
    snapshot_ = std::make_shared<const Snapshot>(Snapshot{wholePart(std::move(*segment))});
  return transaction;
}

WordStats Words::stats() const {
  const auto now = snapshot();
  WordStats stats{};
  for (const Part& part : *now) {
    stats.passages += part.living;
    stats.terms = std::max<uint64_t>(stats.terms, part.segment->terms());
    stats.postings += part.segment->header().postings;
    stats.bytes += part.segment->header().bytes;
  }
  return stats;
}

}  // namespace everyline::words
