// The GPU backend beside the fixtures and the CPU: cuda_check LIBRARY MODEL [speed]. Exit code 0 when all checks pass.
#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <random>
#include <sstream>

#include "backend/cuda.h"
#include "check.h"
#include "cpu/engine.h"
#include "model/json.h"

using namespace everyline;

namespace {

const std::atomic<bool> never{false};
std::atomic<int64_t> counted{0};

std::vector<int32_t> idsOf(const Json& list) {
  std::vector<int32_t> out;
  for (const Json& n : list.array) out.push_back((int32_t)n.number);
  return out;
}

std::vector<int32_t> someIds(size_t n, int seed) {
  std::mt19937 random(seed);
  std::vector<int32_t> out(n);
  for (auto& id : out) id = 8 + (int32_t)(random() % 30000);
  return out;
}

double cosine(const float* a, const float* b, int n) {
  double ab = 0, aa = 0, bb = 0;
  for (int i = 0; i < n; ++i) ab += a[i] * b[i], aa += a[i] * a[i], bb += b[i] * b[i];
  return ab / std::sqrt(aa * bb);
}

// A stored landmark's 256 numbers.
std::vector<float> landmarkOf(const EncodedChunks& e, int chunk) {
  const uint8_t* at = e.landmarks.data() + chunk * 264;
  std::vector<float> out(256);
  for (int i = 0; i < 256; ++i) {
    float scale;
    std::memcpy(&scale, at + 256 + i / 128 * 4, 4);
    out[i] = (int8_t)at[i] * scale;
  }
  return out;
}

float halfValue(uint16_t h) {
  uint32_t bits = (uint32_t)h << 13;
  float f;
  std::memcpy(&f, &bits, 4);
  return f * 0x1p112f;
}

// Key or value of a token, head and dimension, and its row's step.
float stored(const EncodedChunks& e, int chunk, int token, int head, int d, bool value, float& step) {
  const uint8_t* at = e.kv.data() + chunk * 64 * 264 + head * 8448;
  uint16_t h;
  std::memcpy(&h, at + 8192 + (value ? 128 : 0) + token * 2, 2);
  step = halfValue(h);
  return (int8_t)at[value ? 4096 + token / 4 * 256 + d * 4 + token % 4 : d / 4 * 256 + token * 4 + d % 4] * step;
}

// Encodings in files that memories attach.
struct Files {
  int landmarks, segment;
  std::vector<Place> places;

