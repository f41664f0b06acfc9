// A recursive descent over JSON text; bounded depth, no exceptions.
#include "model/json.h"

#include <charconv>

namespace everyline {

namespace {

class Parser {
 public:
  explicit Parser(std::string_view text) : text_(text) {}

  bool value(Json& out, int depth) {
    space();
    if (depth > 16 || at_ >= text_.size()) return false;
    switch (text_[at_]) {
      case '{': return object(out, depth);
      case '[': return array(out, depth);
      case '"': out.kind = Json::Kind::string; return string(out.string);
      case 't': out.kind = Json::Kind::boolean; out.number = 1; return word("true");
      case 'f': out.kind = Json::Kind::boolean; return word("false");
      case 'n': return word("null");
      default: return number(out);
    }
  }

  bool atEnd() {
    space();
    return at_ == text_.size();
  }

 private:
  void space() {
    while (at_ < text_.size() && (text_[at_] == ' ' || text_[at_] == '\n' || text_[at_] == '\t' || text_[at_] == '\r')) ++at_;
  }

  bool take(char c) {
    space();
    if (at_ >= text_.size() || text_[at_] != c) return false;
    ++at_;
    return true;
  }

  bool word(std::string_view w) {
    if (text_.substr(at_, w.size()) != w) return false;
    at_ += w.size();
    return true;
  }

  bool number(Json& out) {
    out.kind = Json::Kind::number;
    const char* first = text_.data() + at_;
    auto [end, error] = std::from_chars(first, text_.data() + text_.size(), out.number);
    at_ += (size_t)(end - first);
    return error == std::errc();
  }

  bool string(std::string& out) {
    if (!take('"')) return false;
    while (at_ < text_.size()) {
      char c = text_[at_++];
      if (c == '"') return true;
      if (c == '\\') {
        if (at_ >= text_.size()) return false;
        c = text_[at_++];
        if (c == 'n') c = '\n';
        else if (c == 't') c = '\t';
        else if (c != '"' && c != '\\' && c != '/') return false;
      }
      out += c;
    }
    return false;
  }

  bool array(Json& out, int depth) {
    out.kind = Json::Kind::array;
    take('[');
    if (take(']')) return true;
    do {
      if (!value(out.array.emplace_back(), depth + 1)) return false;
    } while (take(','));
    return take(']');
  }

  bool object(Json& out, int depth) {
    out.kind = Json::Kind::object;
    take('{');
    if (take('}')) return true;
    do {
      std::string key;
      space();
      if (!string(key) || !take(':') || !value(out.object[key], depth + 1)) return false;
    } while (take(','));
    return take('}');
  }

  std::string_view text_;
  size_t at_ = 0;
};

}  // namespace

std::optional<Json> parseJson(std::string_view text) {
  Parser parser(text);
  Json out;
  if (!parser.value(out, 0) || !parser.atEnd()) return std::nullopt;
  return out;
}

}  // namespace everyline
