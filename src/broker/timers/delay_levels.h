// SPDX-License-Identifier: Apache-2.0
//
// RocketMQ's delay levels: a list of delays that messages name by number (rocketmq semantics 3.8).
// Runs on: any agent.  Owns: the list.  Invariant: 1 to 64 levels, each longer than 0 ms.
#pragma once

#include "base/result.h"

#include <algorithm>
#include <cstdint>
#include <string_view>
#include <vector>

namespace bolide::broker {

class DelayLevels {
 public:
  static constexpr std::string_view usual =
      "1s 5s 10s 30s 1m 2m 3m 4m 5m 6m 7m 8m 9m 10m 20m 30m 1h 2h";

  // From "1s 5s 1m 2h 1d". Errors: config, naming what cannot be read.
  static Result<DelayLevels> parse(std::string_view text);

  std::int32_t count() const { return static_cast<std::int32_t>(delays_ms_.size()); }
  // Levels beyond the last one mean the last one. Requires level >= 1.
  std::int32_t clamp(std::int32_t level) const { return std::min(level, count()); }
  std::int64_t delay_ms(std::int32_t level) const {
    return delays_ms_[static_cast<std::size_t>(clamp(level)) - 1];
  }

 private:
  std::vector<std::int64_t> delays_ms_;
};

}  // namespace bolide::broker
