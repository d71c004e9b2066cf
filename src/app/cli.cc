// SPDX-License-Identifier: Apache-2.0
//
// The command line: from arguments to a command, and from its result to an exit status.
// Runs on: the main thread.  Owns: nothing.  Invariant: see cli.h.
#include "app/cli.h"

#include "app/arguments.h"
#include "app/help.h"
#include "app/output.h"

#include <istream>
#include <ostream>

namespace bolide::app {

std::span<const CommandRow> commands() {
  static const std::vector<CommandRow> all = [] {
    std::vector<CommandRow> rows;
    for (const auto part :
         {server_commands(), pub_commands(), sub_commands(), topic_commands(), group_commands(),
          message_commands(), dlq_commands(), timer_commands(), tx_commands(), cluster_commands(),
          kv_commands(), bench_commands(), context_commands(), config_commands(), store_commands(),
          own_commands()})
      rows.insert(rows.end(), part.begin(), part.end());
    return rows;
  }();
  return all;
}

int run_cli(const std::vector<std::string>& words, Streams streams) {
  const auto arguments = parse_arguments(words);
  if (!arguments) return print_error(streams.err, arguments.error());
  Exit done;
  if (arguments->help) {
    streams.out << help_text(arguments->command().path);
  } else {
    done = arguments->command().run(*arguments, streams);
  }
  if (!done) point_to_help(arguments->command().path, &done.error());
  streams.out.flush();
  if (!streams.out && done) done = fail(Errc::io, "write standard output");
  return done ? *done : print_error(streams.err, done.error());
}

}  // namespace bolide::app