  Files() {
    char a[] = "/tmp/everyline-landmarks-XXXXXX", b[] = "/tmp/everyline-segment-XXXXXX";
    landmarks = mkstemp(a);
    segment = mkstemp(b);
    unlink(a);
    unlink(b);
  }
  ~Files() {
    close(landmarks);
    close(segment);
  }
  void add(const EncodedChunks& e, size_t tokens) {
    const int64_t row = lseek(landmarks, 0, SEEK_END) / 264, offset = lseek(segment, 0, SEEK_END);
    if (write(landmarks, e.landmarks.data(), e.landmarks.size()) < 0 || write(segment, e.kv.data(), e.kv.size()) < 0) std::abort();
    places.push_back({(int32_t)places.size() + 1, row, e.chunks, (int32_t)tokens, 0, offset});
  }
  // `chunks` chunks whose landmarks are random or all alike, whose keys and values are holes: zero.
  void synthetic(int chunks, bool alike) {
    std::mt19937 random(7);
    std::vector<uint8_t> rows((size_t)chunks * 264);
    const float scale = 1.0f / 64;
    for (int c = 0; c < chunks; ++c) {
      for (int i = 0; i < 256; ++i) rows[(size_t)c * 264 + i] = alike ? (uint8_t)(i % 100) : (uint8_t)((int)(random() % 255) - 127);
      std::memcpy(rows.data() + (size_t)c * 264 + 256, &scale, 4);
      std::memcpy(rows.data() + (size_t)c * 264 + 260, &scale, 4);
    }
    int64_t row = lseek(landmarks, 0, SEEK_END) / 264, offset = lseek(segment, 0, SEEK_END);
    for (size_t at = 0; at < rows.size();) {
      const ssize_t n = write(landmarks, rows.data() + at, rows.size() - at);
      if (n <= 0) std::abort();
      at += n;
    }
    if (ftruncate(segment, offset + (int64_t)chunks * 64 * 264) != 0) std::abort();
    for (int c = 0; c < chunks;) {
      const int n = std::min(40, chunks - c);
      places.push_back({(int32_t)places.size() + 1, row, n, n * 64, 0, offset});
      c += n;
      row += n;
      offset += (int64_t)n * 64 * 264;
    }
  }
  void attach(Memory& memory) const {
    if (!memory.attachLandmarks(landmarks) || !memory.attachSegment(0, segment)) std::abort();
    auto added = memory.add(places);
    if (!added) std::printf("%s\n", added.error().message.c_str());
  }
};

int greatest(const std::vector<float>& v) { return (int)(std::max_element(v.begin(), v.end()) - v.begin()); }

template <class T>
T must(Result<T> result) {
  if (!result) {
    std::printf("FAIL  %s: %s\n", result.error().code, result.error().message.c_str());
    std::exit(1);
  }
  return std::move(*result);
}

void fixtures(Backend& gpu, const std::string& model, const char* name, Engine& cpu) {
  std::printf("\n%s.json\n", name);
  std::ifstream stream(model + "/fixtures/" + name + ".json");
  std::stringstream text;
  text << stream.rdbuf();
  const auto json = parseJson(text.str());
  if (!json) return check(false, "%s.json cannot be read", name);
  std::vector<EncodeInput> inputs;
  for (const Json& d : json->get("documents")->array) {
    auto ids = idsOf(*d.get("ids"));
    while (!ids.empty() && ids.back() == 0) ids.pop_back();
    inputs.push_back({ids, 0});
  }
  const auto encoded = must(gpu.encode(inputs, never, counted));
  double worst = 1, worstStep = 0;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const Json& d = json->get("documents")->array[i];
    const auto compare = [&](const Json& list, size_t from, int chunk) {
      const auto mine = landmarkOf(encoded[i], chunk);
      float wanted[256];
      for (int k = 0; k < 256; ++k) wanted[k] = (float)list.array[from + k].number;
      for (int head = 0; head < 2; ++head) worst = std::min(worst, cosine(mine.data() + head * 128, wanted + head * 128, 128));
    };
    const int last = encoded[i].chunks - 1;
    if (const Json* all = d.get("landmarks"))
      for (int c = 0; c <= last; ++c) compare(*all, (size_t)c * 256, c);
    if (const Json* first = d.get("landmarks_first")) compare(*first, 0, 0);
    if (const Json* end = d.get("landmarks_last")) compare(*end, 0, last);
    for (int part = 0; part < 2; ++part) {
      const Json* kv = d.get(part ? "v" : "k");
      if (!kv) continue;
      for (int n = 0; n < 2 * 64 * 128; ++n) {
        float step;
        const float mine = stored(encoded[i], n / 8192 ? last : 0, n / 128 % 64, n / 64 % 2, n % 64, part, step);
        worstStep = std::max(worstStep, std::fabs(mine - kv->array[n].number) / step);
      }
    }
  }
  check(worst >= 0.9995, "landmarks' least cosine with the reference %.6f", worst);
  check(worstStep < 1.0, "keys and values at most %.3f int8 steps from the reference (0.5: perfect rounding)", worstStep);

