// SPDX-License-Identifier: Apache-2.0
//
// The inside of an agent, for what of this module needs its io_context.
// Runs on: the agent.  Owns: the io_context, mailbox, hooks and thread.
// Invariant: sleeping_ is true only while the loop may be blocked without having seen the mail.
#pragma once

#include "net/agent.h"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/posix/stream_descriptor.hpp>

#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

namespace bolide::net {

using Task = std::move_only_function<void()>;
using Hook = std::move_only_function<bool()>;
using Executor = boost::asio::io_context::executor_type;

class AgentImpl {
 public:
  AgentImpl(std::string name, const Clock& clock);

  boost::asio::io_context& context() { return context_; }

  void post(Task task);
  void add_hook(Hook hook, TurnPhase phase);
  Now now();

  void start();
  void run();
  void stop();
  void join();
  bool on_this_thread() const {
    return thread_id_.load(std::memory_order_relaxed) == std::this_thread::get_id();
  }

 private:
  void turn();
  // Blocks until something is ready, unless mail or repeated work waits. Returns handlers run.
  std::size_t wait();
  bool run_mail();
  bool run_hooks();

  using StopDescriptor = boost::asio::posix::basic_stream_descriptor<Executor>;

  const std::string name_;
  const Clock& clock_;
  boost::asio::io_context context_{1};
  boost::asio::executor_work_guard<Executor> work_{context_.get_executor()};
  StopDescriptor stop_event_;
  const int stop_fd_;

  std::mutex mail_mutex_;
  std::vector<Task> mail_;      // guarded by mail_mutex_
  std::vector<Task> mail_now_;  // what is being run; keeps its capacity
  std::atomic<bool> has_mail_{false};
  std::atomic<bool> sleeping_{false};
  std::atomic<bool> stopping_{false};

  std::vector<Hook> work_hooks_;
  std::vector<Hook> output_hooks_;
  bool repeat_ = false;

  Now now_;
  bool now_is_read_ = false;
  std::atomic<std::thread::id> thread_id_{};
  std::thread thread_;
};

}  // namespace bolide::net
