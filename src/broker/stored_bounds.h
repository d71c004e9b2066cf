// SPDX-License-Identifier: Apache-2.0
//
// Which numbers the broker's journals may hold: with room above them, so that sums of what is
// stored do not overflow.
// Runs on: any agent.  Owns: nothing.  Invariant: none.
#pragma once

#include <algorithm>
#include <cstdint>

namespace bolide::broker {

inline constexpr std::int64_t stored_end = INT64_MAX / 2;

inline bool sane(std::int64_t number) {
  return number >= 0 && number < stored_end;
}

// The nearest number that may be there.
inline std::int64_t into_bounds(std::int64_t number) {
  return std::clamp<std::int64_t>(number, 0, stored_end - 1);
}

}  // namespace bolide::broker
