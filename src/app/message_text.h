// SPDX-License-Identifier: Apache-2.0
//
// A message as JSON, for programs.
// Runs on: the main thread.  Owns: nothing.  Invariant: standard JSON on one line.
#pragma once

#include "client/message.h"

#include <string>
#include <string_view>

namespace bolide::app {

// `broker` may be empty. A body that is no UTF-8 stands as "body_base64".
std::string message_json(const ReceivedMessage& message, std::string_view broker);

}  // namespace bolide::app
