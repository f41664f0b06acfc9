// A stream with the first error that happened on it, and device memory within a budget. Errors are values: once a run has failed,
// what follows does nothing, and the caller looks once at the end.
#pragma once
#include <cuda_fp16.h>
#include <cuda_runtime.h>

#include <atomic>
#include <cstdint>
#include <string>

#include "result.h"

namespace everyline::cuda {

// Bytes of device memory that this process may hold.
struct Budget {
  uint64_t limit = 0;
  std::atomic<uint64_t> used{0};
};

class Run {
 public:
  explicit Run(Budget& budget, int priority = 0) : budget(budget) { check(cudaStreamCreateWithPriority(&stream, cudaStreamNonBlocking, priority), "creating a stream"); }
  ~Run() {
    if (stream) cudaStreamDestroy(stream);
  }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  bool ok() const { return !failed_; }
  const Error& error() const { return error_; }
  void fail(const char* code, std::string message) {
    if (failed_) return;
    failed_ = true;
    error_ = {code, std::move(message)};
  }
  bool check(cudaError_t e, const char* what) {
    if (e == cudaSuccess) return !failed_;
    cudaGetLastError();
    fail(e == cudaErrorMemoryAllocation ? "no-memory" : "gone", std::string("The GPU failed while ") + what + ": " + cudaGetErrorString(e) + ".");
    return false;
  }
  void launched(const char* what) { check(cudaGetLastError(), what); }
  bool wait() { return !failed_ && check(cudaStreamSynchronize(stream), "computing"); }
  // After a failure that leaves the device usable (memory, a bad argument, a cancelled call).
  void recover() {
    if (failed_ && std::string(error_.code) != "gone") failed_ = false;
  }

  void toDevice(void* to, const void* from, size_t bytes) {
    if (!failed_ && bytes) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyHostToDevice, stream), "copying to the device");
  }
  void toHost(void* to, const void* from, size_t bytes) {
    if (!failed_ && bytes) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToHost, stream), "copying from the device");
  }
  void copy(void* to, const void* from, size_t bytes) {
    if (!failed_ && bytes) check(cudaMemcpyAsync(to, from, bytes, cudaMemcpyDeviceToDevice, stream), "copying on the device");
  }

  cudaStream_t stream = nullptr;
  Budget& budget;

 private:
  bool failed_ = false;
  Error error_{"", ""};
};

// Device memory that grows; what it held survives when `keep` is set. New memory is zero: masked lanes multiply what lies there by 0.
template <class T>
class Buffer {
 public:
  ~Buffer() { free(); }
  Buffer() = default;
  Buffer(const Buffer&) = delete;
  Buffer& operator=(const Buffer&) = delete;

  bool room(Run& run, size_t count, bool keep = false) {
    if (!run.ok()) return false;
    if (count <= count_) return true;
    const uint64_t bytes = count * sizeof(T), had = count_ * sizeof(T);
    if (!keep) {
      run.wait();
      free();
    }
    if (run.budget.used.fetch_add(bytes) + bytes > run.budget.limit) {
      run.budget.used -= bytes;
      run.fail("no-memory", "The memory allowed on the GPU (" + std::to_string(run.budget.limit >> 20) + " MiB) is not enough.");
      return false;
    }
    T* data = nullptr;
    if (!run.check(cudaMalloc(&data, bytes), "reserving memory")) {
      run.budget.used -= bytes;
      return false;
    }
    run.check(cudaMemsetAsync(data, 0, bytes, run.stream), "clearing memory");
    if (data_) {
      run.copy(data, data_, had);
      run.wait();
      free();
    }
    data_ = data;
    count_ = count;
    budget_ = &run.budget;
    return run.ok();
  }
  void free() {
    if (!data_) return;
    cudaFree(data_);
    budget_->used -= count_ * sizeof(T);
    data_ = nullptr;
    count_ = 0;
  }
  T* get() const { return data_; }
  size_t size() const { return count_; }

 private:
  T* data_ = nullptr;
  size_t count_ = 0;
  Budget* budget_ = nullptr;
};

// Page-locked host memory: copies to and from it are asynchronous.
template <class T>
class Pinned {
 public:
  ~Pinned() {
    if (data_) cudaFreeHost(data_);
  }
  Pinned() = default;
  Pinned(const Pinned&) = delete;
  Pinned& operator=(const Pinned&) = delete;

  bool room(Run& run, size_t count) {
    if (!run.ok()) return false;
    if (count <= count_) return true;
    run.wait();
    if (data_) cudaFreeHost(data_);
    data_ = nullptr;
    count_ = 0;
    void* p = nullptr;
    if (!run.check(cudaMallocHost(&p, count * sizeof(T)), "reserving host memory")) return false;
    data_ = (T*)p;
    count_ = count;
    return true;
  }
  T* get() const { return data_; }

 private:
  T* data_ = nullptr;
  size_t count_ = 0;
};

}  // namespace everyline::cuda
