#include "binding.h"

namespace everyline::binding {

void registerTokenizer(Napi::Env, Napi::Object) {}

}  // namespace everyline::binding
