#include "cpu/pool.h"

#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace everyline {

namespace {

constexpr uint64_t kMask = (1u << 20) - 1;
constexpr int kSpins = 4000;  // about 40 us: decoding has a few hundred short calls a token

uint64_t generationOf(uint64_t ticket) { return ticket >> 40; }
int countOf(uint64_t ticket) { return (int)((ticket >> 20) & kMask); }
int nextOf(uint64_t ticket) { return (int)(ticket & kMask); }

void pause() {
#if defined(__x86_64__)
  __builtin_ia32_pause();
#elif defined(__aarch64__)
  asm volatile("yield");
#endif
}

}  // namespace

void lowerPriority(int niceness) {
#if defined(__linux__)
  if (niceness > 0) setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), niceness);
#else
  (void)niceness;
#endif
}

Pool::Pool(int threads, int niceness, std::function<bool(int)> gate) : gate_(std::move(gate)) {
  for (int i = 1; i < threads; ++i) threads_.emplace_back([this, i, niceness] { help(i, niceness); });
}

Pool::~Pool() {
  {
    std::lock_guard lock(mutex_);
    closing_ = true;
  }
  wake_.notify_all();
  for (auto& t : threads_) t.join();
}

void Pool::run(int count, const Task& task) {
  if (count <= 0) return;
  if (count == 1 || threads_.empty()) {
    for (int i = 0; i < count; ++i) {
      if (gate_) gate_(0);
      task(i, 0);
    }
    return;
  }
  task_ = &task;
  left_.store(count, std::memory_order_relaxed);
  const uint64_t generation = (generationOf(ticket_.load(std::memory_order_relaxed)) + 1) & 0xffffff;
  ticket_.store(generation << 40 | (uint64_t)count << 20);
  if (sleepers_.load() > 0) {
    std::lock_guard lock(mutex_);
    wake_.notify_all();
  }
  work(0, generation);
  for (int spins = 0;;) {
    const int left = left_.load(std::memory_order_acquire);
    if (left == 0) return;
    if (++spins < kSpins) pause();
    else left_.wait(left);
  }
}

void Pool::work(int worker, uint64_t generation) {
  for (;;) {
    uint64_t ticket = ticket_.load(std::memory_order_acquire);
    if (generationOf(ticket) != generation || nextOf(ticket) >= countOf(ticket)) return;
    if (gate_) {
      if (!gate_(worker) && worker > 0) return;
      ticket = ticket_.load(std::memory_order_acquire);
      if (generationOf(ticket) != generation || nextOf(ticket) >= countOf(ticket)) return;
    }
    if (!ticket_.compare_exchange_weak(ticket, ticket + 1, std::memory_order_acq_rel)) continue;
    (*task_)(nextOf(ticket), worker);
    if (left_.fetch_sub(1, std::memory_order_acq_rel) == 1) left_.notify_all();
  }
}

void Pool::help(int worker, int niceness) {
  lowerPriority(niceness);
  uint64_t seen = 0;
  for (;;) {
    uint64_t generation = seen;
    for (int spins = 0; spins < kSpins && generation == seen; ++spins) {
      pause();
      generation = generationOf(ticket_.load(std::memory_order_acquire));
    }
    if (generation == seen) {
      std::unique_lock lock(mutex_);
      sleepers_.fetch_add(1);
      wake_.wait(lock, [&] { return closing_ || generationOf(ticket_.load()) != seen; });
      sleepers_.fetch_sub(1);
      if (closing_) return;
      generation = generationOf(ticket_.load());
    }
    if (closing_) return;
    seen = generation;
    work(worker, generation);
  }
}

}  // namespace everyline
