// What each part of the binding registers on the exports object. Types and rules: native/addon.ts.
#pragma once
#include <napi.h>

namespace everyline::binding {

void registerEngine(Napi::Env env, Napi::Object exports);
void registerTokenizer(Napi::Env env, Napi::Object exports);
void registerWords(Napi::Env env, Napi::Object exports);

// A Failure value (native/addon.ts).
inline Napi::Value failure(Napi::Env env, const char* code, const std::string& message) {
  Napi::Object f = Napi::Object::New(env);
  f.Set("failed", Napi::Boolean::New(env, true));
  f.Set("code", Napi::String::New(env, code));
  f.Set("message", Napi::String::New(env, message));
  return f;
}

}  // namespace everyline::binding
