// Threads that share out the tasks of one call. The caller works too, so a pool of n has n-1 threads of its own.
//
// run() hands tasks out one at a time. `gate`, where set, is asked before each task: a background pool waits there while
// interactive work is under way, so that a long encode gives way between tasks (about 2 ms each); or says that a thread takes no part.
#pragma once
#include <atomic>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>
#include <vector>

namespace everyline {

class Pool {
 public:
  using Task = std::function<void(int task, int worker)>;

  // niceness: added to the threads' own; gate: called with the worker's number before each task; false: this worker leaves what is left of
  // the call to the others. The caller is worker 0 and never leaves.
  Pool(int threads, int niceness, std::function<bool(int worker)> gate = nullptr);
  ~Pool();
  int size() const { return (int)threads_.size() + 1; }
  // Runs task 0..count-1 and returns when all are done. One caller at a time.
  void run(int count, const Task& task);

 private:
  void help(int worker, int niceness);
  void work(int worker, uint64_t generation);

  std::vector<std::thread> threads_;
  std::function<bool(int)> gate_;
  const Task* task_ = nullptr;
  // generation (24 bits) | count (20) | next (20): one word, so that a task is claimed only of the call that is under way.
  std::atomic<uint64_t> ticket_{0};
  std::atomic<int> left_{0};
  std::atomic<int> sleepers_{0};
  std::atomic<bool> closing_{false};
  std::mutex mutex_;
  std::condition_variable wake_;
};

// Lowers the calling thread's priority, where the system lets it.
void lowerPriority(int niceness);

}  // namespace everyline
