// SPDX-License-Identifier: Apache-2.0
//
// The place in time that people write on a command line.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"
#include "base/time.h"

#include <string_view>

namespace bolide::app {

// Milliseconds since the epoch for: digits (milliseconds, or seconds if there are at most 10 of
// them); 90s, 15m, 2h, 3d (that long before `now_ms`); 2026-01-31, 2026-01-31T12:00,
// 2026-01-31T12:00:30 with Z, +02:00 or nothing (UTC) behind the time. Errors: usage.
Result<WallMs> parse_time_place(std::string_view text, WallMs now_ms);

}  // namespace bolide::app
