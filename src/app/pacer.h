// SPDX-License-Identifier: Apache-2.0
//
// Pacer: keeps a rate of calls.
// Runs on: one thread.  Owns: nothing.
// Invariant: the Nth call is due N/rate after the first, however late those before it were.
#pragma once

#include "os/clock.h"

#include <chrono>
#include <cstdint>
#include <thread>

namespace bolide::app {

class Pacer {
 public:
  // Calls a second; 0: without bounds.
  explicit Pacer(double rate) : rate_(rate), start_ns_(now_ns()) {}

  // Waits until the next call is due and returns when that was, by the steady clock.
  std::int64_t wait() {
    const std::int64_t now = now_ns();
    if (rate_ <= 0) return now;
    const std::int64_t due =
        start_ns_ + static_cast<std::int64_t>(1e9 * static_cast<double>(calls_++) / rate_);
    if (due > now) std::this_thread::sleep_for(std::chrono::nanoseconds(due - now));
    return due;
  }

  static std::int64_t now_ns() { return os::system_clock().now().steady_ns; }

 private:
  double rate_;
  std::int64_t start_ns_;
  std::uint64_t calls_ = 0;
};

}  // namespace bolide::app
