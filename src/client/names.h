// SPDX-License-Identifier: Apache-2.0
//
// What topics and groups may be called (rocketmq 3.1).
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"

#include <string_view>

namespace bolide::client {

inline constexpr std::string_view retry_prefix = "%RETRY%";

// Errors: topic_not_valid.
Result<> check_topic(std::string_view topic);
// Errors: invalid_argument.
Result<> check_group(std::string_view group);

}  // namespace bolide::client
