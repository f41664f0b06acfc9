// The GPU backend beside the fixtures and the CPU: cuda_check LIBRARY MODEL [small | brief | speed | idle | limits | faults]. Exit code 0 when all checks pass.
#include <algorithm>
#include <cmath>
#include <cstring>
#include <fstream>
#include <sstream>
#include <thread>

#include "backend/cuda.h"
#include "cpu/engine.h"
#include "data.h"

using namespace everyline;

namespace {

// An engine that has encoded the inputs itself and remembers them.
std::shared_ptr<Engine> remembering(const std::string& model, Precision precision, const std::vector<EncodeInput>& inputs) {
  auto engine = must(Engine::load({model, 0, "", precision, "cpu"}));
  const auto encoded = must(engine->encode(inputs, engine->encodeEpoch()));
  Files files;
  for (size_t i = 0; i < inputs.size(); ++i) files.add(encoded[i], inputs[i].ids.size());
  files.attach(engine->memory());
  return engine;
}

// Another token than the reference's is right where the two are nearer than the stored form's rounding: by how much they differ in the
// model's own arithmetic (the CPU's float path), on the CPU with stored encodings, and here.
bool nearTie(Engine& exact, Engine& cpu, const Step& mine, const std::vector<int32_t>& ids, int reference, const std::string& name) {
  const int other = greatest(mine.logits);
  const auto margin = [&](const Step& s) { return s.logits[reference] - s.logits[other]; };
  const float model = margin(must(exact.session()->begin(ids, {}))), stored = margin(must(cpu.session()->begin(ids, {})));
  const bool near = std::fabs(model) < 0.1f;
  check(near, "%s: token %d where the reference has %d, whose logit is greater by %.4f in float, %.4f on the CPU, %.4f here", name.c_str(), other, reference, model, stored,
        margin(mine));
  return near;
}

void fixtures(Backend& gpu, const std::string& model, const char* name) {
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
  const auto cpu = must(Engine::load({model, 0, "", Precision::stored, "cpu"}));
  files.attach(cpu->memory());
  const auto exact = remembering(model, Precision::exact, inputs);
  const auto snapshot = memory.snapshot();
  int same = 0, all = 0, firsts = 0, greedy = 0, cases = 0;
  double logits = 0, scores = 0;
  for (const Json& c : json->get("cases")->array) {
    ++cases;
    auto ids = idsOf(*c.get("ids"));
    std::set<int32_t> wanted;
    const auto theirs = must(cpu->search(ids, 2)).scores;
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
      const int reference = (int)token.number;
      if (greatest(step.logits) != reference) {
        right = nearTie(*exact, *cpu, step, ids, reference, c.get("name") ? c.get("name")->string : "case " + std::to_string(cases));
        break;  // what follows answers another text
      }
      ids.push_back(reference);
      step = must(decoder->advance(ids, snapshot, {}, never, wanted));
    }
    greedy += right;
  }
  check(firsts == cases, "first token of %d of %d cases", firsts, cases);
  check(greedy == cases, "greedy tokens of %d of %d cases, near ties aside", greedy, cases);
  check(same >= 0.97 * all, "%d of %d of the reference's best 16 chosen", same, all);
  check(logits < 0.25, "ten best logits at most %.4f from the reference", logits);
  check(scores < 0.1, "search scores at most %.4f from the CPU's", scores);
}

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
    const auto cpu = must(Engine::load({model, 0, "", Precision::stored, "cpu"}));
    Memory memory(Precision::stored);
    if (c.chunks) {
      files.attach(memory);
      files.attach(cpu->memory());
    }
    const auto ids = someIds(150, 99);
    std::set<int32_t> wanted;
    auto mine = must(must(gpu.decoder())->advance(ids, memory.snapshot(), {}, never, wanted));
    auto session = cpu->session();
    const auto theirs = must(session->begin(ids, {}));
    int same = 0;
    for (int k = 0; k < 64; ++k) {
      const auto at = mine.chosen.begin() + k / 16 * 16;
      same += std::find(at, at + 16, theirs.chosen[k]) != at + 16;
    }
    double difference = 0;
    for (size_t k = 0; k < mine.logits.size(); ++k) difference = std::max(difference, (double)std::fabs(mine.logits[k] - theirs.logits[k]));
    const auto scores = must(gpu.search(someIds(20, 5), 2, memory.snapshot(), never, wanted));
    const auto reference = must(cpu->search(someIds(20, 5), 2)).scores;
    double worst = scores.size() == reference.size() ? 0 : 1e9;
    for (size_t k = 0; k < scores.size() && worst < 1e9; ++k) worst = std::max(worst, (double)std::fabs(scores[k] - reference[k]));
    check(same >= 58 && difference < 0.5 && worst < 0.1, "%s: %d of 64 chosen alike, logits within %.3f, scores within %.4f", c.name, same, difference, worst);
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
  const auto told = must(steps->advance(ids, snapshot, {}, never, wanted, 15));
  bool alike = told.before.size() == 15 && told.logits == whole.logits && told.chosen == whole.chosen;
  for (size_t i = 0; i < told.before.size(); ++i) {
    const auto alone = must(must(gpu.decoder())->advance({ids.begin(), ids.begin() + (long)(1485 + i)}, snapshot, {}, never, wanted));
    alike = alike && told.before[i].logits == alone.logits && told.before[i].chosen == alone.chosen;
  }
  check(alike, "the states of the 15 tokens before the last are those of each as the last");
}