  Files files;
  for (size_t i = 0; i < inputs.size(); ++i) files.add(encoded[i], inputs[i].ids.size());
  Memory memory(Precision::stored);
  files.attach(memory);
  files.attach(cpu.memory());
  const auto snapshot = memory.snapshot();
  int same = 0, all = 0, firsts = 0, greedy = 0, cases = 0;
  double logits = 0, scores = 0;
  for (const Json& c : json->get("cases")->array) {
    ++cases;
    auto ids = idsOf(*c.get("ids"));
    std::set<int32_t> wanted;
    const auto theirs = must(cpu.search(ids, 2)).scores;
    const auto mine = must(gpu.search(ids, 2, snapshot, never, wanted));
    for (size_t k = 0; k < mine.size(); ++k) scores = std::max(scores, (double)std::fabs(mine[k] - theirs[k]));
    auto decoder = must(gpu.decoder());
    auto step = must(decoder->advance(ids, snapshot, {}, never, wanted));
    firsts += greatest(step.logits) == (int)c.get("top_ids")->array[0].number;
    for (size_t k = 0; k < 10; ++k)
      logits = std::max(logits, std::fabs(step.logits[(int)c.get("top_ids")->array[k].number] - c.get("top_logits")->array[k].number));
    for (int layer = 0; layer < 2; ++layer)
      for (int head = 0; head < 2; ++head) {
        const Json& best = c.get("best")->array[layer].array[head];
        for (size_t k = 0; k < best.array.size() && k < 16; ++k) {
          const auto at = step.chosen.begin() + (layer * 2 + head) * 16;
          same += std::find(at, at + 16, (int)best.array[k].number) != at + 16;
          ++all;
        }
      }
    bool right = true;
    for (const Json& token : c.get("greedy")->array) {
      right = right && greatest(step.logits) == (int)token.number;
      ids.push_back((int32_t)token.number);
      step = must(decoder->advance(ids, snapshot, {}, never, wanted));
    }
    greedy += right;
  }
  check(firsts == cases, "first token of %d of %d cases", firsts, cases);
  // One case of large.json ends in a tie nearer (0.05) than int8 keys and values are.
  check(greedy >= cases - 1, "greedy tokens of %d of %d cases", greedy, cases);
  check(same >= 0.97 * all, "%d of %d of the reference's best 16 chosen", same, all);
  check(logits < 0.25, "ten best logits at most %.4f from the reference", logits);
  check(scores < 0.1, "search scores at most %.4f from the CPU's", scores);
}

bool equal(const EncodedChunks& a, const EncodedChunks& b) { return a.landmarks == b.landmarks && a.kv == b.kv; }

void encodes(Backend& gpu, Engine& exact) {
  std::printf("\nencodes\n");
  std::vector<EncodeInput> inputs;
  int seed = 1;
  for (int n : {1, 63, 64, 65, 127, 129, 257, 1000, 4097, 17000, 0, 5}) inputs.push_back({someIds(n, seed++), 0});
  const auto together = must(gpu.encode(inputs, never, counted));
  int alone = 0, again = 0;
  for (size_t i = 0; i < inputs.size(); ++i) alone += equal(must(gpu.encode({inputs[i]}, never, counted))[0], together[i]);
  check(alone == (int)inputs.size(), "bit-equal alone and in a batch: %d of %zu documents", alone, inputs.size());
  for (int first : {0, 1, 16, 17, 40, 66}) {
    EncodeInput part = inputs[9];
    part.firstChunk = first;
    const auto e = must(gpu.encode({part}, never, counted))[0];
    again += std::equal(e.kv.begin(), e.kv.end(), together[9].kv.begin() + (size_t)first * 64 * 264) &&
             std::equal(e.landmarks.begin(), e.landmarks.end(), together[9].landmarks.begin() + (size_t)first * 264);
  }
  check(again == 6, "bit-equal from a chunk on: %d of 6", again);
  const auto bad = gpu.encode({{{1, 2, 99999}, 0}}, never, counted);
  check(!bad && std::string(bad.error().code) == "bad-argument", "an unknown token is a bad argument");
  const std::atomic<bool> stop{true};
  const auto stopped = gpu.encode(inputs, stop, counted);
  check(!stopped && std::string(stopped.error().code) == "cancelled", "a stopped encode is cancelled");
  check(equal(must(gpu.encode({inputs[3]}, never, counted))[0], together[3]), "and the next one works");

  const std::vector<EncodeInput> few(inputs.begin(), inputs.begin() + 9);
  const auto reference = must(exact.encode(few, exact.encodeEpoch()));
  double worst = 1;
  for (size_t i = 0; i < few.size(); ++i)
    for (int c = 0; c < reference[i].chunks; ++c) {
      const auto mine = landmarkOf(together[i], c);
      const float* theirs = (const float*)(reference[i].landmarks.data() + (size_t)c * 1024);
      for (int head = 0; head < 2; ++head) worst = std::min(worst, cosine(mine.data() + head * 128, theirs + head * 128, 128));
    }
  check(worst >= 0.9995, "landmarks of random ids: least cosine with the float path %.6f", worst);
}

