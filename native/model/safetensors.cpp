// Maps a safetensors file: 8 bytes of header size, a JSON header, then the tensors.
#include "model/safetensors.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include "model/json.h"

namespace everyline {

namespace {

Error damaged(const std::string& path, const std::string& what) {
  return {"bad-model", "The model file " + path + " is damaged: " + what + ". Install the extension again or restore the file."};
}

// Nothing when the entry is not a tensor that lies inside `size` bytes.
std::optional<Tensor> tensorOf(const Json& entry, const uint8_t* data, size_t size) {
  const Json* type = entry.get("dtype");
  const Json* shape = entry.get("shape");
  const Json* offsets = entry.get("data_offsets");
  if (!type || !shape || !offsets || offsets->array.size() != 2) return std::nullopt;
  Tensor t{};
  size_t width;
  if (type->string == "I8") t.type = Tensor::Type::int8, width = 1;
  else if (type->string == "F32") t.type = Tensor::Type::float32, width = 4;
  else return std::nullopt;
  double count = 1;
  for (const Json& n : shape->array) {
    if (n.number < 0 || n.number > 1e9) return std::nullopt;
    t.shape.push_back((int64_t)n.number);
    count *= n.number;
  }
  double first = offsets->array[0].number, last = offsets->array[1].number;
  if (first < 0 || last < first || last > (double)size || last - first != count * (double)width) return std::nullopt;
  t.data = data + (size_t)first;
  return t;
}

}  // namespace

Result<std::shared_ptr<Safetensors>> Safetensors::open(const std::string& path) {
  int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return Error{"bad-model", "The model file " + path + " cannot be opened: " + std::strerror(errno) + "."};
  struct stat st;
  if (fstat(fd, &st) != 0 || st.st_size < 8) {
    ::close(fd);
    return damaged(path, "it is too short");
  }
  auto file = std::make_shared<Safetensors>();
  file->size_ = (size_t)st.st_size;
  void* map = mmap(nullptr, file->size_, PROT_READ, MAP_PRIVATE, fd, 0);
  ::close(fd);
  if (map == MAP_FAILED) return Error{"no-memory", "The model file " + path + " cannot be mapped: " + std::strerror(errno) + "."};
  file->map_ = map;

  const uint8_t* bytes = (const uint8_t*)map;
  uint64_t headerSize;
  std::memcpy(&headerSize, bytes, 8);
  if (headerSize > file->size_ - 8 || headerSize > 1 << 24) return damaged(path, "its header does not fit in the file");
  auto header = parseJson({(const char*)bytes + 8, (size_t)headerSize});
  if (!header || header->kind != Json::Kind::object) return damaged(path, "its header is not JSON");
  const uint8_t* data = bytes + 8 + headerSize;
  for (const auto& [name, entry] : header->object) {
    if (name == "__metadata__") {
      for (const auto& [key, value] : entry.object) file->metadata_[key] = value.string;
      continue;
    }
    auto tensor = tensorOf(entry, data, file->size_ - 8 - headerSize);
    if (!tensor) return damaged(path, "tensor " + name + " has a wrong type or size, or lies outside the file");
    file->tensors_[name] = *tensor;
  }
  return file;
}

Safetensors::~Safetensors() {
  if (map_) munmap(map_, size_);
}

const Tensor* Safetensors::find(const std::string& name) const {
  auto it = tensors_.find(name);
  return it == tensors_.end() ? nullptr : &it->second;
}

std::string Safetensors::metadata(const std::string& key) const {
  auto it = metadata_.find(key);
  return it == metadata_.end() ? "" : it->second;
}

}  // namespace everyline
