// SPDX-License-Identifier: Apache-2.0
//
// The machine's clocks.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#include "os/clock.h"

#include <ctime>

namespace bolide::os {
namespace {

std::int64_t read_ns(clockid_t id) {
  timespec time{};
  ::clock_gettime(id, &time);
  return std::int64_t{time.tv_sec} * 1'000'000'000 + time.tv_nsec;
}

class SystemClock final : public Clock {
 public:
  Now now() const override {
    return {.wall_ms = read_ns(CLOCK_REALTIME) / 1'000'000, .steady_ns = read_ns(CLOCK_MONOTONIC)};
  }
};

}  // namespace

const Clock& system_clock() {
  static const SystemClock clock;
  return clock;
}

}  // namespace bolide::os