// Device memory is given back when nobody calls, and what comes after goes on as if it had not been.
void idles(const CudaOptions& options) {
  std::printf("\nidle\n");
  const auto gpu = must(openCuda({options.library, options.model, 0, 1.0}));
  Files files;
  files.synthetic(5000, false);
  Memory memory(Precision::stored);
  files.attach(memory);
  const auto snapshot = memory.snapshot();
  std::set<int32_t> wanted;
  const auto ids = someIds(300, 8);
  const auto decoder = must(gpu->decoder());
  const auto used = [](const char* when) {
    std::printf("%s, the driver says of the whole GPU: ", when);
    std::fflush(stdout);
    if (std::system("nvidia-smi --query-gpu=memory.used --format=csv,noheader") != 0) std::printf("nothing\n");
  };
  const auto scores = must(gpu->search(ids, 2, snapshot, never, wanted));
  const auto step = must(decoder->advance(ids, snapshot, {}, never, wanted));
  check(gpu->deviceBytes() > (100u << 20), "in use: %.0f MiB held", gpu->deviceBytes() / 1048576.0);
  used("in use");
  std::this_thread::sleep_for(std::chrono::milliseconds(1800));
  check(gpu->deviceBytes() == 0, "idle for 1 s: %.0f MiB held", gpu->deviceBytes() / 1048576.0);
  used("idle");
  const double start = seconds();
  const bool same = must(gpu->search(ids, 2, snapshot, never, wanted)) == scores;
  std::printf("the first search after that took %.2f s\n", seconds() - start);
  check(same && must(decoder->advance(ids, snapshot, {}, never, wanted)).logits == step.logits, "the same scores and logits after that");
}

// What a checking tool, under which all is slow, gets through.
void small(const CudaOptions& options) {
  auto gpu = must(openCuda(options));
  fixtures(*gpu, options.model, "fixtures");
  decodes(*gpu);
}

// Each kernel at least once, in as few blocks as that takes: for racecheck, which needs some thousand times as long. 3,200 tokens encoded take the
// large matrix tiles, single tokens the small ones; 70,000 chunks the scan with a first pass, for few tokens, some and many.
void brief(const CudaOptions& options) {
  auto gpu = must(openCuda(options));
  const auto encoded = must(gpu->encode({{someIds(3200, 1), 0}}, never, counted));
  check(encoded[0].chunks == 50, "an encode");
  Files files;
  files.synthetic(70000, false);
  Memory memory(Precision::stored);
  files.attach(memory);
  std::set<int32_t> wanted;
  for (const int tokens : {3, 20})
    check(must(gpu->search(someIds(tokens, 2), 2, memory.snapshot(), never, wanted)).size() == 70000, "a search of %d tokens", tokens);
  auto decoder = must(gpu->decoder());
  const auto ids = someIds(642, 3);
  for (const size_t n : {640u, 641u, 642u})
    check(must(decoder->advance({ids.begin(), ids.begin() + n}, memory.snapshot(), {}, never, wanted)).chosen[0] >= 0, "a context of %zu tokens", n);
  if (!memory.detachSegment(0)) std::abort();
  check(must(decoder->advance({ids.begin(), ids.begin() + 2}, memory.snapshot(), {}, never, wanted)).chosen[0] < 0 && !wanted.empty(), "chunks that are evicted");
}

void all(const CudaOptions& options, bool timed) {
  const double start = seconds();
  auto gpu = must(openCuda(options));
  std::printf("%s, ready after %.2f s\n", gpu->detail().c_str(), seconds() - start);
  for (const char* name : {"fixtures", "large"}) fixtures(*gpu, options.model, name);
  encodes(*gpu, *must(Engine::load({options.model, 0, "", Precision::exact, "cpu"})));
  decodes(*gpu);
  memories(*gpu, options.model);
  if (timed) speed(*gpu);
  const auto little = openCuda({options.library, options.model, 200u << 20});
  if (little) {
    const auto e = (*little)->encode({{someIds(100, 1), 0}}, never, counted);
    check(!e && std::string(e.error().code) == "no-memory", "too little memory allowed is said: %s", e ? "" : e.error().message.c_str());
  }
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 3) return std::printf("cuda_check LIBRARY MODEL [small | brief | speed | idle | limits | faults]\n"), 2;
  setvbuf(stdout, nullptr, _IOLBF, 0);
  const std::string what = argc > 3 ? argv[3] : "";
  const CudaOptions options{argv[1], argv[2]};
  if (what == "small") small(options);
  else if (what == "brief") brief(options);
  else if (what == "idle") idles(options);
  else if (what == "limits") limits(options);
  else if (what == "faults") faults(options);
  else all(options, what == "speed");
  return verdict();
}
