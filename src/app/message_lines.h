// SPDX-License-Identifier: Apache-2.0
//
// A message from a line of JSON, as `bolide sub -o json` writes it.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include <bolide/message.h>

#include "base/result.h"

#include <optional>
#include <string>
#include <string_view>

namespace bolide::app {

// Takes body or body_base64, tag, keys, and those properties that are not the system's; the topic
// stays. Errors: message_invalid, usage (no body), naming what is wrong.
Result<> read_message_line(std::string_view line, Message* message);

}  // namespace bolide::app
