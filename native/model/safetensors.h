// A safetensors file, mapped read-only: names to typed views. Every size is checked before anything is handed out.
#pragma once
#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "result.h"

namespace everyline {

struct Tensor {
  enum class Type { int8, float32 } type;
  std::vector<int64_t> shape;
  const uint8_t* data;
};

class Safetensors {
 public:
  // Errors: "bad-model", naming the file and what is wrong with it.
  static Result<std::shared_ptr<Safetensors>> open(const std::string& path);
  ~Safetensors();
  // Bytes of the file.
  size_t size() const { return size_; }
  const Tensor* find(const std::string& name) const;
  // The value of a key of __metadata__, or "".
  std::string metadata(const std::string& key) const;

 private:
  void* map_ = nullptr;
  size_t size_ = 0;
  std::map<std::string, Tensor> tensors_;
  std::map<std::string, std::string> metadata_;
};

}  // namespace everyline
