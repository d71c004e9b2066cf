// SPDX-License-Identifier: Apache-2.0
//
// Signals as calls: SIGTERM, SIGINT and SIGHUP stop interrupting the program and arrive one at a
// time at a callback, on a thread of their own. Runs on: made and destroyed by the main thread; the
// callback runs on the signals' thread. Owns: the thread, its descriptors, the mask.  Invariant: at
// most one object at a time.
#pragma once

#include "base/result.h"

#include <array>
#include <csignal>
#include <functional>
#include <memory>
#include <thread>

namespace bolide::os {

// Writing to a closed connection or past a file size limit gives an error, never a signal.
void ignore_write_signals();

// As ignore_write_signals(), while it lives.
class WriteSignalsIgnored {
 public:
  WriteSignalsIgnored();
  ~WriteSignalsIgnored();
  WriteSignalsIgnored(const WriteSignalsIgnored&) = delete;
  WriteSignalsIgnored& operator=(const WriteSignalsIgnored&) = delete;

 private:
  std::array<struct sigaction, 2> before_{};
};

// The program ends as this signal ends programs; where somebody ignores or handles it, nothing
// happens.
void end_by(int signal);

// Whether nobody reads the other end of a pipe or connection any more.
bool is_unread(int fd);

class Signals {
 public:
  using Callback = std::function<void(int signal)>;

  // Blocks the signals in the calling thread and in those it starts from now on: call it before any
  // other thread exists. `on_signal` gets SIGTERM, SIGINT or SIGHUP and must not destroy this
  // object. Errors: io.
  static Result<std::unique_ptr<Signals>> start(Callback on_signal);
  // Waits for a callback in progress, then lets signals act as before: a second SIGTERM ends a
  // program that hangs while it stops.
  ~Signals();
  Signals(const Signals&) = delete;
  Signals& operator=(const Signals&) = delete;

 private:
  explicit Signals(Callback on_signal) : on_signal_(std::move(on_signal)) {}
  Result<> open();
  void run();

  Callback on_signal_;
  sigset_t mask_before_{};
  bool masked_ = false;
  int signal_fd_ = -1;
  int stop_fd_ = -1;
  std::thread thread_;
};

}  // namespace bolide::os
