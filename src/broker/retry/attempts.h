// SPDX-License-Identifier: Apache-2.0
//
// How often a message was tried: a number that clients send and other programs have stored, so it
// may be any.
// Runs on: any agent.  Owns: nothing.  Invariant: sums of two of them do not overflow.
#pragma once

#include "store/record.h"

#include <algorithm>
#include <cstdint>

namespace bolide::broker {

inline constexpr std::int32_t attempts_end = INT32_MAX / 4;

inline std::int32_t sane_attempts(std::int32_t times) {
  return std::clamp(times, 0, attempts_end);
}

inline std::int32_t attempts_of(const store::Record& record) {
  return sane_attempts(record.reconsume_times);
}

}  // namespace bolide::broker
