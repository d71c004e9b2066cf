// SPDX-License-Identifier: Apache-2.0
//
// The time seam. Components take `now` as an argument or hold a Clock&; nobody asks the system.
// Runs on: any agent.  Owns: nothing.  Invariant: steady() never goes back; wall() may.
#pragma once

#include <cstdint>

namespace bolide {

using WallMs = std::int64_t;    // milliseconds since the epoch, as RocketMQ stores them
using SteadyNs = std::int64_t;  // nanoseconds of a clock that never goes back

struct Now {
  WallMs wall_ms = 0;
  SteadyNs steady_ns = 0;

  std::int64_t steady_ms() const { return steady_ns / 1'000'000; }
};

class Clock {
 public:
  virtual ~Clock() = default;
  virtual Now now() const = 0;
};

// Reads the machine's clocks. Implemented in os/clock.cc; tests use ManualClock.
class ManualClock final : public Clock {
 public:
  explicit ManualClock(WallMs start_ms = 1'700'000'000'000) : now_{start_ms, 0} {}
  Now now() const override { return now_; }
  void advance_ms(std::int64_t ms) {
    now_.wall_ms += ms;
    now_.steady_ns += ms * 1'000'000;
  }

 private:
  Now now_;
};

}  // namespace bolide
