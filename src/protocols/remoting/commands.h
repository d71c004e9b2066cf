// SPDX-License-Identifier: Apache-2.0
//
// The command table: one row for every request of the remoting protocol (rocketmq wire 2), with its
// handler in each role. A request without a handler is answered with code 3 and counted.
// Runs on: io agent.  Owns: constant data.  Invariant: rows are sorted by code (checked at compile
// time).
#pragma once

#include "protocols/remoting/call.h"

#include <cstdint>
#include <span>
#include <string_view>

namespace bolide::remoting {

using Handler = void (*)(const Call& call);

struct Command {
  std::int32_t code;
  std::string_view name;
  Handler broker = nullptr;
  Handler naming = nullptr;
};

std::span<const Command> commands();
// Null: no request of the protocol has this code.
const Command* find_command(std::int32_t code);

// Calls the handler of the request's code, or answers that there is none.
void dispatch(const Call& call);

}  // namespace bolide::remoting
