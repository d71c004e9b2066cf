// SPDX-License-Identifier: Apache-2.0
//
// Lists of name servers as people write them.
// Runs on: any thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "base/result.h"
#include "net/transport.h"

#include <string_view>
#include <vector>

namespace bolide::client {

// "host:port;host:port", also separated by commas; a port that is missing is 9876.
// Errors: invalid_argument.
Result<std::vector<net::Address>> parse_name_servers(std::string_view text);

}  // namespace bolide::client
