// Errors as values: every function of the core that can fail returns a Result. Codes are those of native/addon.ts.
#pragma once
#include <optional>
#include <string>
#include <utility>
#include <variant>

namespace everyline {

struct Error {
  const char* code;  // "bad-argument", "bad-model", "no-memory", "cancelled", "io", "internal"
  std::string message;
};

template <class T>
class Result {
 public:
  Result(T value) : state_(std::move(value)) {}
  Result(Error error) : state_(std::move(error)) {}
  explicit operator bool() const { return std::holds_alternative<T>(state_); }
  T& operator*() { return std::get<T>(state_); }
  const T& operator*() const { return std::get<T>(state_); }
  T* operator->() { return &std::get<T>(state_); }
  const Error& error() const { return std::get<Error>(state_); }

 private:
  std::variant<T, Error> state_;
};

struct Done {};

}  // namespace everyline
