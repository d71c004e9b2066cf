// SPDX-License-Identifier: Apache-2.0
//
// The settings of a server from its command line, its file and this process's environment.
// Runs on: the main thread.  Owns: nothing.  Invariant: none.
#pragma once

#include "app/server.h"
#include "base/result.h"
#include "table/options.h"

namespace bolide::app {

// Names the name servers for the commands that talk to one; no option of the server.
inline constexpr char name_servers_variable[] = "BOLIDE_NAMESRV";

// Errors: as table::load_options.
Result<table::Options> load_settings(const ServerArguments& arguments);

}  // namespace bolide::app
