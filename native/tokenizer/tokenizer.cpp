// Speed: 70 to 84 MB/s of source code on one core (test/bench/native/tokenizer.mjs). Nearly all pieces are either a whole token, found by one hash
// probe, or in the cache of pieces merged before; only the rest is merged.
#include "tokenizer.h"

#include <bit>
#include <cstring>

#include "load.h"
#include "pieces.h"

namespace everyline::text {

namespace {

constexpr uint32_t NONE = 0xffffffff;

uint64_t hashOf(const uint8_t* bytes, size_t length) {
  uint64_t hash = length * 0x9e3779b97f4a7c15ull;
  auto mix = [&](uint64_t word) {
    hash = (hash ^ word) * 0xff51afd7ed558ccdull;
    hash ^= hash >> 32;
  };
  size_t at = 0;
  for (; at + 8 <= length; at += 8) {
    uint64_t word;
    std::memcpy(&word, bytes + at, 8);
    mix(word);
  }
  uint64_t rest = 0;
  for (size_t i = at; i < length; i++) rest = rest << 8 | bytes[i];
  mix(rest);
  return hash;
}

}  // namespace

// Pieces merged before: direct-mapped, 512 KiB. One belongs to one call at a time.
struct Tokenizer::Cache {
  static constexpr size_t ENTRIES = 8192, LONGEST = 30, MOST = 8;
  struct Entry {
    uint32_t ids[MOST];
    uint8_t bytes[LONGEST];
    uint8_t length = 0;
    uint8_t count = 0;
  };
  std::vector<Entry> entries{ENTRIES};
  std::vector<uint32_t> merged;

  Entry& at(uint64_t hash) { return entries[hash >> 20 & (ENTRIES - 1)]; }
};

Tokenizer::~Tokenizer() = default;

Result<std::unique_ptr<Tokenizer>> Tokenizer::create(std::string_view json) {
  auto file = readTokenizerFile(json);
  if (!file) return file.error();
  std::unique_ptr<Tokenizer> tokenizer(new Tokenizer());
  tokenizer->vocabulary_ = std::move(file->vocabulary);
  std::copy(file->byteTokens.begin(), file->byteTokens.end(), tokenizer->byteTokens_);
  tokenizer->merges_ = Merges(file->merges);
  tokenizer->indexWholes();
  return tokenizer;
}

// A token stands for a whole piece only where merging the piece's bytes ends in it, which no format promises.
void Tokenizer::indexWholes() {
  wholes_.resize(std::bit_ceil(vocabulary_.size() * 4));
  std::vector<uint32_t> merged;
  for (uint32_t id = 0; id < vocabulary_.size(); id++) {
    const auto* bytes = reinterpret_cast<const uint8_t*>(vocabulary_[id].data());
    const size_t length = vocabulary_[id].size();
    if (length == 0) continue;
    merge(bytes, length, merged);
    if (merged.size() != 1 || merged[0] != id) continue;
    uint64_t at = hashOf(bytes, length) & (wholes_.size() - 1);
    while (wholes_[at].length) at = (at + 1) & (wholes_.size() - 1);
    wholes_[at] = {id, static_cast<uint32_t>(length)};
  }
}

uint32_t Tokenizer::whole(const uint8_t* piece, size_t length, uint64_t hash) const {
  const uint64_t mask = wholes_.size() - 1;
  for (uint64_t at = hash & mask; wholes_[at].length; at = (at + 1) & mask)
    if (wholes_[at].length == length && std::memcmp(vocabulary_[wholes_[at].id].data(), piece, length) == 0) return wholes_[at].id;
  return NONE;
}

void Tokenizer::merge(const uint8_t* piece, size_t length, std::vector<uint32_t>& out) const {
  out.resize(length);
  for (size_t i = 0; i < length; i++) out[i] = byteTokens_[piece[i]];
  merges_.apply(out);
}

std::unique_ptr<Tokenizer::Cache> Tokenizer::takeCache() const {
  {
    std::lock_guard guard(lock_);
    if (!caches_.empty()) {
      auto cache = std::move(caches_.back());
      caches_.pop_back();
      return cache;
    }
  }
  return std::make_unique<Cache>();
}

void Tokenizer::returnCache(std::unique_ptr<Cache> cache) const {
  std::lock_guard guard(lock_);
  caches_.push_back(std::move(cache));
}

Tokens Tokenizer::encode(std::span<const uint8_t> text) const {
  Tokens out;
  out.ids.reserve(text.size() / 3 + 8);
  out.ends.reserve(text.size() / 3 + 8);
  auto cache = takeCache();
  size_t end = 0;
  auto put = [&](uint32_t id) {
    end += vocabulary_[id].size();
    out.ids.push_back(static_cast<int32_t>(id));
    out.ends.push_back(static_cast<int32_t>(end));
  };
  for (size_t at = 0; at < text.size();) {
    const size_t next = nextPiece(text.data(), at, text.size());
    const uint8_t* piece = text.data() + at;
    const size_t length = next - at;
    at = next;
    const uint64_t hash = hashOf(piece, length);
    if (const uint32_t id = whole(piece, length, hash); id != NONE) {
      put(id);
      continue;
    }
    if (length > Cache::LONGEST) {
      merge(piece, length, cache->merged);
      for (uint32_t id : cache->merged) put(id);
      continue;
    }
    Cache::Entry& entry = cache->at(hash);
    if (entry.length != length || std::memcmp(entry.bytes, piece, length) != 0) {
      merge(piece, length, cache->merged);
      if (cache->merged.size() > Cache::MOST) {
        for (uint32_t id : cache->merged) put(id);
        continue;
      }
      entry.length = static_cast<uint8_t>(length);
      entry.count = static_cast<uint8_t>(cache->merged.size());
      std::memcpy(entry.bytes, piece, length);
      std::copy(cache->merged.begin(), cache->merged.end(), entry.ids);
    }
    for (uint8_t i = 0; i < entry.count; i++) put(entry.ids[i]);
  }
  returnCache(std::move(cache));
  return out;
}

std::string Tokenizer::decode(std::span<const int32_t> ids) const {
  std::string out;
  for (const int32_t id : ids)
    if (id >= 0 && static_cast<size_t>(id) < vocabulary_.size()) out += vocabulary_[id];
  return out;
}

}  // namespace everyline::text
