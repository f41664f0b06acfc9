#include "model/json.h"

#include <charconv>

namespace everyline {

namespace {

void appendUtf8(std::string& out, uint32_t code) {
  auto tail = [&](int shift) { out += static_cast<char>(0x80 | ((code >> shift) & 0x3f)); };
  if (code < 0x80) {
    out += static_cast<char>(code);
  } else if (code < 0x800) {
    out += static_cast<char>(0xc0 | code >> 6);
    tail(0);
  } else if (code < 0x10000) {
    out += static_cast<char>(0xe0 | code >> 12);
    tail(6);
    tail(0);
  } else {
    out += static_cast<char>(0xf0 | code >> 18);
    tail(12);
    tail(6);
    tail(0);
  }
}

}  // namespace

void JsonReader::space() {
  while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) at_++;
}

bool JsonReader::at(char first) {
  space();
  return at_ < text_.size() && text_[at_] == first;
}

bool JsonReader::take(char c) {
  if (!at(c)) return false;
  at_++;
  return true;
}

bool JsonReader::word(std::string_view expected) {
  space();
  if (text_.substr(at_, expected.size()) != expected) return false;
  at_ += expected.size();
  return true;
}

bool JsonReader::end() {
  space();
  return at_ == text_.size();
}

bool JsonReader::hex(uint32_t& out) {
  if (text_.size() - at_ < 4) return false;
  out = 0;
  for (int i = 0; i < 4; i++) {
    const char c = text_[at_++];
    const int digit = c >= '0' && c <= '9' ? c - '0' : c >= 'a' && c <= 'f' ? c - 'a' + 10 : c >= 'A' && c <= 'F' ? c - 'A' + 10 : -1;
    if (digit < 0) return false;
    out = out << 4 | static_cast<uint32_t>(digit);
  }
  return true;
}

bool JsonReader::escape(std::string& out) {
  if (at_ >= text_.size()) return false;
  switch (text_[at_++]) {
    case '"': out += '"'; return true;
    case '\\': out += '\\'; return true;
    case '/': out += '/'; return true;
    case 'b': out += '\b'; return true;
    case 'f': out += '\f'; return true;
    case 'n': out += '\n'; return true;
    case 'r': out += '\r'; return true;
    case 't': out += '\t'; return true;
    case 'u': break;
    default: return false;
  }
  uint32_t code, low;
  if (!hex(code)) return false;
  if (code >= 0xd800 && code < 0xdc00) {
    if (text_.substr(at_, 2) != "\\u") return false;
    at_ += 2;
    if (!hex(low) || low < 0xdc00 || low > 0xdfff) return false;
    code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
  } else if (code >= 0xdc00 && code <= 0xdfff) {
    return false;
  }
  appendUtf8(out, code);
  return true;
}

bool JsonReader::string(std::string& out) {
  out.clear();
  if (!take('"')) return false;
  while (at_ < text_.size()) {
    const char c = text_[at_++];
    if (c == '"') return true;
    if (static_cast<unsigned char>(c) < 0x20) return false;
    if (c != '\\') out += c;
    else if (!escape(out)) return false;
  }
  return false;
}

bool JsonReader::integer(int32_t& out) {
  space();
  const size_t first = at_;
  out = 0;
  while (at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9') {
    if (at_ - first == 9) return false;
    out = out * 10 + (text_[at_++] - '0');
  }
  return at_ > first;
}

bool JsonReader::number(double& out) {
  space();
  const char* first = text_.data() + at_;
  const auto [end, error] = std::from_chars(first, text_.data() + text_.size(), out);
  at_ += static_cast<size_t>(end - first);
  return error == std::errc();
}

bool JsonReader::boolean(bool& out) {
  out = word("true");
  return out || word("false");
}

bool JsonReader::skip() {
  std::string ignored;
  bool flag;
  if (at('{')) return object([&](const std::string&) { return skip(); });
  if (at('[')) return array([&] { return skip(); });
  if (at('"')) return string(ignored);
  if (null() || boolean(flag)) return true;
  const size_t first = at_;
  while (at_ < text_.size() && std::string_view("+-.0123456789eE").find(text_[at_]) != std::string_view::npos) at_++;
  return at_ > first;
}

namespace {

bool read(JsonReader& in, Json& out) {
  bool flag;
  if (in.at('{')) {
    out.kind = Json::Kind::object;
    return in.object([&](const std::string& key) { return read(in, out.object[key]); });
  }
  if (in.at('[')) {
    out.kind = Json::Kind::array;
    return in.array([&] { return read(in, out.array.emplace_back()); });
  }
  if (in.at('"')) {
    out.kind = Json::Kind::string;
    return in.string(out.string);
  }
  if (in.null()) return true;
  if (in.boolean(flag)) {
    out.kind = Json::Kind::boolean;
    out.number = flag;
    return true;
  }
  out.kind = Json::Kind::number;
  return in.number(out.number);
}

}  // namespace

std::optional<Json> parseJson(std::string_view text) {
  JsonReader reader(text);
  Json out;
  if (!read(reader, out) || !reader.end()) return std::nullopt;
  return out;
}

}  // namespace everyline
