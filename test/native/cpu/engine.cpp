#include "cpu/engine.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "../cuda/check.h"
#include "parts.h"

using namespace everyline;

namespace {

// Nothing is kept mapped: keys and values are let go after every call and read anew.
constexpr uint64_t kRam = 0;
// How often each document is in the memory: enough chunks for every scan to be shared out (4,096 a task).
constexpr int kCopies = 1400;

using Encoded = Result<std::vector<EncodedChunks>>;

// Runs `call` on a lane of the engine and waits for what it gives.
template <class T>
T on(Engine& engine, bool interactive, std::function<T()> call) {
  std::optional<T> out;
  std::mutex mutex;
  std::condition_variable done;
  const auto run = [&] {
    T value = call();
    std::lock_guard lock(mutex);
    out.emplace(std::move(value));
    done.notify_one();
  };
  if (interactive) engine.interactive(run);
  else engine.background(run);
  std::unique_lock lock(mutex);
  done.wait(lock, [&] { return out.has_value(); });
  return std::move(*out);
}

Encoded encode(Engine& engine, const std::vector<EncodeInput>& inputs) {
  const uint64_t epoch = engine.encodeEpoch();
  return on<Encoded>(engine, false, [&] { return engine.encode(inputs, epoch); });
}

// Documents' encodings in files, added to the engine many times over.
std::vector<Place> remember(Engine& engine, const std::vector<EncodeInput>& inputs) {
  auto encoded = encode(engine, inputs);
  check((bool)encoded, "%s: %zu documents encoded", engine.kernels().isa, inputs.size());
  std::vector<uint8_t> landmarks, kv;
  std::vector<Place> places;
  for (size_t i = 0; encoded && i < encoded->size(); ++i) {
    const EncodedChunks& e = (*encoded)[i];
    const auto row = (int64_t)(landmarks.size() / landmarkBytes(Precision::stored)), at = (int64_t)kv.size();
    for (int copy = 0; copy < kCopies; ++copy) places.push_back({(int32_t)places.size() + 1, row, e.chunks, (int32_t)inputs[i].ids.size(), 0, at});
    landmarks.insert(landmarks.end(), e.landmarks.begin(), e.landmarks.end());
    kv.insert(kv.end(), e.kv.begin(), e.kv.end());
  }
  const int marks = scratchFile(landmarks), segment = scratchFile(kv);
  const bool attached = engine.memory().attachLandmarks(marks) && engine.memory().attachSegment(0, segment) && engine.memory().add(places);
  check(attached, "%s: they are added", engine.kernels().isa);
  close(marks);
  close(segment);
  return places;
}

bool finite(const std::vector<float>& values) {
  return std::all_of(values.begin(), values.end(), [](float x) { return std::isfinite(x); });
}

// The code of a call that is stopped by `stop` from another thread once it is under way; "" where it came to its end.
template <class T>
std::string stopped(Engine& engine, bool interactive, const std::function<void()>& stop, const std::function<T()>& call) {
  std::atomic<bool> begun{false};
  std::thread stopper([&] {
    begun.wait(false);
    stop();
  });
  const T result = on<T>(engine, interactive, [&] {
    begun = true;
    begun.notify_one();
    return call();
  });
  stopper.join();
  return result ? "" : result.error().code;
}

// Encodes, whole and from a chunk on, while the pace changes and documents come, go and lose their keys and values.
void encodeMeanwhile(Engine& engine, const std::vector<Place>& places, const std::atomic<bool>& over) {
  auto evicted = places;
  evicted.resize(kCopies);
  for (Place& place : evicted) place.segment = -1;
  for (int round = 0; round < 2 || !over; ++round) {
    engine.setPace(round % 2 ? 0.5 : 1);
    engine.memory().remove({1 + round, kCopies + 1 + round});
    (void)engine.memory().add(evicted);
    const auto ids = someIds(200, round);
    auto whole = encode(engine, {{ids, 0}}), rest = encode(engine, {{ids, 2}});
    const bool same = whole && rest && std::equal(rest->front().kv.rbegin(), rest->front().kv.rend(), whole->front().kv.rbegin());
    if (!same) check(false, "%s: an encode from a chunk on equals a whole one", engine.kernels().isa);
    (void)engine.memory().missing();
    (void)engine.memory().add(places);
  }
}

// Searches of both layers; a prefill over several blocks of own chunks, one that goes on from it, and tokens one by one.
void askMeanwhile(Engine& engine) {
  const auto session = engine.session();
  bool good = true;
  for (int round = 0; round < 2; ++round) {
    auto scores = on<Result<SearchScores>>(engine, true, [&] { return engine.search(someIds(9, round), 1 + round); });
    good = good && scores && finite(scores->scores);
    auto ids = someIds(150, round);
    for (const int more : {0, 30}) {
      const auto further = someIds(more, 7);
      ids.insert(ids.end(), further.begin(), further.end());
      session->enter(session->ticket());
      auto step = on<Result<Step>>(engine, true, [&] { return session->begin(ids, {round, 3}, more ? 3 : 0); });
      good = good && step && finite(step->logits) && step->computed == (more ? more : 150);
    }
    for (int i = 0; i < 2; ++i) {
      session->enter(session->ticket());
      auto step = on<Result<Step>>(engine, true, [&] { return session->next(9 + i); });
      good = good && step && finite(step->logits);
    }
  }
  check(good, "%s: searches and decoding beside an encode and a memory that changes", engine.kernels().isa);
}

}  // namespace

void checkEngine(const char* model, const char* isa) {
  EngineOptions options;
  options.model = model;
  options.threads = 3;
  options.isa = isa;
  options.ram = kRam;
  auto loaded = Engine::load(options);
  if (!loaded) return check(false, "%s", loaded.error().message.c_str());
  Engine& engine = **loaded;
  const auto places = remember(engine, {{someIds(1, 1), 0}, {someIds(70, 2), 0}, {someIds(200, 3), 0}});

  std::atomic<bool> over{false};
  std::thread other([&] { encodeMeanwhile(engine, places, over); });
  askMeanwhile(engine);
  over = true;
  other.join();

  const auto session = engine.session();
  const uint64_t ticket = session->ticket();
  const std::string context = stopped<Result<Step>>(engine, true, [&] { session->cancel(); }, [&] {
    session->enter(ticket);
    return session->begin(someIds(2000, 4), {});
  });
  check(context == "cancelled", "%s: a cancelled context ends", isa);
  const uint64_t epoch = engine.encodeEpoch();
  const std::string encoding = stopped<Encoded>(engine, false, [&] { engine.cancelEncode(); }, [&] { return engine.encode({{someIds(20000, 5), 0}}, epoch); });
  check(encoding == "cancelled", "%s: a cancelled encode ends", isa);
  check((bool)encode(engine, {{someIds(64, 6), 0}}), "%s: and the next one works", isa);
  engine.close();
}
