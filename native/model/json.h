// JSON as the model's files use it: a stream whose reader says what it expects, anything else fails; and a tree made of one, for small
// texts. Never reads past the end, never throws, nests at most 64 deep.
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace everyline {

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
  bool number(double& out);
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

struct Json {
  enum class Kind { null, boolean, number, string, array, object } kind = Kind::null;
  double number = 0;
  std::string string;
  std::vector<Json> array;
  std::map<std::string, Json> object;

  const Json* get(const std::string& key) const {
    auto it = object.find(key);
    return it == object.end() ? nullptr : &it->second;
  }
};

// Nothing when the text is not JSON.
std::optional<Json> parseJson(std::string_view text);

}  // namespace everyline
