// SPDX-License-Identifier: Apache-2.0
//
// Ids of messages as RocketMQ's clients make them (rocketmq wire 1.13): tools read the time of
// sending from them. Runs on: one thread.  Owns: the counter.  Invariant: ids of one maker differ.
#pragma once

#include "base/time.h"

#include <cstdint>
#include <string>

namespace bolide::client {

class UniqueKeys {
 public:
  struct Origin {
    std::uint32_t address = 0x7F000001;  // IPv4
    std::uint16_t process = 0;
    std::uint32_t seed = 0;  // tells apart makers in one process, and processes of one number
  };
  explicit UniqueKeys(Origin origin) : origin_(origin) {}
  // Of this process on this machine.
  static Origin own_origin(const Now& now);

  // 32 upper-case hexadecimal digits.
  std::string next(WallMs now_ms);

 private:
  Origin origin_;
  std::uint16_t counter_ = 0;
  WallMs month_begin_ms_ = 0;  // local time's
  WallMs month_end_ms_ = 0;
};

}  // namespace bolide::client
