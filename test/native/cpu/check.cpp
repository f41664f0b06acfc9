// The CPU backend beside plain loops, every instruction set of this machine: cpu_check [MODEL]. With the model's folder the whole engine runs
// too, from several threads at once, which is what the sanitizers are for (scripts/check-native.mjs). Exit code 0 when all checks pass.
#include "../cuda/check.h"

#include <unistd.h>

#include <cstdlib>
#include <cstring>

#include "model/encoding.h"
#include "parts.h"

using namespace everyline;

int scratchFile(const std::vector<uint8_t>& bytes) {
  char name[] = "/tmp/everyline-check-XXXXXX";
  const int fd = mkstemp(name);
  if (fd < 0) std::perror(name), std::exit(2);
  unlink(name);
  for (size_t at = 0; at < bytes.size();) {
    const ssize_t n = write(fd, bytes.data() + at, bytes.size() - at);
    if (n <= 0) std::perror("write"), std::exit(2);
    at += (size_t)n;
  }
  return fd;
}

Marks::Marks(uint32_t chunks, int seed, uint32_t distinct) : chunks(chunks), bytes((size_t)chunks * 264), snapshot(std::make_shared<Snapshot>()) {
  const auto values = someBytes((size_t)(distinct ? distinct : chunks) * 256, seed);
  const float scales[2] = {1 / 74.0f, 1 / 70.0f};
  for (uint32_t c = 0; c < chunks; ++c) {
    std::memcpy(bytes.data() + (size_t)c * 264, values.data() + (size_t)(distinct ? c % distinct : c) * 256, 256);
    std::memcpy(bytes.data() + (size_t)c * 264 + 256, scales, 8);
  }
  const int fd = scratchFile(bytes);
  auto mapping = Mapping::open(fd, "landmark file");
  close(fd);
  if (!mapping) std::fprintf(stderr, "%s\n", mapping.error().message.c_str()), std::exit(2);
  snapshot->precision = Precision::stored;
  snapshot->landmarks = *mapping;
  for (uint32_t c = 0; c < chunks; ++c) snapshot->rows.push_back(c);
}

int main(int argc, char** argv) {
  for (const char* isa : {"avx512", "avxvnni", "avx2", "neon", "baseline"}) {
    const Kernels* kernels = chooseKernels(isa);
    if (!kernels) continue;
    checkKernels(*kernels);
    if (argc > 1) checkEngine(argv[1], isa);
  }
  return verdict();
}
