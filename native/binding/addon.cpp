// The addon's door: registers the three parts (engine, tokenizer, words) under the contract of native/addon.ts.
#include <napi.h>

#include "binding.h"

namespace everyline::binding {

static Napi::Object init(Napi::Env env, Napi::Object exports) {
  exports.Set("contract", Napi::Number::New(env, 1));
  registerEngine(env, exports);
  registerTokenizer(env, exports);
  registerWords(env, exports);
  return exports;
}

}  // namespace everyline::binding

static Napi::Object Init(Napi::Env env, Napi::Object exports) { return everyline::binding::init(env, exports); }
NODE_API_MODULE(everyline, Init)
