// SPDX-License-Identifier: Apache-2.0
//
// `bolide server`: runs the roles of one process until a signal ends it.
// Runs on: the main thread.  Owns: everything, for as long as it runs.  Invariant: none.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

namespace bolide::app {

struct ServerArguments {
  std::string data_dir;            // empty: the option's value
  std::string config_path;         // empty: no file
  std::vector<std::string> sets;   // KEY=VALUE
  std::vector<std::string> roles;  // empty: the option's value
};

// Returns the exit status. Prints what it serves and `ready` to `out`, errors with cause and fix to
// `err`.
int run_server(const ServerArguments& arguments, std::ostream& out, std::ostream& err);

}  // namespace bolide::app
