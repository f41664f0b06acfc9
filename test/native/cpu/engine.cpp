#include "cpu/engine.h"

#include <unistd.h>

#include <algorithm>
#include <cmath>
#include <thread>

#include "../cuda/check.h"
#include "parts.h"

using namespace everyline;

namespace {

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

// Documents' encodings in files, added to the engine.
std::vector<Place> remember(Engine& engine, const std::vector<EncodeInput>& inputs) {
  auto encoded = on<Result<std::vector<EncodedChunks>>>(engine, false, [&] { return engine.encode(inputs, engine.encodeEpoch()); });
  check((bool)encoded, "%s: %zu documents encoded", engine.kernels().isa, inputs.size());
  std::vector<uint8_t> landmarks, kv;
  std::vector<Place> places;
  for (size_t i = 0; encoded && i < encoded->size(); ++i) {
    const EncodedChunks& e = (*encoded)[i];
    places.push_back({(int32_t)i + 1, (int64_t)(landmarks.size() / landmarkBytes(Precision::stored)), e.chunks, (int32_t)inputs[i].ids.size(), 0, (int64_t)kv.size()});
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

}  // namespace

void checkEngine(const char* model, const char* isa) {
  EngineOptions options;
  options.model = model;
  options.threads = 3;
  options.isa = isa;
  auto loaded = Engine::load(options);
  if (!loaded) return check(false, "%s", loaded.error().message.c_str());
  Engine& engine = **loaded;
  std::vector<EncodeInput> inputs;
  for (int i = 0; i < 6; ++i) inputs.push_back({someIds(1 + 67 * i, i), 0});
  const auto places = remember(engine, inputs);

  // Another thread encodes, changes the pace and the memory, while this one searches, decodes and cancels.
  std::atomic<bool> over{false};
  std::thread other([&] {
    for (int round = 0; round < 4 || !over; ++round) {
      engine.setPace(round % 2 ? 0.5 : 1);
      engine.memory().remove({1 + round % 6});
      const uint64_t epoch = engine.encodeEpoch();
      std::thread canceller([&] { if (round % 2) engine.cancelEncode(); });
      (void)on<Result<std::vector<EncodedChunks>>>(engine, false, [&] { return engine.encode({{someIds(130, round), 0}}, epoch); });
      canceller.join();
      (void)engine.memory().add(places);
    }
  });
  bool finite = true;
  auto session = engine.session();
  for (int round = 0; round < 6; ++round) {
    const auto ids = someIds(90 + 10 * round, 3);
    auto scores = on<Result<SearchScores>>(engine, true, [&] { return engine.search(someIds(9, round), 1 + round % 2); });
    finite = finite && scores && std::all_of(scores->scores.begin(), scores->scores.end(), [](float s) { return std::isfinite(s); });
    session->enter(session->ticket());
    auto step = on<Result<Step>>(engine, true, [&] { return session->begin(ids, {round % 3}); });
    finite = finite && step && std::all_of(step->logits.begin(), step->logits.end(), [](float x) { return std::isfinite(x); });
    finite = finite && on<Result<Step>>(engine, true, [&] { return session->next(9); });
  }
  check(finite, "%s: searches and decoding beside an encode and a memory that changes", isa);
  std::thread canceller([&] { session->cancel(); });
  const uint64_t ticket = session->ticket();
  const auto stopped = on<Result<Step>>(engine, true, [&] {
    session->enter(ticket);
    return session->begin(someIds(2000, 4), {});
  });
  canceller.join();
  check(stopped || std::string(stopped.error().code) == "cancelled", "%s: a cancelled call ends", isa);
  over = true;
  other.join();
  engine.close();
}
