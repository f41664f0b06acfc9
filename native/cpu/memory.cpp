#include "cpu/memory.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>

namespace everyline {

Result<std::shared_ptr<Mapping>> Mapping::open(int fd, const char* what) {
  struct stat st;
  if (fstat(fd, &st) != 0) return Error{"io", std::string("The ") + what + " cannot be read: " + std::strerror(errno) + "."};
  if (!S_ISREG(st.st_mode)) return Error{"io", std::string("The ") + what + " is not a regular file."};
  auto m = std::make_shared<Mapping>();
  m->fd_ = fcntl(fd, F_DUPFD_CLOEXEC, 0);
  if (m->fd_ < 0) return Error{"io", std::string("The ") + what + " cannot be opened again: " + std::strerror(errno) + "."};
  m->device_ = st.st_dev;
  m->inode_ = st.st_ino;
  // Address space costs nothing; where a limit forbids so much, less is tried.
  for (uint64_t size = 1ull << 36; size >= 1ull << 28; size >>= 2) {
    if (size < (uint64_t)st.st_size) break;
    void* p = mmap(nullptr, size, PROT_READ, MAP_SHARED | MAP_NORESERVE, m->fd_, 0);
    if (p == MAP_FAILED) continue;
    m->data_ = (const uint8_t*)p;
    m->reserved_ = size;
    void* times = mmap(nullptr, size / kBlock * sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (times == MAP_FAILED) break;
    m->times_ = (std::atomic<uint32_t>*)times;
    return m;
  }
  return Error{"no-memory", std::string("The ") + what + " cannot be mapped: " + std::strerror(errno) + "."};
}

Mapping::~Mapping() {
  if (times_) munmap((void*)times_, reserved_ / kBlock * sizeof(uint32_t));
  if (data_) munmap((void*)data_, reserved_);
  if (fd_ >= 0) close(fd_);
}

uint64_t Mapping::size() const {
  struct stat st;
  if (fstat(fd_, &st) != 0) return 0;
  return std::min<uint64_t>((uint64_t)st.st_size, reserved_);
}

bool Mapping::read(const uint8_t* from, size_t bytes, uint8_t* to) const {
  for (off_t at = from - data_; bytes > 0;) {
    const ssize_t n = pread(fd_, to, bytes, at);
    if (n < 0 && errno == EINTR) continue;
    if (n <= 0) return false;
    at += n;
    to += n;
    bytes -= (size_t)n;
  }
  return true;
}

void Mapping::touch(const uint8_t* from, size_t bytes) const {
  const uint32_t now = now_.load(std::memory_order_relaxed);
  for (uint64_t b = (uint64_t)(from - data_) / kBlock; b <= (uint64_t)(from + bytes - 1 - data_) / kBlock; ++b) {
    if (times_[b].load(std::memory_order_relaxed) == now) continue;
    if (times_[b].exchange(now, std::memory_order_relaxed) == 0) ++blocks_;
  }
}

void Mapping::addTo(std::map<uint32_t, uint64_t>& bytesByTime) const {
  for (uint64_t b = 0, count = blocksOfFile(); b < count; ++b)
    if (const uint32_t time = times_[b].load(std::memory_order_relaxed)) bytesByTime[time] += kBlock;
}

void Mapping::letGo(uint32_t time, int& ranges) {
  const uint64_t count = blocksOfFile();
  const auto goes = [&](uint64_t b) { return times_[b] != 0 && times_[b] <= time; };
  for (uint64_t b = 0; b < count && ranges > 0; ++b) {
    if (!goes(b)) continue;
    uint64_t end = b + 1;
    for (uint64_t next = end; next < count && next <= end + kGap; ++next)
      if (goes(next)) end = next + 1;
    madvise((void*)(data_ + b * kBlock), (end - b) * kBlock, MADV_DONTNEED);
    for (; b < end; ++b) blocks_ -= times_[b].exchange(0) != 0;
    --ranges;
  }
}

int Snapshot::documentOf(uint32_t chunk) const {
  return (int)(std::upper_bound(firsts.begin(), firsts.end(), (int32_t)chunk) - firsts.begin()) - 1;
}

bool Snapshot::readKv(uint32_t chunk, uint8_t* to) const {
  const int d = documentOf(chunk);
  const size_t bytes = kvBytes(precision);
  return kv[d] && segments[d]->read(kv[d] + (chunk - (uint32_t)firsts[d]) * bytes, bytes, to);
}

Result<Done> Memory::attachLandmarks(int fd) {
  auto mapping = Mapping::open(fd, "landmark file");
  if (!mapping) return mapping.error();
  std::lock_guard lock(mutex_);
  if (landmarks_ && landmarks_->sameFile(**mapping)) return Done{};
  landmarks_ = *mapping;
  places_.clear();  // places in another file mean nothing here
  at_.clear();
  chunks_ = 0;
  snapshot_ = nullptr;
  return Done{};
}

Result<Done> Memory::attachSegment(int segment, int fd) {
  if (segment < 0) return Error{"bad-argument", "A segment's number is below 0."};
  auto mapping = Mapping::open(fd, "segment file");
  if (!mapping) return mapping.error();
  std::lock_guard lock(mutex_);
  auto& slot = segments_[segment];
  if (slot && slot->sameFile(**mapping)) return Done{};
  slot = *mapping;
  slot->setTime(time_);
  snapshot_ = nullptr;
  return Done{};
}

Result<Done> Memory::detachSegment(int segment) {
  std::lock_guard lock(mutex_);
  if (!segments_.erase(segment)) return Error{"bad-argument", "Segment " + std::to_string(segment) + " is not attached."};
  for (Place& p : places_)
    if (p.segment == segment) p.segment = -1;
  snapshot_ = nullptr;
  return Done{};
}

Result<Done> Memory::check(const Place& p) const {
  const std::string name = "Document " + std::to_string(p.document);
  if (p.chunks < 0 || p.landmarkRow < 0 || p.landmarkRow > 0xffffffffll - p.chunks) return Error{"bad-argument", name + " has a wrong number of chunks or row."};
  if (p.tokens <= ((int64_t)p.chunks - 1) * 64 || p.tokens > (int64_t)p.chunks * 64)
    return Error{"bad-argument", name + ": its tokens do not fit its chunks."};
  if (!landmarks_) return Error{"bad-argument", "The landmark file is not attached."};
  if ((uint64_t)(p.landmarkRow + p.chunks) * landmarkBytes(precision_) > landmarks_->size())
    return Error{"io", name + ": its landmarks lie beyond the end of the landmark file."};
  if (p.segment < 0) return Done{};
  auto it = segments_.find(p.segment);
  if (it == segments_.end()) return Error{"bad-argument", name + ": segment " + std::to_string(p.segment) + " is not attached."};
  if (p.offset < 0 || (uint64_t)p.offset + (uint64_t)p.chunks * kvBytes(precision_) > it->second->size())
    return Error{"io", name + ": its keys and values lie beyond the end of segment " + std::to_string(p.segment) + "."};
  return Done{};
}

Result<Done> Memory::add(const std::vector<Place>& places) {
  std::lock_guard lock(mutex_);
  for (const Place& p : places) {
    auto ok = check(p);
    if (!ok) return ok.error();
  }
  for (const Place& p : places) {
    removeOne(p.document);
    at_[p.document] = places_.size();
    places_.push_back(p);
    chunks_ += p.chunks;
  }
  snapshot_ = nullptr;
  return Done{};
}

void Memory::remove(const std::vector<int32_t>& documents) {
  std::lock_guard lock(mutex_);
  for (int32_t d : documents) removeOne(d);
  snapshot_ = nullptr;
}

void Memory::removeOne(int32_t document) {
  auto it = at_.find(document);
  if (it == at_.end()) return;
  const size_t i = it->second;
  at_.erase(it);
  chunks_ -= places_[i].chunks;
  if (i + 1 < places_.size()) {
    places_[i] = places_.back();
    at_[places_[i].document] = i;
  }
  places_.pop_back();
}

std::shared_ptr<const Snapshot> Memory::snapshot() {
  std::lock_guard lock(mutex_);
  if (snapshot_) return snapshot_;
  auto s = std::make_shared<Snapshot>();
  s->precision = precision_;
  s->documents = places_;
  s->landmarks = landmarks_;
  for (auto& [number, mapping] : segments_) s->held.push_back(mapping);
  s->firsts.reserve(places_.size() + 1);
  s->rows.reserve((size_t)chunks_);
  s->attendable.reserve((size_t)chunks_);
  for (const Place& p : places_) {
    s->firsts.push_back((int32_t)s->rows.size());
    s->segments.push_back(p.segment < 0 ? nullptr : segments_.at(p.segment).get());
    s->kv.push_back(p.segment < 0 ? nullptr : s->segments.back()->data() + p.offset);
    for (int c = 0; c < p.chunks; ++c) {
      if (p.segment >= 0) s->attendable.push_back((uint32_t)s->rows.size());
      if (p.segment == -1) s->evicted.push_back((uint32_t)s->rows.size());
      s->rows.push_back((uint32_t)(p.landmarkRow + c));
    }
  }
  s->firsts.push_back((int32_t)s->rows.size());
  snapshot_ = s;
  return s;
}

void Memory::want(const std::set<int32_t>& documents) {
  if (documents.empty()) return;
  std::lock_guard lock(mutex_);
  wanted_.insert(documents.begin(), documents.end());
}

std::vector<int32_t> Memory::missing() {
  std::lock_guard lock(mutex_);
  std::vector<int32_t> out;
  for (int32_t d : wanted_) {
    auto it = at_.find(d);
    if (it != at_.end() && places_[it->second].segment == -1) out.push_back(d);
  }
  wanted_.clear();
  return out;
}

uint64_t Memory::touchedNow() const {
  uint64_t bytes = 0;
  for (const auto& [number, mapping] : segments_) bytes += mapping->touched();
  return bytes;
}

uint64_t Memory::resident() {
  std::lock_guard lock(mutex_);
  return landmarkBytesNow() + touchedNow();
}

void Memory::nextCall() {
  std::lock_guard lock(mutex_);
  ++time_;
  for (auto& [number, mapping] : segments_) mapping->setTime(time_);
}

bool Memory::keepWithin(uint64_t budget, int ranges) {
  std::lock_guard lock(mutex_);
  const uint64_t marks = landmarkBytesNow(), room = budget > marks ? budget - marks : 0;
  uint64_t held = touchedNow();
  if (going_ == 0 && held > room) {
    std::map<uint32_t, uint64_t> bytesByTime;
    for (const auto& [number, mapping] : segments_) mapping->addTo(bytesByTime);
    for (auto it = bytesByTime.begin(); it != bytesByTime.end() && held > room - room / 8; ++it) {
      going_ = it->first;
      held -= it->second;
    }
  }
  if (going_ == 0) return false;
  for (auto& [number, mapping] : segments_) mapping->letGo(going_, ranges);
  if (ranges > 0) going_ = 0;
  return going_ != 0;
}

int Memory::documents() {
  std::lock_guard lock(mutex_);
  return (int)places_.size();
}

int64_t Memory::chunks() {
  std::lock_guard lock(mutex_);
  return chunks_;
}

}  // namespace everyline
