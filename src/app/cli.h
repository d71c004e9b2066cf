// SPDX-License-Identifier: Apache-2.0
//
// The command line: one call per command.
// Runs on: the main thread.  Owns: nothing; the streams are the caller's.
// Invariant: results go to `out`, everything else to `err`.
#pragma once

#include "app/arguments.h"
#include "base/result.h"

#include <iosfwd>
#include <string>
#include <vector>

namespace bolide::app {

struct Streams {
  std::istream& in;
  std::ostream& out;
  std::ostream& err;
};

// Does what the arguments (without the program's name) ask for; returns the exit status: 0, or that
// of the error's row.
int run_cli(const std::vector<std::string>& arguments, Streams streams);

// The commands, by the files they stand in. An error is printed by run_cli.
Result<> topic_command(const CommandLine& line, Streams streams);
Result<> pub_command(const CommandLine& line, Streams streams);
Result<> sub_command(const CommandLine& line, Streams streams);
Result<> config_command(const CommandLine& line, Streams streams);
Result<> store_command(const CommandLine& line, Streams streams);

}  // namespace bolide::app
