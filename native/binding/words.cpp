#include "binding.h"

namespace everyline::binding {

void registerWords(Napi::Env, Napi::Object) {}

}  // namespace everyline::binding
