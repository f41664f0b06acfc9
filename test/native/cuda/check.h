// Counts checks and prints the figures behind them.
#pragma once
#include <chrono>
#include <cstdarg>
#include <cstdio>

inline int passed = 0, failed = 0;

__attribute__((format(printf, 2, 3))) inline void check(bool ok, const char* format, ...) {
  va_list list;
  va_start(list, format);
  std::printf("%s  ", ok ? "ok  " : "FAIL");
  std::vprintf(format, list);
  std::printf("\n");
  va_end(list);
  ++(ok ? passed : failed);
}

inline int verdict() {
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed ? 1 : 0;
}

inline double seconds() { return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count(); }
