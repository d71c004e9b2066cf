// SPDX-License-Identifier: Apache-2.0
//
// bolide config print|check|docs|default.
// Runs on: the main thread.  Owns: nothing.  Invariant: no secret is printed.
#include "app/cli.h"
#include "app/settings_load.h"
#include "table/options_docs.h"

#include <ostream>

namespace bolide::app {
Result<> config_command(const CommandLine& line, Streams streams) {
  if (line.verb == Verb::config_docs) {
    streams.out << table::options_markdown();
    return {};
  }
  if (line.verb == Verb::config_default) {
    streams.out << table::default_config_toml();
    return {};
  }
  BOLIDE_TRY(const auto options, load_settings(line.server));
  if (line.verb == Verb::config_print) {
    streams.out << (line.json ? table::effective_json(options) + "\n"
                              : table::effective_toml(options));
    return {};
  }
  for (const std::string& warning : options.warnings())
    streams.err << "bolide: warning: " << warning << '\n';
  streams.out << (line.server.config_path.empty() ? "the settings" : line.server.config_path)
              << (options.warnings().empty() ? ": good\n" : ": good, with warnings\n");
  return {};
}

}  // namespace bolide::app
