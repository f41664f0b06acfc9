#include "load.h"

#include <unordered_map>
#include <unordered_set>

#include "categories.h"
#include "model/json.h"
#include "pieces.h"

namespace everyline::text {

namespace {

constexpr int32_t MOST_TOKENS = 1 << 20;

// What the file says, before it is checked.
struct Raw {
  std::vector<std::pair<std::string, int32_t>> vocabulary;
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<std::pair<std::string, int32_t>> specials;
  std::string modelType, expression, behavior;
  bool byteLevel = false, normalizes = false, prefixSpace = false, splitsAgain = false, inverts = false, ignoresMerges = false;
};

bool readSpecial(JsonReader& json, Raw& raw) {
  std::string content;
  int32_t id = -1;
  const bool read = json.object([&](const std::string& key) {
    if (key == "content") return json.string(content);
    if (key == "id") return json.integer(id);
    return json.skip();
  });
  raw.specials.emplace_back(content, id);
  return read && id >= 0;
}

bool readMerge(JsonReader& json, Raw& raw) {
  std::string left, right;
  if (json.at('"')) {  // the older form "left right"
    if (!json.string(left)) return false;
    const size_t space = left.find(' ');
    if (space == std::string::npos) return false;
    right = left.substr(space + 1);
    left.resize(space);
  } else {
    int count = 0;
    if (!json.array([&] { return ++count <= 2 && json.string(count == 1 ? left : right); }) || count != 2) return false;
  }
  raw.merges.emplace_back(std::move(left), std::move(right));
  return true;
}

bool readModel(JsonReader& json, Raw& raw) {
  return json.object([&](const std::string& key) {
    if (key == "type") return json.string(raw.modelType);
    if (key == "ignore_merges") return json.boolean(raw.ignoresMerges);
    if (key == "merges") return json.array([&] { return readMerge(json, raw); });
    if (key == "vocab")
      return json.object([&](const std::string& token) {
        int32_t id;
        if (!json.integer(id)) return false;
        raw.vocabulary.emplace_back(token, id);
        return true;
      });
    return json.skip();
  });
}

bool readPreTokenizer(JsonReader& json, Raw& raw) {
  std::string type;
  return json.object([&](const std::string& key) {
    if (key == "type") {
      if (!json.string(type)) return false;
      raw.byteLevel = raw.byteLevel || type == "ByteLevel";
      return true;
    }
    if (key == "pretokenizers") return json.array([&] { return readPreTokenizer(json, raw); });
    if (key == "pattern")
      return json.object([&](const std::string& kind) { return kind == "Regex" ? json.string(raw.expression) : json.skip(); });
    if (key == "behavior") return json.string(raw.behavior);
    if (key == "invert") return json.boolean(raw.inverts);
    if (key == "add_prefix_space") return json.boolean(raw.prefixSpace);
    if (key == "use_regex") return json.boolean(raw.splitsAgain);
    return json.skip();
  });
}

bool readRaw(JsonReader& json, Raw& raw) {
  const bool read = json.object([&](const std::string& key) {
    if (key == "added_tokens") return json.array([&] { return readSpecial(json, raw); });
    if (key == "normalizer") {
      raw.normalizes = !json.null();
      return raw.normalizes ? json.skip() : true;
    }
    if (key == "pre_tokenizer") return readPreTokenizer(json, raw);
    if (key == "model") return readModel(json, raw);
    return json.skip();
  });
  return read && json.end();
}

// The character that stands for each byte in the file: itself where it is printable in Latin-1, else one from U+0100 on.
std::unordered_map<uint32_t, uint8_t> byteAlphabet() {
  std::unordered_map<uint32_t, uint8_t> bytes;
  uint32_t next = 0x100;
  for (uint32_t byte = 0; byte < 256; byte++) {
    const bool printable = (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;
    bytes.emplace(printable ? byte : next++, static_cast<uint8_t>(byte));
  }
  return bytes;
}

bool toBytes(const std::string& token, const std::unordered_map<uint32_t, uint8_t>& alphabet, std::string& out) {
  const auto* text = reinterpret_cast<const uint8_t*>(token.data());
  for (size_t at = 0; at < token.size();) {
    const Character c = characterAt(text, at, token.size());
    const auto found = alphabet.find(c.code);
    if (found == alphabet.end()) return false;
    out += static_cast<char>(found->second);
    at += c.bytes;
  }
  return !out.empty();
}

Error bad(const std::string& what) {
  return {"bad-model", "tokenizer.json " + what + "; install Everyline again or put the model's own tokenizer.json back"};
}

}  // namespace

Result<TokenizerFile> readTokenizerFile(std::string_view text) {
  Raw raw;
  JsonReader json(text);
  if (!readRaw(json, raw)) return bad("is damaged near byte " + std::to_string(json.position()));
  if (raw.modelType != "BPE" || raw.ignoresMerges || raw.normalizes || !raw.byteLevel || raw.prefixSpace || raw.splitsAgain || raw.inverts)
    return bad("is not a plain byte-level BPE");
  if (raw.expression != PIECE_EXPRESSION || raw.behavior != "Isolated") return bad("splits text in another way than this version of Everyline");

  const int32_t size = static_cast<int32_t>(raw.vocabulary.size());
  if (raw.vocabulary.size() < 256 || raw.vocabulary.size() > static_cast<size_t>(MOST_TOKENS)) return bad("has no usable vocabulary");
  std::unordered_set<std::string> specials;
  for (const auto& special : raw.specials) specials.insert(special.first);

  TokenizerFile file;
  file.vocabulary.resize(size);
  file.byteTokens.assign(256, UINT32_MAX);
  std::vector<bool> seen(size);
  std::unordered_map<std::string_view, uint32_t> ids;
  ids.reserve(size);
  const auto alphabet = byteAlphabet();
  for (const auto& [token, id] : raw.vocabulary) {
    if (id >= size || seen[id]) return bad("gives the id " + std::to_string(id) + " twice or leaves one out");
    seen[id] = true;
    if (specials.count(token)) continue;
    std::string& bytes = file.vocabulary[id];
    if (!toBytes(token, alphabet, bytes)) return bad("has a token that is not made of bytes, id " + std::to_string(id));
    ids.emplace(token, static_cast<uint32_t>(id));
    if (bytes.size() == 1) file.byteTokens[static_cast<uint8_t>(bytes[0])] = static_cast<uint32_t>(id);
  }
  for (uint32_t token : file.byteTokens)
    if (token == UINT32_MAX) return bad("lacks a token for some byte");

  file.merges.reserve(raw.merges.size());
  for (const auto& [left, right] : raw.merges) {
    const auto l = ids.find(left), r = ids.find(right), both = ids.find(left + right);
    if (l == ids.end() || r == ids.end() || both == ids.end()) return bad("merges a token that is not in its vocabulary");
    file.merges.push_back({l->second, r->second, both->second});
  }
  return file;
}

}  // namespace everyline::text
