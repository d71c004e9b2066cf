// SPDX-License-Identifier: Apache-2.0
//
// By what a sender recalls a message that waits for its time: RocketMQ's text, opaque to clients.
// Runs on: core agent.  Owns: its parts.  Invariant: none.
#pragma once

#include "base/result.h"

#include <cstdint>
#include <string>
#include <string_view>

namespace bolide::broker {

struct RecallHandle {
  std::string topic;
  std::string broker;
  std::int64_t due_ms = 0;
  std::string unique_key;

  std::string text() const;
  // Topic and key hold no control characters: they become properties. Errors: invalid_argument.
  static Result<RecallHandle> parse(std::string_view text);
};

}  // namespace bolide::broker
