// SPDX-License-Identifier: Apache-2.0
//
// The threads of the worker pool.
// Runs on: its own threads.  Owns: see worker_pool.h.  Invariant: see worker_pool.h.
#include "client/worker_pool.h"

#include <pthread.h>

#include <thread>
#include <utility>

namespace bolide::client {
namespace {

thread_local bool is_worker = false;
thread_local const void* running_for = nullptr;

}  // namespace

WorkerPool::~WorkerPool() {
  std::unique_lock lock(mutex_);
  stopping_ = true;
  work_.notify_all();
  gone_.wait(lock, [&] { return threads_ == 0; });
}

void WorkerPool::submit(Task task) {
  bool more = false;
  {
    const std::lock_guard lock(mutex_);
    tasks_.push_back(std::move(task));
    more = tasks_.size() > waiting_ && threads_ < threads_max_;
    if (more) ++threads_;
  }
  if (!more) return work_.notify_one();
  std::thread([this] { run(); }).detach();
}

void WorkerPool::wait_idle() {
  std::unique_lock lock(mutex_);
  gone_.wait(lock, [&] { return tasks_.empty() && waiting_ == threads_; });
}

bool WorkerPool::on_worker() {
  return is_worker;
}

WorkerPool::Running::Running(const void* owner) {
  running_for = owner;
}

WorkerPool::Running::~Running() {
  running_for = nullptr;
}

bool WorkerPool::runs_for(const void* owner) {
  return running_for == owner;
}

std::size_t WorkerPool::threads() const {
  const std::lock_guard lock(mutex_);
  return threads_;
}

void WorkerPool::run() {
  is_worker = true;
  ::pthread_setname_np(::pthread_self(), "bolide-work");
  std::unique_lock lock(mutex_);
  while (true) {
    if (tasks_.empty()) {
      ++waiting_;
      gone_.notify_all();
      const bool woken = work_.wait_for(lock, idle_, [&] { return stopping_ || !tasks_.empty(); });
      --waiting_;
      if (tasks_.empty() && (!woken || stopping_)) break;
    }
    Task task = std::move(tasks_.front());
    tasks_.pop_front();
    lock.unlock();
    task();
    task = nullptr;
    lock.lock();
  }
  --threads_;
  gone_.notify_all();
}

}  // namespace bolide::client
