// SPDX-License-Identifier: Apache-2.0
//
// The id that a broker gives a message: where it is stored (rocketmq wire 1.13).
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/host.h>

#include "base/result.h"

#include <cstdint>
#include <string_view>

namespace bolide::client {

struct MessagePlace {
  Host store_host;
  std::int64_t position = 0;
};

// The opposite of ReceivedMessage::offset_id(). Errors: invalid_argument.
Result<MessagePlace> parse_offset_id(std::string_view id);

}  // namespace bolide::client
