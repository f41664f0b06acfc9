#include "binding.h"

namespace everyline::binding {

void registerEngine(Napi::Env, Napi::Object) {}

}  // namespace everyline::binding
