// Reads JSON as a stream, just enough for tokenizer.json: the caller says what it expects, anything else fails. Never reads past the end.
#pragma once
#include <cstdint>
#include <string>
#include <string_view>

namespace everyline::text {

class JsonReader {
 public:
  explicit JsonReader(std::string_view text) : text_(text) {}

  // Reads an object; member(key) must consume the value and say whether all is well.
  template <class Member>
  bool object(Member member) {
    if (!open('{')) return false;
    std::string key;
    for (bool first = true; !close('}'); first = false) {
      if (!first && !take(',')) return false;
      if (!string(key) || !take(':') || !member(key)) return false;
    }
    return true;
  }

  // Reads an array; item() must consume one value.
  template <class Item>
  bool array(Item item) {
    if (!open('[')) return false;
    for (bool first = true; !close(']'); first = false) {
      if (!first && !take(',')) return false;
      if (!item()) return false;
    }
    return true;
  }

  bool string(std::string& out);
  // An integer of at most nine digits, not negative.
  bool integer(int32_t& out);
  bool boolean(bool& out);
  // Whether a null comes next; consumes it.
  bool null() { return word("null"); }
  // Whether a value of this kind comes next, by its first character.
  bool at(char first);
  // Any value.
  bool skip();
  // Whether nothing but space is left.
  bool end();
  size_t position() const { return at_; }

 private:
  static constexpr int DEEPEST = 64;
  void space();
  bool take(char c);
  bool open(char c) { return depth_ < DEEPEST && take(c) && ++depth_; }
  bool close(char c) { return take(c) && (--depth_, true); }
  bool word(std::string_view expected);
  bool escape(std::string& out);
  bool hex(uint32_t& out);

  std::string_view text_;
  size_t at_ = 0;
  int depth_ = 0;
};

}  // namespace everyline::text
