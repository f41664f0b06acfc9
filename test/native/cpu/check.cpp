// The CPU backend beside plain loops, every instruction set of this machine: cpu_check CHUNKS [MODEL]. CHUNKS are those of the largest
// memory that is scanned. With the model's folder the whole engine runs too, from several threads at once, which is what the sanitizers are for
// (scripts/check-native.mjs). Exit code 0 when all checks pass.
#include "../cuda/check.h"

#include <unistd.h>

#include <cmath>
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

namespace {

std::shared_ptr<Snapshot> snapshotOf(Precision precision, const std::vector<uint8_t>& landmarks, uint32_t chunks) {
  const int fd = scratchFile(landmarks);
  auto mapping = Mapping::open(fd, "landmark file");
  close(fd);
  if (!mapping) std::fprintf(stderr, "%s\n", mapping.error().message.c_str()), std::exit(2);
  auto snapshot = std::make_shared<Snapshot>();
  snapshot->precision = precision;
  snapshot->landmarks = *mapping;
  for (uint32_t c = 0; c < chunks; ++c) snapshot->rows.push_back(c);
  return snapshot;
}

}  // namespace

Marks::Marks(uint32_t chunks, int seed, uint32_t distinct) : chunks(chunks), floats((size_t)chunks * 256), bytes((size_t)chunks * landmarkBytes(Precision::stored)) {
  std::mt19937 bits(seed);
  for (uint32_t c = 0; c < chunks; ++c) {
    float* mark = floats.data() + (size_t)c * 256;
    if (distinct && c >= distinct) {
      std::memcpy(mark, mark - (size_t)distinct * 256, 256 * sizeof(float));
    } else {
      for (int head = 0; head < 2; ++head) {
        double squares = 1e-9;
        for (int i = 0; i < 128; ++i) {
          const float x = mark[head * 128 + i] = (float)((int)(bits() >> 8) - (1 << 23));
          squares += (double)x * x;
        }
        for (int i = 0; i < 128; ++i) mark[head * 128 + i] *= (float)std::sqrt(128 / squares);
      }
    }
    storeLandmark(Precision::stored, mark, bytes.data() + (size_t)c * landmarkBytes(Precision::stored));
  }
  snapshot = snapshotOf(Precision::stored, bytes, chunks);
  std::vector<uint8_t> raw(floats.size() * sizeof(float));
  if (!raw.empty()) std::memcpy(raw.data(), floats.data(), raw.size());
  exact = snapshotOf(Precision::exact, raw, chunks);
}

int main(int argc, char** argv) {
  if (argc < 2) return std::fprintf(stderr, "cpu_check CHUNKS [MODEL]\n"), 2;
  for (const char* isa : {"avx512", "avxvnni", "avx2", "neon", "baseline"}) {
    const Kernels* kernels = chooseKernels(isa);
    if (!kernels) continue;
    checkKernels(*kernels, (uint32_t)std::atoi(argv[1]));
    if (argc > 2) checkEngine(argv[2], isa);
  }
  return verdict();
}
