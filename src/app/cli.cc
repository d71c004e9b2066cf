// SPDX-License-Identifier: Apache-2.0
//
// The command line: from arguments to a command, and from its result to an exit status.
// Runs on: the main thread.  Owns: nothing.  Invariant: see cli.h.
#include "app/cli.h"

#include "app/help.h"
#include "app/output.h"
#include "app/server_settings.h"
#include "table/metrics.h"

#include <istream>
#include <ostream>

namespace bolide::app {
namespace {

// The commands that print what the program knows by itself.
void print_own(const CommandLine& line, std::ostream& out) {
  switch (line.verb) {
    case Verb::metrics_docs: out << table::metrics_markdown(); return;
    case Verb::version:
      if (line.json) {
        out << "{\"version\":\"" << version_text << "\"}\n";
      } else {
        out << "bolide " << version_text << '\n';
      }
      return;
    case Verb::completion: out << completion_text(describe_program(), line.shell); return;
    case Verb::man: out << man_text(describe_program(), version_text); return;
    default: out << help_text(describe_program(), line.path);
  }
}

Result<> run(const CommandLine& line, Streams streams) {
  switch (line.verb) {
    case Verb::topic_list:
    case Verb::topic_create:
    case Verb::topic_describe:
    case Verb::topic_delete:
    case Verb::route: return topic_command(line, streams);
    case Verb::pub: return pub_command(line, streams);
    case Verb::sub: return sub_command(line, streams);
    case Verb::store_verify:
    case Verb::store_dump:
    case Verb::store_export: return store_command(line, streams);
    case Verb::config_print:
    case Verb::config_check:
    case Verb::config_docs:
    case Verb::config_default: return config_command(line, streams);
    default: print_own(line, streams.out); return {};
  }
}

}  // namespace

int run_cli(const std::vector<std::string>& arguments, Streams streams) {
  auto line = parse_arguments(arguments);
  if (!line) return print_error(streams.err, line.error());
  if (line->verb == Verb::server) return run_server(line->server, streams.out, streams.err);
  auto done = run(*line, streams);
  streams.out.flush();
  if (!streams.out && done) done = fail(Errc::io, "write standard output");
  return done ? 0 : print_error(streams.err, done.error());
}

}  // namespace bolide::app