// The same questions on both backends, over synthetic memories.
void memories(Backend& gpu, const std::string& model) {
  std::printf("\nmemories\n");
  struct {
    const char* name;
    int chunks;
    bool alike;
  } cases[] = {{"empty", 0, false}, {"one chunk", 1, false}, {"seven chunks", 7, false}, {"all alike", 3000, true}, {"300,000 chunks", 300000, false}};
  for (const auto& c : cases) {
    Files files;
    if (c.chunks) files.synthetic(c.chunks, c.alike);
    auto exact = must(Engine::load({model, 0, "", Precision::stored}));
    Memory memory(Precision::stored);
    if (c.chunks) {
      files.attach(memory);
      files.attach(exact->memory());
    }
    const auto ids = someIds(150, 99);
    std::set<int32_t> wanted;
    auto mine = must(must(gpu.decoder())->advance(ids, memory.snapshot(), {}, never, wanted));
    auto session = exact->session();
    const auto theirs = must(session->begin(ids, {}));
    int same = 0;
    for (int k = 0; k < 64; ++k) {
      const auto at = mine.chosen.begin() + k / 16 * 16;
      same += std::find(at, at + 16, theirs.chosen[k]) != at + 16;
    }
    double difference = 0;
    for (size_t k = 0; k < mine.logits.size(); ++k) difference = std::max(difference, (double)std::fabs(mine.logits[k] - theirs.logits[k]));
    const auto scores = must(gpu.search(someIds(20, 5), 2, memory.snapshot(), never, wanted));
    const auto reference = must(exact->search(someIds(20, 5), 2)).scores;
    double worst = scores.size() == reference.size() ? 0 : 1e9;
    for (size_t k = 0; k < scores.size() && worst < 1e9; ++k) worst = std::max(worst, (double)std::fabs(scores[k] - reference[k]));
    check(same >= 58 && difference < 0.5 && worst < 0.3, "%s: %d of 64 chosen alike, logits within %.3f, scores within %.4f", c.name, same, difference, worst);
    if (c.alike) {
      bool first = true;
      for (int k = 0; k < 64; ++k) first = first && (mine.chosen[k] < 0 || mine.chosen[k] < 16);
      check(first, "equal scores: the lowest chunks are chosen");
      // Hidden and evicted documents.
      auto hiding = must(must(gpu.decoder())->advance(ids, memory.snapshot(), {1, 2}, never, wanted));
      bool hidden = true;
      for (int k : hiding.chosen) hidden = hidden && (k < 0 || k >= 80);
      check(hidden, "hidden documents are not chosen");
      if (!memory.detachSegment(0)) std::abort();
      wanted.clear();
      auto evicted = must(must(gpu.decoder())->advance(ids, memory.snapshot(), {}, never, wanted));
      const bool none = std::all_of(evicted.chosen.begin(), evicted.chosen.end(), [](int k) { return k < 0; });
      check(none && wanted.count(1) == 1, "evicted documents are not chosen but wanted (%zu)", wanted.size());
    }
  }
}

// A decoder that goes on equals one that begins anew.
void decodes(Backend& gpu) {
  std::printf("\ndecodes\n");
  Files files;
  files.synthetic(500, false);
  Memory memory(Precision::stored);
  files.attach(memory);
  const auto snapshot = memory.snapshot();
  std::set<int32_t> wanted;
  const auto ids = someIds(1500, 3);
  auto steps = must(gpu.decoder());
  Step last;
  for (size_t n : {1u, 2u, 63u, 64u, 65u, 200u, 1100u, 1499u, 1500u})
    last = must(steps->advance({ids.begin(), ids.begin() + n}, snapshot, {}, never, wanted));
  const auto whole = must(must(gpu.decoder())->advance(ids, snapshot, {}, never, wanted));
  double difference = 0;
  for (size_t k = 0; k < whole.logits.size(); ++k) difference = std::max(difference, (double)std::fabs(whole.logits[k] - last.logits[k]));
  check(difference == 0 && whole.chosen == last.chosen, "step by step equals at once (logits within %.2g)", difference);
  check(last.computed == 1, "a longer context computes its new tokens only");
  auto changed = ids;
  changed[700] = 11;
  const auto a = must(steps->advance(changed, snapshot, {}, never, wanted)), b = must(must(gpu.decoder())->advance(changed, snapshot, {}, never, wanted));
  check(a.logits == b.logits && a.computed == 800, "a change in the middle keeps the prefix");
}

