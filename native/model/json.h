// Just enough JSON for config.json and a safetensors header: a value tree, no escapes beyond the simple ones.
#pragma once
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace everyline {

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

// Nothing when the text is not JSON or nests deeper than 16.
std::optional<Json> parseJson(std::string_view text);

}  // namespace everyline
