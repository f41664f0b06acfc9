// A GPU that fails in the middle of a call: the library is faulty.cu's, and EVERYLINE_FAULT says which call and how.
#include <cmath>

#include "cpu/engine.h"
#include "data.h"

namespace everyline {

void faults(const CudaOptions& options) {
  const char* fault = std::getenv("EVERYLINE_FAULT");
  const std::string name = fault ? fault : "none", call = name.substr(0, name.find(' '));
  const auto cpu = must(Engine::load({options.model, 0, "", Precision::stored, "cpu"}));
  const auto engine = must(Engine::load({options.model, 0, "", Precision::stored, "auto", options}));
  const bool started = std::string(engine->backend()->name()) == "cuda";
  check(started == (call != "create"), "%s: begins on the %s", name.c_str(), engine->backend()->name());
  Files files;
  files.synthetic(2000, false);
  files.attach(cpu->memory());
  files.attach(engine->memory());
  const auto session = engine->session();
  const auto question = someIds(40, 3), context = someIds(5000, 4);
  std::vector<EncodeInput> inputs;
  for (int i = 0; i < 30; ++i) inputs.push_back({someIds(3000, i), 0});
  inputs.resize(call == "encode" ? 30 : 1);
  // The call that meets the fault comes first; all give the CPU's results.
  const auto encodes = [&] {
    const auto mine = must(engine->encode(inputs, engine->encodeEpoch())), theirs = must(cpu->encode(inputs, cpu->encodeEpoch()));
    bool same = true;
    for (size_t i = 0; i < inputs.size(); ++i) same = same && equal(mine[i], theirs[i]);
    check(same, "%s: encode gives the CPU's bytes", name.c_str());
  };
  const auto searches = [&] { check(must(engine->search(question, 2)).scores == must(cpu->search(question, 2)).scores, "%s: search gives the CPU's scores", name.c_str()); };
  const auto advances = [&] {
    check(must(session->begin(context, {})).logits == must(cpu->session()->begin(context, {})).logits, "%s: decoding gives the CPU's logits", name.c_str());
  };
  if (call == "search") searches();
  if (call == "advance") advances();
  encodes();
  searches();
  if (call != "advance") advances();
  check(std::string(engine->backend()->name()) == "cpu" && !engine->withoutGpu().empty(), "%s: it says: %s", name.c_str(), engine->withoutGpu().c_str());
}

}  // namespace everyline
