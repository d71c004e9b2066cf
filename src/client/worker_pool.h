// SPDX-License-Identifier: Apache-2.0
//
// WorkerPool: threads that run what users gave us: callbacks, listeners, coroutines. A thread is
// made when all others are busy, and goes when it was idle for a while.
// Runs on: any thread may submit.  Owns: its threads and what waits for them.
// Invariant: at most `threads_max` threads; tasks start in the order of submission.
#pragma once

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <deque>
#include <functional>
#include <mutex>

namespace bolide::client {

class WorkerPool {
 public:
  using Task = std::move_only_function<void()>;

  explicit WorkerPool(std::size_t threads_max,
                      std::chrono::milliseconds idle = std::chrono::seconds(10))
      : threads_max_(threads_max), idle_(idle) {}
  // Runs what was submitted, then ends the threads. Not from one of them.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  void submit(Task task);
  // Until no task waits, runs or is being destroyed. Not from one of the threads.
  void wait_idle();
  // Whether the caller runs on a thread of a pool.
  static bool on_worker();

  // While it lives, this thread runs a user's function for `owner`, who must not wait for its end
  // on this thread.
  class Running {
   public:
    explicit Running(const void* owner);
    ~Running();
    Running(const Running&) = delete;
    Running& operator=(const Running&) = delete;
  };
  // Whether the caller is such a function.
  static bool runs_for(const void* owner);
  std::size_t threads() const;

 private:
  void run();

  const std::size_t threads_max_;
  const std::chrono::milliseconds idle_;
  mutable std::mutex mutex_;
  std::condition_variable work_;
  std::condition_variable gone_;  // or a thread has nothing to do
  std::deque<Task> tasks_;
  std::size_t threads_ = 0;
  std::size_t waiting_ = 0;
  bool stopping_ = false;
};

}  // namespace bolide::client