void speed(Backend& gpu) {
  std::printf("\nspeed\n");
  std::vector<EncodeInput> inputs;
  for (int i = 0; i < 700; ++i) inputs.push_back({someIds(3000, i), 0});
  must(gpu.encode(inputs, never, counted));
  double best = 1e9;
  for (int i = 0; i < 3; ++i) {
    const double start = seconds();
    must(gpu.encode(inputs, never, counted));
    best = std::min(best, seconds() - start);
  }
  std::printf("encode of 700 documents, 2.1 M tokens, into host memory: %.3f s, %.2f M tokens/s\n", best, 2.1 / best);
  Files files;
  files.synthetic(312500, false);
  for (int chunks : {46875, 250000, 312500}) {
    Files some;
    some.places.assign(files.places.begin(), files.places.begin() + (chunks + 39) / 40);
    std::swap(some.landmarks, files.landmarks);
    std::swap(some.segment, files.segment);
    Memory memory(Precision::stored);
    some.attach(memory);
    std::swap(some.landmarks, files.landmarks);
    std::swap(some.segment, files.segment);
    const auto snapshot = memory.snapshot();
    std::set<int32_t> wanted;
    double search = 1e9, prefill = 1e9, decode = 1e9;
    const auto question = someIds(16, 1);
    for (int i = 0; i < 7; ++i) {
      const double start = seconds();
      must(gpu.search(question, 2, snapshot, never, wanted));
      search = std::min(search, seconds() - start);
    }
    const auto ids = someIds(4096, 2);
    auto decoder = must(gpu.decoder());
    for (int i = 0; i < 4; ++i) {
      auto mine = ids;
      mine[0] = 10;
      const double start = seconds();
      must(decoder->advance(mine, snapshot, {}, never, wanted));
      prefill = std::min(prefill, seconds() - start);
      mine[0] = 11;
      must(decoder->advance({mine.begin(), mine.begin() + 1}, snapshot, {}, never, wanted));
    }
    auto context = someIds(600, 4);
    must(decoder->advance(context, snapshot, {}, never, wanted));
    for (int round = 0; round < 3; ++round) {
      const double start = seconds();
      for (int i = 0; i < 50; ++i) {
        context.push_back(100 + i);
        must(decoder->advance(context, snapshot, {}, never, wanted));
      }
      decode = std::min(decode, (seconds() - start) / 50);
    }
    std::printf("memory of %.1f M tokens: search %.2f ms, prefill %.0f tokens/s, decode %.0f tokens/s\n", snapshot->chunks() * 64e-6, search * 1e3, 4096 / prefill, 1 / decode);
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::printf("cuda_check LIBRARY MODEL [speed]\n"), 2;
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string model = argv[2];
  const double start = seconds();
  auto gpu = must(openCuda(argv[1], model, 0));
  std::printf("%s, ready after %.2f s\n", gpu->detail().c_str(), seconds() - start);
  for (const char* name : {"fixtures", "large"}) {
    auto cpu = must(Engine::load({model, 0, "", Precision::stored}));
    fixtures(*gpu, model, name, *cpu);
  }
  encodes(*gpu, *must(Engine::load({model, 0, "", Precision::exact})));
  decodes(*gpu);
  memories(*gpu, model);
  if (argc > 3) speed(*gpu);
  const auto little = openCuda(argv[1], model, 200u << 20);
  if (little) {
    const auto e = (*little)->encode({{someIds(100, 1), 0}}, never, counted);
    check(!e && std::string(e.error().code) == "no-memory", "too little memory allowed is said: %s", e ? "" : e.error().message.c_str());
  }
  return verdict();
}
