// SPDX-License-Identifier: Apache-2.0
//
// What the commands that talk to servers share.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "app/arguments.h"
#include "base/result.h"
#include "client/connections.h"

#include <string>
#include <string_view>
#include <utility>

namespace bolide::app {

// The name servers of --namesrv, else of NAMESRV_ADDR, else 127.0.0.1:9876. Errors:
// invalid_argument.
Result<client::ClientSettings> client_settings(const CommandLine& line);

// NAME=VALUE at its first '='. Errors: usage, naming the option.
Result<std::pair<std::string, std::string>> parse_pair(std::string_view option,
                                                       const std::string& text);

}  // namespace bolide::app
