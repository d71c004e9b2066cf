// SPDX-License-Identifier: Apache-2.0
//
// CallbackGate: counts functions of the user that are to run or run, so that their owner can wait
// for their end.
// Runs on: any thread.  Owns: the count.  Invariant: none.
#pragma once

#include "client/runtime.h"
#include "client/worker_pool.h"

#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <mutex>
#include <utility>

namespace bolide::client {

class CallbackGate {
 public:
  // Counts one that will be run().
  void hold() {
    const std::lock_guard lock(mutex_);
    ++held_;
  }
  // Runs one that was counted, on a worker.
  template <class Function>
  void run(Function&& function) {
    {
      const WorkerPool::Running running(this);
      std::forward<Function>(function)();
    }
    const std::lock_guard lock(mutex_);
    --held_;
    idle_.notify_all();
  }
  // Until none is left but the one that calls this.
  bool wait_idle(std::chrono::milliseconds timeout) {
    Runtime::pass_on_callbacks();
    const std::size_t own = WorkerPool::runs_for(this) ? 1 : 0;
    std::unique_lock lock(mutex_);
    return idle_.wait_for(lock, timeout, [&] { return held_ <= own; });
  }

 private:
  std::mutex mutex_;
  std::condition_variable idle_;
  std::size_t held_ = 0;
};

}  // namespace bolide::client
